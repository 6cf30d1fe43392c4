"""A signal comes in; whether it is welcome goes out."""

from revloop.contracts.generated.events import SignalView

PULLED_IN = "CLOSE_DATE_PULLED_IN"
GREW = "AMOUNT_CHANGED"
WELCOME = frozenset({PULLED_IN, "STAGE_CHANGED", "ACTION_EXECUTED"})


def welcome(signal: SignalView) -> bool:
    """Good news, or a move as it should be; an amount without a share came from zero, so it grew."""
    grew = signal.signal_type == GREW and (signal.value is None or signal.value > 0)
    return grew or signal.signal_type in WELCOME
