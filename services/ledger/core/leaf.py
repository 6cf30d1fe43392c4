"""The bytes of one log entry: RFC 8785 canonical JSON that names the fact and binds its payload by a salted hash."""

import hmac
from hashlib import sha256

import msgspec

from revloop.contracts.failures import Reject
from revloop.contracts.generated.events import LedgerEntry
from revloop.contracts.ids import canonical
from revloop.contracts.times import iso

MAX_LEAF_BYTES = 65_535
"""An entry bundle writes each entry's length in 16 bits."""
SALT_BYTES = 16


class Leaf(msgspec.Struct, frozen=True):
    """A log entry and the sealed payload it points to."""

    data: bytes
    """The entry as it stands in the log."""
    sealed: bytes
    """Salt and payload; its sha256 is the hash in ``data``. Destroying it erases the fact and leaves the proof."""


def leaf(entry: LedgerEntry, tenant_key: bytes) -> Leaf:
    """The leaf of ``entry``; the salt comes from the tenant's key and the entry id, so a repeat gives the same bytes.

    Strings and integers only, keys in ASCII: for these the canonical JSON of the contracts is that of RFC 8785.
    """
    salt = hmac.new(tenant_key, entry.entry_id.encode(), sha256).digest()[:SALT_BYTES]
    sealed = salt + entry.payload
    data = canonical(
        {
            "v": 1,
            "id": entry.entry_id,
            "kind": entry.kind.value,
            "tenant": entry.tenant_id,
            "account": entry.account_id,
            "subject": entry.subject_id,
            "decision": entry.decision_id,
            "occurred_at": iso(entry.occurred_at),
            "observed_at": iso(entry.observed_at),
            "trace": entry.trace_id,
            "caused_by": entry.caused_by,
            "payload": f"sha256:{sha256(sealed).hexdigest()}",
        }
    )
    if len(data) > MAX_LEAF_BYTES:
        raise Reject(
            "leaf_too_large", f"Entry {entry.entry_id} takes {len(data)} bytes: shorten its ids; payloads do not count."
        )
    return Leaf(data=data, sealed=sealed)
