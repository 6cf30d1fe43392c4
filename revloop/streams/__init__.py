"""The streams kit: the only library that knows Faust; services give it pure cores and handlers."""

from revloop.streams.app import ServiceApp
from revloop.streams.producer import EdgeProducer
from revloop.streams.settings import ServiceSettings
from revloop.streams.specs import Received, SinkSpec, StageSpec

__all__ = ["EdgeProducer", "Received", "ServiceApp", "ServiceSettings", "SinkSpec", "StageSpec"]
