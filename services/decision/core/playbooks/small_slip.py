"""small_slip: close dates moved by a few days and nothing else speaks against the account, so nobody is asked."""

from collections.abc import Sequence

from revloop.contracts.generated.events import SignalView
from services.decision.core.playbook import Restraint, days, open_signal
from services.decision.core.slips import SLIPPED, WORTH_ASKING_DAYS
from services.decision.core.welcome import PULLED_IN, welcome


def reason(signals: Sequence[SignalView]) -> str | None:
    """A reason when every open signal is a small slip or welcome."""
    slips = [signal.value for signal in signals if signal.signal_type == SLIPPED and signal.value is not None]
    if not slips or max(slips) >= WORTH_ASKING_DAYS:
        return None
    if not all(signal.signal_type == SLIPPED or welcome(signal) for signal in signals):
        return None
    return f"the close date moved by {days(max(slips))} at most, which is too little to ask anybody about."


PLAYBOOK = Restraint(
    name="small_slip",
    version=1,
    reason=reason,
    holds=[[open_signal(SLIPPED, 1.0)], [open_signal(SLIPPED, 6.0), open_signal(PULLED_IN, -30.0)]],
    silent=[[], [open_signal(SLIPPED, 7.0)], [open_signal(SLIPPED, 1.0), open_signal("STAGE_REGRESSED", None)]],
)
