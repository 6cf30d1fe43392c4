"""The detectors come in; the page of the signals that they find goes out."""

import re
import sys
from collections.abc import Sequence

from revloop.cli.reference.fields import MARK, table, yaml_default
from revloop.cli.reference.named import file_of, functions_of, lifetimes_of, settings_of, severities_of
from revloop.tenants import Profile, SignalSettings
from services.perception.core.detector import AccountDetector, Detector, EventDetector, Kind, StateDetector
from services.perception.core.detectors import load_detectors

INTRO = """\
Perception compares records and accounts with what they were, and tells signals. Each is one file, which its name links
to, and can be judged again from the evidence it carries. How to add one: [adding a detector](../adding-a-detector.md).

An **event** happens, and lapses after its lifetime. A **state** holds: it opens, rises, falls, and is cleared when it
holds no more. One **by content** opens on the record that says so; one **by age** opens and moves on the clock's ticks
alone. Settings are those of a [tenant profile](profiles.md#signalsettings), with their defaults where there is one;
they include those by which the records of an account are counted.
"""
HEAD = ("Signal", "About", "Kind", "When", "Value", "Looks at", "Severity", "Lifetime", "Settings")
KINDS = {
    Kind.EVENT: "event",
    Kind.DAY: "event, told when its day is over",
    Kind.CONTENT: "state by content",
    Kind.AGE: "state by age",
}


def signals_page() -> str:
    """One row a detector, then its examples."""
    detectors = load_detectors()
    examples = (
        "## Examples\n\nNames of what must fire and what must not; the files hold the records, the tests run them.\n"
    )
    ran = table(("Signal", "Fires", "Stays silent"), [_examples(one) for one in detectors])
    return "\n".join([MARK, "# Signals\n", INTRO, table(HEAD, [_row(one) for one in detectors]), examples, ran])


def _row(detector: Detector) -> tuple[str, ...]:
    return (
        f"[`{detector.signal_type}`](../../{file_of(detector).replace('.', '/')}.py)",
        about(detector),
        _kind(detector),
        _when(detector),
        _value(detector),
        _looks_at(detector),
        ", ".join(severity.value for severity in severities_of(detector)),
        _lifetime(detector),
        "<br>".join(_setting(name) for name in settings_of(detector)),
    )


def about(detector: Detector) -> str:
    """What it looks at: record types, or the account as a whole."""
    return "the account" if isinstance(detector, AccountDetector) else _listed(detector.entity_types)


def _kind(detector: Detector) -> str:
    match detector:
        case AccountDetector():
            return KINDS[detector.kind]
        case EventDetector():
            return KINDS[Kind.EVENT]
        case StateDetector():
            return KINDS[Kind.AGE if detector.by_age else Kind.CONTENT]


def _when(detector: Detector) -> str:
    """The first sentence of its file, without the name that stands before it."""
    said = _first_sentence(sys.modules[file_of(detector)].__doc__).partition(": ")[2]
    return said[:1].upper() + said[1:]


def _value(detector: Detector) -> str:
    """What its number says, as the function that decides has it; empty for none."""
    said = _first_sentence(functions_of(detector)[0].__doc__)
    return said.removeprefix("Value: ").rstrip(".") if said.startswith("Value: ") else ""


def _first_sentence(text: str | None) -> str:
    """Up to the first full stop that ends one; an empty text has none."""
    return re.split(r"(?<=\.)\s", " ".join((text or "").split()), maxsplit=1)[0]


def _looks_at(detector: Detector) -> str:
    return "every field" if isinstance(detector, StateDetector) else _listed(detector.looks_at)


def _lifetime(detector: Detector) -> str:
    days = [f"{_days(name)} days" for name in lifetimes_of(detector)]
    if isinstance(detector, EventDetector) or _kind(detector).startswith("event"):
        return ", ".join(days)
    return ", ".join(["while it holds", *(f"{most} at most" for most in days)])


def _days(name: str) -> str:
    return yaml_default(SignalSettings.model_fields[name]).strip("`")


def _setting(name: str) -> str:
    model = SignalSettings if name in SignalSettings.model_fields else Profile
    default = yaml_default(model.model_fields[name])
    return f"`{name}`" + (f" = {default}" if default else "")


def _examples(detector: Detector) -> tuple[str, str, str]:
    named = f"`{detector.signal_type}`" + (" of the account" if isinstance(detector, AccountDetector) else "")
    return named, _titles(detector.fires), _titles(detector.silent)


def _titles(examples: Sequence[tuple[object, ...]]) -> str:
    return "; ".join(str(example[0]) for example in examples)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
