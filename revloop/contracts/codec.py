"""Events and states to bytes and back: Avro single-object encoding, or Confluent framing where a registry gives ids."""

from collections.abc import Mapping

from revloop.contracts.failures import DecodeError, EncodeError, UnknownSchema
from revloop.contracts.generated.codec import FINGERPRINTS, READERS, WRITERS
from revloop.contracts.generated.events import Envelope, StateRecord

MARKER = b"\xc3\x01"
"""How the single-object encoding begins; eight bytes of fingerprint follow."""
CONFLUENT = 0
"""How Confluent framing begins; four bytes of schema id follow."""
_HEADS = {kind: MARKER + fingerprint for kind, fingerprint in FINGERPRINTS.items()}


def encode(value: Envelope | StateRecord) -> bytes:
    """Single-object encoding of an event or a state; equal values give equal bytes."""
    kind = type(value)
    writer = WRITERS.get(kind)
    if writer is None:
        raise EncodeError(f"{kind.__name__} is no event and no state: it has no schema of its own")
    out = bytearray(_HEADS[kind])
    writer(out, value)
    return bytes(out)


def decode(data: bytes) -> Envelope | StateRecord:
    """The event or state in ``data``; raises UnknownSchema or DecodeError."""
    if data[:2] != MARKER:
        raise DecodeError(
            "neither single-object encoding nor a registry's framing: set SCHEMA_REGISTRY_URL if a registry is used"
        )
    reader = READERS.get(data[2:10])
    if reader is None:
        raise UnknownSchema(f"no schema with fingerprint {data[2:10].hex()}: it was written by a newer release")
    return reader(data, 10)


class Codec:
    """Encodes in the framing of the deployment and decodes both; ``ids`` maps a registry's ids to fingerprints."""

    def __init__(self, ids: Mapping[int, bytes] | None = None) -> None:
        self._fingerprints = dict(ids or {})
        self._heads = {
            fingerprint: b"\0" + number.to_bytes(4, "big") for number, fingerprint in self._fingerprints.items()
        }

    def encode(self, value: Envelope | StateRecord) -> bytes:
        """Bytes of ``value``: Confluent framing where its schema has an id, else single-object encoding."""
        data = encode(value)
        head = self._heads.get(data[2:10])
        return data if head is None else head + data[10:]

    def decode(self, data: bytes) -> Envelope | StateRecord:
        """The event or state in ``data`` in either framing."""
        if data[:1] != b"\0":
            return decode(data)
        fingerprint = self._fingerprints.get(int.from_bytes(data[1:5], "big")) if len(data) >= 5 else None
        if fingerprint is None:
            raise UnknownSchema(f"the registry's schema {data[1:5].hex()} is not one of this release")
        return READERS[fingerprint](data, 5)
