"""good_news: what happened is welcome and nothing speaks against it, so nothing is to be done."""

from collections.abc import Sequence

from revloop.contracts.generated.events import SignalView
from services.decision.core.playbook import Restraint, count, open_signal
from services.decision.core.welcome import GREW, PULLED_IN, welcome


def reason(signals: Sequence[SignalView]) -> str | None:
    """A reason when every open signal is welcome."""
    if not signals or not all(welcome(signal) for signal in signals):
        return None
    pulled = sum(signal.signal_type == PULLED_IN for signal in signals)
    grew = sum(signal.signal_type == GREW for signal in signals)
    told = [
        f"{count(pulled, 'close date')} came nearer" if pulled else "",
        f"{count(grew, 'amount')} grew" if grew else "",
    ]
    news = " and ".join(part for part in told if part) or "Records moved on as they should"
    return f"{news}; nothing open speaks against it, so there is nothing to put right."


PLAYBOOK = Restraint(
    name="good_news",
    version=1,
    reason=reason,
    holds=[[open_signal(PULLED_IN, -30.0)], [open_signal(GREW, 0.5), open_signal("STAGE_CHANGED", None)]],
    silent=[[], [open_signal(GREW, -0.5)], [open_signal(PULLED_IN, -30.0), open_signal("ACTION_FAILED", None)]],
)
