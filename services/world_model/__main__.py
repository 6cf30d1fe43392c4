"""``python -m services.world_model``."""

from services.world_model.app import create
from services.world_model.settings import Settings

create(Settings()).main()
