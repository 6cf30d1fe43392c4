"""Settings of the world model: those every service has."""

from revloop.streams import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own."""
