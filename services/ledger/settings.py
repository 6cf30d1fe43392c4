"""Settings of the ledger: those every service has."""

from revloop.streams import ServiceSettings


class Settings(ServiceSettings):
    """Logs lie in ``<home>/ledger``, keys in ``<home>/identity/ledger``, sealed payloads in ``<home>/blobs``."""
