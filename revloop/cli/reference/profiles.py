"""The settings of a tenant profile come in; their page goes out."""

from collections.abc import Mapping

from revloop.cli.reference.fields import MARK, described, table, type_of, yaml_default
from revloop.cli.reference.named import settings_of
from revloop.tenants.profile import ConnectorProfile, Model, ObjectProfile, Profile, SignalSettings
from services.perception.core.detectors import load_detectors

INTRO = """\
A tenant profile is one YAML file in the folder of `REVLOOP_TENANTS_DIR`; [examples](../../examples/tenants) ship with
the project. What is not said has the default given here; a name that is not here, or a value of another type, is
refused: nothing is converted or skipped. `revloop tenant check FILE` says what is wrong with a file, or how it will be
read.

A path leads through a vendor's record, as in `fields.customfield_1.0.id`, and may end in functions, as in
`properties.amount | number`: [`paths.py`](../../revloop/integrations/paths.py) has them all. Lists are written
`[a, b]`, maps `{name: value}` or line by line.
"""
SECTIONS: Mapping[str, tuple[type[Model], str]] = {
    "Profile": (Profile, "At the top of the file."),
    "ConnectorProfile": (ConnectorProfile, "Below `connectors.<connector>`."),
    "ObjectProfile": (ObjectProfile, "Below `connectors.<connector>.objects.<object>`; the vendor's names of objects."),
}


def profiles_page() -> str:
    """Every setting of a tenant, section by section; raises Undescribed."""
    sections = [_section(*SECTIONS[name]) for name in SECTIONS]
    return "\n".join([MARK, "# Tenant profiles\n", INTRO, *sections, _signals()])


def _section(kind: type[Model], where: str) -> str:
    head = ("Setting", "Type", "Default", "Meaning")
    return f"## {kind.__name__}\n\n{where}\n\n" + table(head, [_row(name, kind) for name in kind.model_fields])


def _signals() -> str:
    """Thresholds, each with the signals that it decides about."""
    decided: dict[str, list[str]] = {name: [] for name in SignalSettings.model_fields}
    for detector in load_detectors():
        for name in settings_of(detector):
            decided.setdefault(name, []).append(f"`{detector.signal_type}`")
    rows = [
        (*_row(name, SignalSettings), ", ".join(dict.fromkeys(decided[name]))) for name in SignalSettings.model_fields
    ]
    where = "Below `signals`. The [signals](signals.md) themselves have a page of their own."
    head = ("Setting", "Type", "Default", "Meaning", "Decides about")
    return f"## {SignalSettings.__name__}\n\n{where}\n\n" + table(head, rows)


def _row(name: str, kind: type[Model]) -> tuple[str, str, str, str]:
    field = kind.model_fields[name]
    said = described(f"{kind.__name__}.{name}", field)
    return f"`{name}`", _linked(type_of(field)), yaml_default(field), said


def _linked(words: str) -> str:
    """Names of sections as links to them."""
    for name in (*SECTIONS, SignalSettings.__name__):
        if words.startswith(name) or f" {name}" in words:
            return words.replace(name, f"[{name}](#{name.lower()})", 1)
    return words
