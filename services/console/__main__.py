"""``python -m services.console``."""

from services.console.app import create
from services.console.settings import Settings

create(Settings()).main()
