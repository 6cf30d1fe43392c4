"""``python -m services.ledger``."""

from services.ledger.app import create
from services.ledger.settings import Settings

create(Settings()).main()
