"""Jira issue webhooks and search answers come in, one item for each issue goes out; anything else is refused."""

from collections.abc import Sequence

from revloop.contracts.failures import Reject
from revloop.integrations.jira.objects import OBJECTS
from revloop.integrations.record import Item, Json, epoch_ms, moment, shown

ISSUE = "issue"
DELETION = "jira:issue_deleted"
EVENTS = frozenset({"jira:issue_created", "jira:issue_updated", DELETION})
"""Events that carry the whole issue. Others (comments, work logs) bring a part; what it lacks was never emptied."""
REVISIONS = 1024
"""Jira's times are coarse: a revision counter, where the profile maps one, orders changes within the same time."""


class Jira:
    """Webhooks ``jira:issue_*``: ``{"timestamp": ms, "issue": {"key": …, "fields": {…}}}``."""

    connector = "jira"
    objects = OBJECTS

    def items(self, resource: str, body: Json) -> Sequence[Item | Reject]:
        """The one issue of an event, or every issue that a search found."""
        issues = body.get("issues") if isinstance(body, dict) else None
        if isinstance(issues, list):
            return [_found(issue) for issue in issues]
        name = body.get("webhookEvent") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(name, str):
            raise Reject("unknown_shape", "The body is no event: it has no webhookEvent.")
        if name not in EVENTS:
            raise Reject(
                "unmapped_event", f"Event {shown(name)} does not bring a whole issue: take it off the webhook's list."
            )
        issue = body.get("issue")
        if not isinstance(issue, dict) or not isinstance(issue.get("fields"), dict):
            raise Reject("unknown_shape", "The body is no issue event: it has no issue with fields.")
        return [_read(issue, body.get("timestamp"), deleted=name == DELETION)]

    def delivery_id(self, resource: str, body: Json) -> str:
        """Jira names a delivery in a header only."""
        return ""


NORMALISER = Jira()


def _found(issue: Json) -> Item | Reject:
    if not isinstance(issue, dict) or not isinstance(issue.get("fields"), dict):
        return Reject("unknown_shape", "One of the issues found has no fields.")
    return _read(issue, None, deleted=False)


def _read(issue: dict[str, Json], stamp: Json, *, deleted: bool) -> Item | Reject:
    try:
        return _item(issue, stamp, deleted=deleted)
    except Reject as refusal:
        return refusal


def _item(issue: dict[str, Json], stamp: Json, *, deleted: bool) -> Item:
    values = issue["fields"]
    assert isinstance(values, dict)  # whoever calls looked
    at = moment("updated", values.get("updated")) if stamp is None else epoch_ms("timestamp", stamp)
    return Item(
        object=ISSUE,
        raw=values,
        id=issue.get("key"),
        version=at,
        revisions=REVISIONS,
        occurred_at=at,
        deleted=deleted,
    )
