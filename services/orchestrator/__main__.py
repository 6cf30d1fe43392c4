"""``python -m services.orchestrator``."""

from services.orchestrator.app import create
from services.orchestrator.settings import Settings

create(Settings()).main()
