"""One record on its way into the view of its account, and how folds read it."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from revloop.contracts.generated.events import Snapshot, SnapshotChange
from revloop.contracts.times import DAY_MS, parse_iso
from revloop.tenants import Profile
from services.perception.core.detector import Fields, Told

V = TypeVar("V")


class Change(msgspec.Struct, frozen=True, gc=False):
    """A record that comes in, or leaves."""

    snapshot: Snapshot
    before: Fields | None
    """What was known of it; None for a new one, and for what only happened once."""
    profile: Profile

    @property
    def gone(self) -> bool:
        """Whether it leaves."""
        return self.snapshot.change is SnapshotChange.left

    @property
    def name(self) -> str:
        """Tells it from every other record of the account."""
        entity = self.snapshot.entity
        return f"{entity.connector}|{entity.entity_type}|{entity.entity_id}"

    def text(self, field: str) -> str:
        """A text; empty where there is none."""
        value = self.snapshot.fields.get(field)
        return value if isinstance(value, str) else ""

    def moment(self, field: str) -> int | None:
        """A moment (ms)."""
        value = self.snapshot.fields.get(field)
        return parse_iso(value) if isinstance(value, str) else None


def day_of(at: int) -> int:
    """The day (counted from the epoch) that ends at or after a moment: midnight belongs to the day that ends there."""
    return -(-at // DAY_MS)


def told_again(fact: Told | None, known: Told | None) -> bool:
    """Whether a fact is no other than what is known: the same record, or none where there was none."""
    if fact is None or known is None:
        return fact is known
    return fact.snapshot_id == known.snapshot_id


def with_entry(entries: Mapping[str, V], name: str, entry: V | None) -> dict[str, V]:
    """``entries`` with one more, or with one less."""
    kept = {key: value for key, value in entries.items() if key != name}
    if entry is not None:
        kept[name] = entry
    return kept
