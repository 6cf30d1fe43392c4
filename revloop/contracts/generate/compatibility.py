"""Two sets of schemas come in; what one release could not read of the other goes out, each break by its name."""

from collections.abc import Iterator, Mapping

from revloop.contracts.generate.model import Array, Enum, Map, Primitive, Record, Ref, Schemas, Type, Union
from revloop.contracts.generate.topics import TopicFile

PROMOTIONS = frozenset({("int", "long"), ("int", "double"), ("long", "double")})
"""What a reader may take for what a writer wrote, besides the same type. Avro's string for bytes is not used here."""


def breaks(released: Schemas, present: Schemas) -> list[str]:
    """What one side writes and the other cannot read, by Avro's rules; empty when both may run side by side."""
    ours = {record.schema: record for record in present.roots}
    found: dict[str, None] = {}
    for record in released.roots:
        if record.schema not in ours:
            found[f"{record.schema} is gone: what was written with it can never be read again; keep the file"] = None
            continue
        own = ours[record.schema]
        backward = _Resolution(released, present).records(record, own, record.schema)
        forward = _Resolution(present, released).records(own, record, record.schema)
        found |= dict.fromkeys(f"{fault} (this release reading the last)" for fault in backward)
        found |= dict.fromkeys(f"{fault} (the last release reading this)" for fault in forward)
    return list(found)


def topic_breaks(released: TopicFile, present: TopicFile) -> list[str]:
    """What moves records of a stream elsewhere or leaves them without a reader."""
    found = []
    if released.partitions != present.partitions:
        found.append(f"partitions went from {released.partitions} to {present.partitions}: every account would move")
    topics = {topic.name: topic for topic in present.topics}
    for topic in released.topics:
        if topic.name not in topics:
            found.append(f"topic {topic.name} is gone")
        elif topics[topic.name].key != topic.key:
            found.append(f"topic {topic.name}: its key went from {topic.key} to {topics[topic.name].key}")
        elif gone := set(topic.events) - set(topics[topic.name].events):
            found.append(f"topic {topic.name}: {', '.join(sorted(gone))} may no longer be on it")
    states: Mapping[str, tuple[str, ...]] = {table.changelog: table.states for table in present.tables}
    for table in released.tables:
        if gone := set(table.states) - set(states.get(table.changelog, ())):
            found.append(f"table {table.changelog}: {', '.join(sorted(gone))} may no longer be in it")
    return found


class _Resolution:
    """Avro's schema resolution: what of a writer's type a reader's type cannot take."""

    def __init__(self, writer: Schemas, reader: Schemas) -> None:
        self._writer = writer
        self._reader = reader

    def records(self, writer: Record, reader: Record, path: str) -> Iterator[str]:
        written = {field.name: field for field in writer.fields}
        for field in reader.fields:
            here = f"{path}.{field.name}"
            if field.name in written:
                yield from self._types(written[field.name].type, field.type, here)
            elif not field.optional:
                yield f"{here}: the writer lacks it and the reader has no default"

    def _types(self, writer: Type, reader: Type, path: str) -> Iterator[str]:
        match writer, reader:
            case Union(branches), _:
                for branch in branches:
                    yield from self._types(branch, reader, path)
            case _, Union(branches):
                if not any(self._fits(writer, branch, path) for branch in branches):
                    yield f"{path}: {self._show(self._writer, writer)} is no branch of the reader's union"
            case (Array(items), Array(wanted)) | (Map(items), Map(wanted)):
                yield from self._types(items, wanted, path)
            case Ref(name), Ref(wanted_name):
                yield from self._named(self._writer.named[name], self._reader.named[wanted_name], path)
            case Primitive(name), Primitive(wanted_name) if name == wanted_name or (name, wanted_name) in PROMOTIONS:
                return
            case _:
                shown = self._show(self._reader, reader)
                yield f"{path}: written as {self._show(self._writer, writer)}, read as {shown}"

    def _fits(self, writer: Type, reader: Type, path: str) -> bool:
        return not list(self._types(writer, reader, path))

    def _named(self, writer: Enum | Record, reader: Enum | Record, path: str) -> Iterator[str]:
        if writer.full_name != reader.full_name:
            yield f"{path}: written as {writer.full_name}, read as {reader.full_name}"
        elif isinstance(writer, Record) and isinstance(reader, Record):
            yield from self.records(writer, reader, path)
        elif isinstance(writer, Enum) and isinstance(reader, Enum):
            if unknown := [symbol for symbol in writer.symbols if symbol not in reader.symbols]:
                yield f"{path}: the reader does not know {', '.join(unknown)}"
        else:
            yield f"{path}: {writer.full_name} is a record on one side and an enum on the other"

    def _show(self, schemas: Schemas, kind: Type) -> str:
        match kind:
            case Primitive(name):
                return name
            case Array(items):
                return f"array of {self._show(schemas, items)}"
            case Map(values):
                return f"map of {self._show(schemas, values)}"
            case Union(branches):
                return " | ".join(self._show(schemas, branch) for branch in branches)
            case Ref(name):
                return schemas.named[name].class_name
