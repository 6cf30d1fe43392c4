"""A state comes in; where its account stands in the ranking of risk, by what the state says alone, goes out."""

import msgspec

from revloop.contracts.generated.events import AccountState, Severity
from revloop.contracts.times import DAY_MS

SEVERITIES = tuple(Severity)
HEALTHY = 100


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a state says of risk; ``order`` ranks, worst first."""

    health: int = HEALTHY
    severity: int = -1
    """Of the worst risk, as a rank; -1 for none."""
    fall: float = 0.0
    """Share of the usual use that is gone, 0 to 1; 0 where no signal tells."""
    since: int | None = None
    """When the oldest of its risks was first told (ms)."""
    rules: frozenset[str] = frozenset()
    """Types of the signals that are open."""
    cases: tuple[tuple[str, int, float], ...] = ()
    """(case, severity as a rank, value) of open signals about one case."""
    size: float = 0.0
    """Money that depends on it: contracts in force and open deals, as far as the state lists them."""
    running: bool = False

    @property
    def flagged(self) -> bool:
        """Whether a person sees it as one at risk."""
        return self.severity >= 0

    def order(self) -> tuple[float, ...]:
        """Least healthy first; of the same health the worst risk, the deepest fall, and then what stood longest."""
        return (self.health, -self.severity, -self.fall, self.since if self.since is not None else float("inf"))

    def line(self, account: str) -> bytes:
        """The same bytes for the same standing."""
        return msgspec.json.encode([account, self.health, self.severity, self.fall, self.since, sorted(self.rules)])


UNKNOWN = Standing()
"""Of an account of which no state tells: nothing is wrong as far as one knows."""


def standing(state: AccountState) -> Standing:
    """What ``state`` says."""
    window, usage = state.commercial, state.usage
    money = 0.0
    if window is not None:
        money += sum(deal.amount or 0.0 for deal in window.deals) + sum(one.amount or 0.0 for one in window.contracts)
    fall = 0.0
    if usage is not None and usage.usual_30_days and usage.last_30_days is not None:
        fall = max(0.0, 1.0 - usage.last_30_days / usage.usual_30_days)
    return Standing(
        health=state.health,
        severity=max((SEVERITIES.index(risk.severity) for risk in state.risks), default=-1),
        fall=round(fall, 6),
        since=min((risk.introduced_at for risk in state.risks), default=None),
        rules=frozenset(signal.signal_type for signal in state.signals),
        cases=tuple(
            (signal.entity.entity_key, SEVERITIES.index(signal.severity), float(signal.value or 0.0))
            for signal in state.signals
            if signal.entity.entity_type == "support_case"
        ),
        size=money,
        running=window is not None and (window.in_force > 0 or window.open_deals > 0),
    )


def midnight(at: int) -> int:
    """The first midnight at or after a moment (ms)."""
    return -(-at // DAY_MS) * DAY_MS
