"""Asks a vendor what changed since the last poll and puts its answers into Kafka, verbatim."""

import time
from collections.abc import Callable
from threading import Lock

from revloop.contracts.failures import Reject
from revloop.contracts.generated import topics
from revloop.contracts.ids import canonical
from revloop.contracts.times import MINUTE_MS, iso
from revloop.integrations.paths import columns
from revloop.integrations.salesforce.client import SalesforceClient
from revloop.integrations.salesforce.objects import OBJECTS
from revloop.provenance.mappings import object_mappings
from revloop.stage import Emit
from revloop.streams import EdgeProducer
from revloop.tenants import Profile
from services.ingest.core.feed import delivery

Clock = Callable[[Profile], int]
"""Where a tenant's clock stands (ms)."""
CONNECTOR = "salesforce"
OVERLAP_MS = 5 * MINUTE_MS
"""Polls overlap: the vendor's clock may be behind ours. What comes twice is a duplicate of its record."""


class Poller:
    """Polls Salesforce; the last poll of each object is remembered while the process lives, the first asks for all."""

    def __init__(
        self, producer: EdgeProducer, client: SalesforceClient | None, clock: Clock, max_body_bytes: int
    ) -> None:
        self._producer = producer
        self._max_body_bytes = max_body_bytes
        self._client = client
        self._clock = clock
        self._since: dict[tuple[str, str], str] = {}
        self._lock = Lock()

    def poll(self, profile: Profile, connector: str) -> int:
        """Number of answers put into Kafka; raises VendorError, Reject, and Retry when Kafka is away."""
        if connector != CONNECTOR:
            raise Reject("not_polled", f"{connector} is not polled: it sends webhooks.")
        if self._client is None:
            raise Reject("not_configured", "No Salesforce is configured: set REVLOOP_SALESFORCE_URL.")
        with self._lock:
            named = [name for name, taken in profile.connectors[connector].objects.items() if taken is not None]
            return sum(self._poll_object(profile, connector, name) for name in named)

    def _poll_object(self, profile: Profile, connector: str, name: str) -> int:
        assert self._client is not None  # poll() looked
        paths = _columns(profile, connector, name)
        since = self._since.get((profile.tenant, name), "")
        where = f" WHERE SystemModstamp > {since}" if since else ""
        columns = ", ".join(sorted(paths))
        query = f"SELECT {columns} FROM {name}{where} ORDER BY SystemModstamp"  # noqa: S608 - names of a checked profile
        asked = int(time.time() * 1000)
        count = 0
        for page, body in enumerate(self._client.query_pages(query), 1):
            if len(body) > self._max_body_bytes:
                raise Reject("too_large", f"Page {page} of {name} has {len(body)} bytes: map fewer fields.")
            request = canonical({"modified_since": since or None, "page": page}).decode()
            event = delivery(
                at=self._clock(profile),
                seq=page,
                tenant_id=profile.tenant,
                connector=connector,
                mode="poll",
                resource=name,
                request=request,
                body=body,
                nonce=str(asked),
            )
            self._producer.send_emits([Emit(topics.RAW_DELIVERIES, event)])
            count += 1
        self._since[profile.tenant, name] = iso(asked - OVERLAP_MS)
        return count


def _columns(profile: Profile, connector: str, name: str) -> set[str]:
    """What a query must ask for: the fields that the profile names, and what leads to the account.

    Standard fields that it does not name are not asked for: an organisation need not have them all.
    """
    mapping = object_mappings(profile, connector, OBJECTS)[name]
    own = profile.connectors[connector].objects[name]
    fields = [path for path in own.fields.values() if path is not None] if own else []
    paths = (mapping.key, mapping.account, *mapping.via.values(), *mapping.names.values(), *fields)
    return {"Id", "SystemModstamp", *map(columns, filter(None, paths))}
