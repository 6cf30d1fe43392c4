"""Signal and record changes of one account, as perception writes them."""

from collections.abc import Mapping

from revloop.contracts.generated.events import (
    ConfidenceSource,
    EntityChange,
    EntityChangeKind,
    EntityRef,
    Evidence,
    Scalar,
    Severity,
    SignalChange,
    SignalChangeKind,
    SignalStatus,
)


def entity(name: str = "A") -> EntityRef:
    return EntityRef(connector="salesforce", entity_type="opportunity", entity_id=f"006{name}", entity_key=name)


def record(
    number: int,
    key: str = "A",
    kind: EntityChangeKind = EntityChangeKind.changed,
    cause: str = "snp",
    fields: Mapping[str, Scalar] | None = None,
) -> EntityChange:
    return EntityChange(
        event_id=f"chg_{number}",
        event_type=EntityChange.EVENT_TYPE,
        tenant_id="t",
        account_id="a",
        source="perception",
        trace_id="0" * 32,
        caused_by=cause,
        occurred_at=number,
        observed_at=number,
        entity=entity(key),
        change=kind,
        snapshot_id=f"{number:064d}",
        version=number,
        fields=dict(fields or {}),
        changed=(),
    )


def signal(
    number: int,
    change: SignalChangeKind = SignalChangeKind.happened,
    *,
    key: str = "A",
    signal_id: str = "",
    signal_type: str = "CLOSE_DATE_SLIPPED",
    severity: Severity = Severity.high,
    value: float | None = 100.0,
    cause: str = "snp",
) -> SignalChange:
    ended = {SignalChangeKind.cleared: SignalStatus.CLEARED, SignalChangeKind.expired: SignalStatus.EXPIRED}
    evidence = Evidence(
        snapshot_id=f"{number:064d}",
        source="salesforce",
        entity=f"opportunity/{key}",
        field="close_date",
        before="2018-01-01",
        after="2018-04-11",
        observed_at=number,
    )
    return SignalChange(
        event_id=f"sgc_{number}",
        event_type=SignalChange.EVENT_TYPE,
        tenant_id="t",
        account_id="a",
        source="perception",
        trace_id="0" * 32,
        caused_by=cause,
        occurred_at=number,
        observed_at=number,
        signal_id=signal_id or f"sig_{number}",
        signal_type=signal_type,
        change=change,
        status=ended.get(change, SignalStatus.ACTIVE),
        severity=severity,
        confidence=1.0,
        confidence_source=ConfidenceSource.direct,
        entity=entity(key),
        window_key="w",
        valid_until=None,
        value=value,
        detector="x/1",
        evidence=(evidence,),
    )
