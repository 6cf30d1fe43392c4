"""A resolver with its states in memory: bodies go in, what it writes is sorted by topic, and all of it must encode."""

import json
from collections.abc import Iterable, Sequence

import msgspec

from revloop.contracts import codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, Disposition, EntityLink, Envelope, Snapshot, Unresolved
from revloop.integrations import load_normalisers
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Emit, Processor, Refusal
from revloop.tenants import ConnectorProfile, ObjectProfile, Profile, Registry
from revloop.tenants.profile import Clock
from services.ingest.core.feed import delivery
from services.ingest.core.resolver import ResolverCore

FIELDS = {"name": "Name", "stage": "StageName", "amount": "Amount", "close_date": "CloseDate", "created": "CreatedDate"}
CRM = ConnectorProfile(
    own_users=("005US",),
    objects={
        "Opportunity": ObjectProfile(
            entity_type="opportunity", account="Account.Name", fields={**FIELDS, "modified_by": "LastModifiedById"}
        )
    },
)
HELP_DESK = ConnectorProfile(
    objects={
        "issue": ObjectProfile(
            entity_type="support_case",
            account="customfield_10002.0.id",
            fields={"status": "status.name", "priority": "priority.name", "created": "created", "revision": "revision"},
        )
    }
)
PROFILE = Profile(tenant="t", clock=Clock.FILE, connectors={"salesforce": CRM, "jira": HELP_DESK})
NORMALISERS = load_normalisers()
START = 1_500_000_000_000


class Written:
    """What one input led to."""

    def __init__(self, emits: Sequence[Emit], refusals: Sequence[Refusal]) -> None:
        self.emits = emits
        self.refusals = refusals

    @property
    def snapshots(self) -> list[Snapshot]:
        return [e.event for e in self.emits if isinstance(e.event, Snapshot)]

    @property
    def told(self) -> list[tuple[str, str]]:
        """(account, change) of each snapshot, in order."""
        return [(snapshot.account_id, snapshot.change.value) for snapshot in self.snapshots]

    @property
    def dispositions(self) -> list[Disposition]:
        return [e.event for e in self.emits if isinstance(e.event, Disposition)]

    @property
    def unresolved(self) -> list[Unresolved]:
        return [e.event for e in self.emits if isinstance(e.event, Unresolved)]

    @property
    def tombstones(self) -> list[str]:
        return [e.key or "" for e in self.emits if e.event is None and e.topic == topics.RAW_UNRESOLVED]

    @property
    def fate(self) -> Disposition:
        """The disposition of the delivery itself."""
        return self.dispositions[-1]

    @property
    def reasons(self) -> list[str]:
        return [refusal.reason for refusal in self.refusals]


class Desk:
    """One partition of the resolver."""

    def __init__(self, *profiles: Profile) -> None:
        self.store = MemoryStore()
        registry = Registry(profiles or (PROFILE,))
        self._processor = Processor(ResolverCore(registry, NORMALISERS), self.store)
        self._seq = 0

    def handle(self, event: Envelope) -> Written:
        handled = self._processor.handle(event)
        for emit in handled.emits:
            if emit.event is not None:
                codec.encode(emit.event)
        for state in self.store.states.values():
            codec.encode(state)
        return Written(handled.emits, handled.refusals)

    def body(self, body: bytes, connector: str = "salesforce", *, tenant: str = "t", at: int | None = None) -> Delivery:
        """The next delivery of a body."""
        self._seq += 1
        return delivery(
            at=START + self._seq * 1000 if at is None else at,
            seq=self._seq,
            tenant_id=tenant,
            connector=connector,
            mode="webhook" if connector == "jira" else "poll",
            resource="issue" if connector == "jira" else "Opportunity",
            request="",
            body=body,
        )

    def send(self, body: bytes, connector: str = "salesforce", *, at: int | None = None) -> Written:
        return self.handle(self.body(body, connector, at=at))

    def poll(self, *rows: object, at: int | None = None) -> Written:
        return self.send(page(*rows), at=at)

    def links(self) -> dict[str, EntityLink]:
        """Links by entity id."""
        return {s.entity.entity_id: s for s in self.store.states.values() if isinstance(s, EntityLink)}


def page(*rows: object) -> bytes:
    return json.dumps({"totalSize": len(rows), "done": True, "records": rows}).encode()


def row(entity_id: str = "006A", version: int = 1, account: str | None = "ACME", **fields: object) -> dict[str, object]:
    """A sound opportunity of the minute ``version``; fields by their Salesforce names."""
    return {
        "attributes": {"type": "Opportunity"},
        "Id": entity_id,
        "Account": None if account is None else {"Name": account},
        "Name": f"Deal {entity_id}",
        "StageName": "Design",
        "Amount": 100.0 + version,
        "CloseDate": "2019-01-01",
        "SystemModstamp": f"2018-03-01T{version // 60:02d}:{version % 60:02d}:00.000+0000",
        **fields,
    }


def issue(
    event: str = "jira:issue_updated", timestamp: object = START, key: object = "INC-1", **fields: object
) -> bytes:
    """A sound issue event; fields by their Jira names."""
    sound: dict[str, object] = {
        "status": {"name": "New"},
        "priority": {"name": "1"},
        "created": "2017-07-14T00:00:00.000+0000",
        "updated": "2017-07-14T00:00:00.000+0000",
        "customfield_10002": [{"id": "7"}],
    }
    body = {"webhookEvent": event, "timestamp": timestamp, "issue": {"key": key, "fields": {**sound, **fields}}}
    return json.dumps(body).encode()


def bytes_of(emits: Iterable[Emit]) -> list[bytes]:
    """What a run wrote, as bytes: topic, key of tombstones and event."""
    return [
        emit.topic.encode() + b"|" + (emit.key or "").encode() + b"|" + msgspec.json.encode(emit.event)
        for emit in emits
    ]
