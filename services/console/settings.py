"""Settings of the console: those every service has."""

from revloop.streams import ServiceSettings


class Settings(ServiceSettings):
    """The read model lies in ``<home>/data/console``."""
