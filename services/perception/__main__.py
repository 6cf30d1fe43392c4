"""``python -m services.perception``."""

from services.perception.app import create
from services.perception.settings import Settings

create(Settings()).main()
