"""The settings that services take from the environment come in; their page goes out."""

from collections.abc import Iterable, Iterator
from importlib import import_module

from revloop.cli.reference.fields import MARK, bounds, default_of, described, table
from revloop.contracts.generated.topics import TOPICS
from revloop.streams.settings import ServiceSettings


def settings_page() -> str:
    """The settings every service has, then those of each service; raises Undescribed."""
    own = [_section(f"Of {name}", kind, kind.__annotations__) for name, kind in _settings() if kind.__annotations__]
    intro = (
        "Every setting comes from the environment. `KAFKA_<SETTING>` goes to the Kafka client as it is: "
        "`KAFKA_BOOTSTRAP_SERVERS`\nbecomes `bootstrap.servers`. A service whose name is missing here has no setting "
        "of its own.\n"
    )
    every = _section("Of every service", ServiceSettings, ServiceSettings.__annotations__)
    return "\n".join([MARK, "# Settings\n", intro, every, *own])


def _settings() -> Iterator[tuple[str, type[ServiceSettings]]]:
    names = {name for topic in TOPICS.values() for name in (*topic.producers, *topic.consumers)}
    for name in sorted(names):  # imported by name: the command line knows no service when it runs
        yield name, import_module(f"services.{name}.settings").Settings


def _section(title: str, kind: type[ServiceSettings], names: Iterable[str]) -> str:
    rows = [_row(name, kind) for name in names if name in kind.model_fields]
    return f"## {title}\n\n" + table(("Variable", "Default", "Meaning"), rows)


def _row(name: str, kind: type[ServiceSettings]) -> tuple[str, str, str]:
    field = kind.model_fields[name]
    return f"`REVLOOP_{name.upper()}`", default_of(field), f"{described(name, field)}{bounds(field)}"
