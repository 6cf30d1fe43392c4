"""``python -m services.decision``."""

from services.decision.app import create
from services.decision.settings import Settings

create(Settings()).main()
