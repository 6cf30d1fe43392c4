"""good_news: what happened is welcome and nothing speaks against it, so nothing is to be done."""

from collections.abc import Sequence

from revloop.contracts.generated.events import EntityRef, Severity, SignalView
from services.decision.core.playbook import Restraint

WELCOME = frozenset({"CLOSE_DATE_PULLED_IN", "STAGE_CHANGED", "ACTION_EXECUTED"})
GREW = "AMOUNT_CHANGED"


def reason(signals: Sequence[SignalView]) -> str | None:
    """A reason when every open signal is welcome."""
    if not signals or not all(_welcome(signal) for signal in signals):
        return None
    pulled = sum(signal.signal_type == "CLOSE_DATE_PULLED_IN" for signal in signals)
    grew = sum(signal.signal_type == GREW for signal in signals)
    told = [f"{pulled} close date(s) came nearer" if pulled else "", f"{grew} amount(s) grew" if grew else ""]
    news = " and ".join(part for part in told if part) or "Records moved on as they should"
    return f"{news}; nothing open speaks against it, so there is nothing to put right."


def _welcome(signal: SignalView) -> bool:
    grew = signal.signal_type == GREW and (signal.value is None or signal.value > 0)
    return grew or signal.signal_type in WELCOME


def _example(signal_type: str, value: float | None) -> SignalView:
    entity = EntityRef(connector="salesforce", entity_type="opportunity", entity_id="006A", entity_key="A")
    return SignalView(
        signal_id=f"sig_{signal_type}",
        signal_type=signal_type,
        severity=Severity.medium,
        entity=entity,
        opened_at=0,
        valid_until=None,
        value=value,
        confidence=1.0,
        caused_by="",
        evidence=(),
    )


PLAYBOOK = Restraint(
    name="good_news",
    version=1,
    reason=reason,
    holds=[[_example("CLOSE_DATE_PULLED_IN", -30.0)], [_example(GREW, 0.5), _example("STAGE_CHANGED", None)]],
    silent=[[], [_example(GREW, -0.5)], [_example("CLOSE_DATE_PULLED_IN", -30.0), _example("ACTION_FAILED", None)]],
)
