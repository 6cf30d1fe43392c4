"""Events and states to bytes and back: Avro single-object encoding, or Confluent framing where a registry gives ids."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from revloop.contracts.failures import DecodeError, EncodeError, UnknownSchema
from revloop.contracts.fingerprint import fingerprint_of
from revloop.contracts.generated.codec import FINGERPRINTS, READERS, WRITERS
from revloop.contracts.generated.events import Envelope, StateRecord
from revloop.contracts.resolution import Reader, older_reader, reader_for

MARKER = b"\xc3\x01"
"""How the single-object encoding begins; eight bytes of fingerprint follow."""
CONFLUENT = b"\x00"
"""How Confluent framing begins; four bytes of schema id, big-endian, follow."""
_HEADS = {kind: MARKER + fingerprint for kind, fingerprint in FINGERPRINTS.items()}
_HEAD_BYTES = 10


class Framing(StrEnum):
    """How the schema of a record is named in front of it."""

    SINGLE_OBJECT = "single_object"
    CONFLUENT = "confluent"


def encode(value: Envelope | StateRecord) -> bytes:
    """Single-object encoding of an event or a state; equal values give equal bytes.

    The encoder is the type check: raises EncodeError for every value that the schema does not allow.
    """
    kind = type(value)
    writer = WRITERS.get(kind)
    if writer is None:
        raise EncodeError(f"{kind.__name__} is no event and no state: it has no schema of its own")
    out = bytearray(_HEADS[kind])
    try:
        writer(out, value)
    except EncodeError as error:
        raise EncodeError(f"{error}{_where(value)}") from error
    return bytes(out)


def decode(data: bytes) -> Envelope | StateRecord:
    """The event or state in ``data``, also of past releases; raises UnknownSchema or DecodeError."""
    if data[:2] != MARKER or len(data) < _HEAD_BYTES:
        raise DecodeError("no single-object encoding; if its producer uses a schema registry, set SCHEMA_REGISTRY_URL")
    return _reader(data[2:_HEAD_BYTES])(data, _HEAD_BYTES)


class Codec:
    """Encodes in the framing of the deployment and decodes both.

    ``ids`` are the registry's ids of our schemas, by fingerprint. ``text_of`` asks the registry for the schema of an id
    that is none of these: None when there is no such id, Retry when there is no answer.
    """

    def __init__(
        self,
        framing: Framing = Framing.SINGLE_OBJECT,
        ids: Mapping[bytes, int] | None = None,
        text_of: Callable[[int], str | None] | None = None,
    ) -> None:
        ids = ids or {}
        self._framing = framing
        self._heads = {fingerprint: CONFLUENT + number.to_bytes(4, "big") for fingerprint, number in ids.items()}
        self._readers = {number: _reader(fingerprint) for fingerprint, number in ids.items()}
        self._text_of = text_of

    def encode(self, value: Envelope | StateRecord) -> bytes:
        """Bytes of ``value`` in this deployment's framing; raises EncodeError."""
        data = encode(value)
        if self._framing is Framing.SINGLE_OBJECT:
            return data
        head = self._heads.get(data[2:_HEAD_BYTES])
        if head is None:
            raise EncodeError(f"the registry gave no id for {value.SCHEMA}: register it before writing")
        return head + data[_HEAD_BYTES:]

    def decode(self, data: bytes) -> Envelope | StateRecord:
        """The event or state in ``data`` in either framing; raises UnknownSchema or DecodeError."""
        if data[:1] != CONFLUENT:
            return decode(data)
        if len(data) < 5:
            raise DecodeError("a registry's framing without a schema id")
        number = int.from_bytes(data[1:5], "big")
        reader = self._readers.get(number)
        if reader is None:
            reader = self._readers[number] = self._asked(number)
        return reader(data, 5)

    def _asked(self, number: int) -> Reader:
        text = None if self._text_of is None else self._text_of(number)
        if text is None:
            raise UnknownSchema(f"schema id {number} is not known here: check SCHEMA_REGISTRY_URL")
        return READERS.get(fingerprint_of(text)) or reader_for(text)


def _reader(fingerprint: bytes) -> Reader:
    reader = READERS.get(fingerprint) or older_reader(fingerprint)
    if reader is None:
        raise UnknownSchema(f"no schema with fingerprint {fingerprint.hex()}: a newer release wrote it; upgrade first")
    return reader


def _where(value: Envelope | StateRecord) -> str:
    """Path of the first value of a wrong type, where msgspec sees one; looked for only when encoding failed."""
    try:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,))
        msgspec.convert(plain, type(value), builtin_types=(bytes,))
    except (msgspec.ValidationError, msgspec.EncodeError, TypeError, OverflowError) as error:
        return f" ({error})"
    return ""
