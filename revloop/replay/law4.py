"""Dispositions come in; deliveries and items by what became of them go out, and whether they add up."""

from collections import Counter

from revloop.contracts.generated.events import DeliveryDisposition, Disposition, Envelope

FATES = ("empty", "parsed", "duplicate", "dead")
ITEM_FATES = ("records", "duplicates", "parked", "dead")


class Law4:
    """Tallies per tenant and connector; and why deliveries were refused."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Counter[str]] = {}
        self.reasons: Counter[tuple[str, str, str]] = Counter()
        """Deliveries refused as a whole, by tenant, connector and reason."""

    def add(self, event: Envelope) -> None:
        """Count one disposition; other events are none of its business."""
        if not isinstance(event, Disposition):
            return
        tally = self._tallies.setdefault((event.tenant_id, event.connector), Counter())
        if event.disposition is not DeliveryDisposition.redriven:
            tally["deliveries"] += 1
            tally[event.disposition.value] += 1
        if event.reason:
            self.reasons[event.tenant_id, event.connector, event.reason] += 1
        tally["items"] += event.items
        for name in ITEM_FATES:
            tally[f"item_{name}"] += getattr(event, name)

    def rows(self) -> list[dict[str, object]]:
        """One for each tenant and connector, sorted."""
        return [
            {"tenant": tenant, "connector": connector, **dict(sorted(tally.items())), "adds_up": _adds_up(tally)}
            for (tenant, connector), tally in sorted(self._tallies.items())
        ]

    def deliveries(self, tenant: str) -> dict[str, int]:
        """Deliveries of one tenant by connector."""
        return {connector: tally["deliveries"] for (name, connector), tally in self._tallies.items() if name == tenant}


def _adds_up(tally: Counter[str]) -> bool:
    fates = sum(tally[name] for name in FATES)
    items = sum(tally[f"item_{name}"] for name in ITEM_FATES)
    return fates == tally["deliveries"] and items == tally["items"]
