"""``python -m services.ingest``."""

from services.ingest.app import create
from services.ingest.settings import Settings

create(Settings()).main()
