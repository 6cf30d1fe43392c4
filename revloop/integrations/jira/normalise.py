"""Jira issue webhooks come in, one record for each goes out; anything that is no issue event is refused."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from revloop.contracts.failures import Reject
from revloop.integrations.record import (
    DELETED,
    Getter,
    Json,
    ObjectMapping,
    Record,
    Scalar,
    account_key,
    decode,
    epoch_ms,
    getter,
    identifier,
    moment,
    scalar,
    shown,
    text,
    time_text,
)

OBJECT = "issue"
DELETION = "jira:issue_deleted"
EVENTS = frozenset({"jira:issue_created", "jira:issue_updated", DELETION})
"""Events that carry the whole issue. Others (comments, work logs) bring a part; what it lacks was never emptied."""
TYPED: Mapping[str, Callable[[str, Json], Scalar]] = {
    "created": time_text,
    "resolved": time_text,
    "status": text,
    "status_category": text,
    "priority": text,
}
"""Normalised fields whose values must have a type; all others are taken as they are."""
REVISIONS = 1024
"""Jira's times are coarse: a revision counter, where the profile maps one, orders changes within the same time."""


class Jira:
    """Webhooks ``jira:issue_*``: ``{"timestamp": ms, "issue": {"key": …, "fields": {…}}}``."""

    connector = "jira"

    def records(self, resource: str, body: bytes, objects: Mapping[str, ObjectMapping]) -> Sequence[Record | Reject]:
        """The one record of the event."""
        event = decode(body)
        name = event.get("webhookEvent") if isinstance(event, dict) else None
        if not isinstance(event, dict) or not isinstance(name, str):
            raise Reject("unknown_shape", "The body is no event: it has no webhookEvent.")
        if name not in EVENTS:
            raise Reject(
                "unmapped_event", f"Event {shown(name)} does not bring a whole issue: take it off the webhook's list."
            )
        issue = event.get("issue")
        if not isinstance(issue, dict) or not isinstance(issue.get("fields"), dict):
            raise Reject("unknown_shape", "The body is no issue event: it has no issue with fields.")
        mapping = objects.get(OBJECT)
        if mapping is None:
            raise Reject("unmapped_object", "Issues are not in the tenant profile: add connectors.jira.objects.issue.")
        try:
            return [_record(event, issue, mapping)]
        except Reject as refusal:
            return [refusal]


NORMALISER = Jira()


def _record(event: dict[str, Json], issue: dict[str, Json], mapping: ObjectMapping) -> Record:
    values = issue["fields"]
    assert isinstance(values, dict)  # records() looked
    key, account, paths = _paths(mapping.key, mapping.account, tuple(mapping.fields.items()))
    fields = {name: typed(name, get(values)) for name, get, typed in paths}
    if event["webhookEvent"] == DELETION:
        fields[DELETED] = True
    stamp = event.get("timestamp")
    occurred_at = moment("updated", values.get("updated")) if stamp is None else epoch_ms("timestamp", stamp)
    revision = fields.get("revision")
    order = min(max(revision, 0), REVISIONS - 1) if type(revision) is int else 0
    issue_key = identifier("issue.key", issue.get("key"))
    return Record(
        entity_type=mapping.entity_type,
        entity_id=issue_key,
        entity_key=identifier(mapping.key, key(values)) if key else issue_key,
        account=account_key(account(values)) if account else "",
        version=occurred_at * REVISIONS + order,
        occurred_at=occurred_at,
        fields=fields,
    )


@lru_cache(maxsize=256)
def _paths(
    key: str, account: str, fields: tuple[tuple[str, str], ...]
) -> tuple[Getter | None, Getter | None, list[tuple[str, Getter, Callable[[str, Json], Scalar]]]]:
    paths = [(name, getter(path), TYPED.get(name, scalar)) for name, path in fields]
    return getter(key) if key else None, getter(account) if account else None, paths
