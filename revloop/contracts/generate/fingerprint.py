"""CRC-64-AVRO over a schema's parsing canonical form, through fastavro."""

from typing import Any

from fastavro.schema import fingerprint as fastavro_fingerprint
from fastavro.schema import to_parsing_canonical_form


def fingerprint(schema: Any) -> bytes:
    """8 bytes in the order in which the single-object encoding writes them."""
    canonical = to_parsing_canonical_form(schema)
    return bytes.fromhex(fastavro_fingerprint(canonical, "CRC-64-AVRO"))
