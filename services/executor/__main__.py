"""``python -m services.executor``."""

from services.executor.app import create
from services.executor.settings import Settings

create(Settings()).main()
