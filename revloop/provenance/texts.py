"""A record and the body it came in come in; what people wrote in it goes out, as plain text.

Events carry normalised fields; a description of ten pages stays in the vendor's body and is read here, beside the
stream. A record without words of people has no text.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html.parser import HTMLParser

from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import Snapshot
from revloop.integrations.paths import reader
from revloop.integrations.record import Item, Json, Normaliser, decode

TITLES = ("subject", "title", "name")
"""Normalised fields that name a record for people."""
SAYINGS = ("subject", "title", "detail")
"""Normalised fields that are words of people already."""
SPOKEN = frozenset({"support_case", "interaction", "meeting", "deadline", "event"})
"""Types of records whose fields hold such words: the title of a contact is a profession."""
PARAGRAPHS = frozenset({"p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "tr", "blockquote", "pre"})
HIDDEN = frozenset({"style", "script", "head"})


class Texts:
    """Knows where each vendor keeps what people wrote; the last bodies are kept decoded, records come together."""

    def __init__(
        self, normalisers: Mapping[str, Normaliser], places: Mapping[str, Mapping[str, Sequence[str]]]
    ) -> None:
        self._normalisers = normalisers
        self._places = places
        self._items = lru_cache(maxsize=8)(self._read)

    def wants_body(self, snapshot: Snapshot) -> bool:
        """Whether the record's vendor keeps texts at all: else its own fields say all there is."""
        return bool(self._places.get(snapshot.entity.connector))

    def of(self, snapshot: Snapshot, resource: str, body: bytes | None) -> tuple[str, str]:
        """Title and text; an empty text where nobody wrote anything. Without a body the record's fields must do."""
        fields = snapshot.fields
        title = next((str(fields[name]) for name in TITLES if fields.get(name)), snapshot.entity.entity_key)
        own = SAYINGS if snapshot.entity.entity_type in SPOKEN else ()
        parts = [str(fields[name]) for name in own if isinstance(fields.get(name), str)]
        if body is not None:
            parts += self._written(snapshot, resource, body)
        plain = [text for part in parts if (text := plain_text(part))]
        return title, "\n\n".join(dict.fromkeys(plain))

    def _written(self, snapshot: Snapshot, resource: str, body: bytes) -> Iterator[str]:
        connector = snapshot.entity.connector
        items = self._items(connector, resource, body)
        if snapshot.item >= len(items):
            return
        item = items[snapshot.item]
        if isinstance(item, Reject):
            return
        places = self._places.get(connector, {})
        for path in places.get(item.object) or places.get(item.fallback) or ():
            yield from _strings(reader(path)(item.raw))

    def _read(self, connector: str, resource: str, body: bytes) -> Sequence[Item | Reject]:
        normaliser = self._normalisers.get(connector)
        if normaliser is None or not self._places.get(connector):
            return ()
        try:
            return normaliser.items(resource, decode(body))
        except Reject:
            return ()  # the resolver refused it, too: a dead letter tells why


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def plain_text(text: str) -> str:
    """Text without marks; line ends as one sign, white space at the ends gone."""
    if "<" in text and ">" in text:
        reading = _Plain()
        reading.feed(text)
        reading.close()
        text = "".join(reading.parts)
    lines = [" ".join(line.split()) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(line for place, line in enumerate(lines) if line or (place and lines[place - 1])).strip()


class _Plain(HTMLParser):
    """What a reader sees of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its parent's
        if tag in HIDDEN:
            self._hidden += 1
        if tag in PARAGRAPHS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN and self._hidden:
            self._hidden -= 1
        if tag in PARAGRAPHS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
