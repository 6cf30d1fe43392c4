"""What a stage is: the protocol of a pure core and the processing of one input, the same on Kafka and in a replay."""

from revloop.stage.core import Core, Due, Effects, Emit, Needs, Refusal, State
from revloop.stage.processor import Handled, Processor, StateStore

__all__ = ["Core", "Due", "Effects", "Emit", "Handled", "Needs", "Processor", "Refusal", "State", "StateStore"]
