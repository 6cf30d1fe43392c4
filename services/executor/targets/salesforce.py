"""Salesforce: conditional updates of named fields and create-once tasks through the REST API."""

from collections.abc import Callable, Mapping

from revloop.contracts.failures import ErrorKind, VendorError
from revloop.contracts.generated.events import Action, Target
from revloop.integrations.salesforce.client import Record, SalesforceClient
from services.executor.core.orders import Fields
from services.executor.queue import Lease, Sent
from services.executor.targets import NoteSent, Result, UndoRefused

SYSTEM = "salesforce"
TASK = "Task"
ACTION_ID_FIELD = "Revloop_Action_Id__c"
"""External id field of the Task object: creating by it twice gives one task."""
TASK_FIELDS = {
    "subject": "Subject",
    "description": "Description",
    "due_date": "ActivityDate",
    "related_id": "WhatId",
    "owner_id": "OwnerId",
}

FieldNames = Callable[[str, str], Mapping[str, str]]
"""(tenant, vendor object) -> normalised field name -> vendor field name, from the tenant's profile."""


class Salesforce:
    """One target for all tenants: each has its own client, made when first needed."""

    def __init__(self, client_of: Callable[[str], SalesforceClient], field_names: FieldNames) -> None:
        self._client_of = client_of
        self._field_names = field_names

    def perform(self, lease: Lease, note_sent: NoteSent) -> Result:
        """``crm.update_field`` writes only if the record is what the decision saw; ``crm.create_task`` creates once."""
        if lease.action.proposal.action_kind == "crm.create_task":
            return self._create_task(lease)
        return self._update(lease, note_sent)

    def undo(self, lease: Lease, note_sent: NoteSent) -> Result:
        """The inverse write, refused if a field changed since; a task is deleted if nobody touched it."""
        if lease.action.proposal.action_kind == "crm.create_task":
            return self._delete_task(lease)
        return self._restore(lease, note_sent)

    # --- update and its inverse

    def _update(self, lease: Lease, note_sent: NoteSent) -> Result:
        action = lease.action
        before = {change.field: change.before for change in action.proposal.changes}
        after = {change.field: change.after for change in action.proposal.changes}
        record = self._read(action, after)
        if not (landed := _landed(lease, self._normalised(action, record), after)):
            self._must_be_as_seen(action, record, before)
        done = self._write(lease, note_sent, record, before, after) if not landed else record
        return self._result(action, done, before, after, "updated" if not landed else "found updated")

    def _must_be_as_seen(self, action: Action, record: Record, before: Fields) -> None:
        now = self._normalised(action, record)
        differing = [
            f"{name} is now {now[name]!r}, not {before[name]!r}" for name in before if now[name] != before[name]
        ]
        seen = action.proposal.target.version
        if not differing and record.version.modified_at_ms != seen:
            differing = ["the record was saved again since the decision looked at it"]
        if differing:
            raise VendorError(ErrorKind.CONFLICT, f"Changed meanwhile: {'; '.join(differing)}. Nothing was written.")

    def _restore(self, lease: Lease, note_sent: NoteSent) -> Result:
        action, order = lease.action, lease.action.undo
        assert order is not None  # an UNDOING action always carries its order
        record = self._read(action, order.restore)
        now = self._normalised(action, record)
        landed = _landed(lease, now, order.restore)
        changed = [f"{name} is now {now[name]!r}" for name in order.expect if now[name] != order.expect[name]]
        if changed and not landed:
            raise UndoRefused(f"Changed since: {'; '.join(changed)}. The other value stays.")
        done = record if landed else self._write(lease, note_sent, record, order.expect, order.restore)
        return self._result(action, done, order.expect, order.restore, "restored")

    def _read(self, action: Action, fields: Fields) -> Record:
        names = self._names(action)
        target = action.proposal.target
        return self._client(action).get(target.object, target.object_id, [names[name] for name in fields])

    def _write(self, lease: Lease, note_sent: NoteSent, record: Record, before: Fields, after: Fields) -> Record:
        action, names, target = lease.action, self._names(lease.action), lease.action.proposal.target
        client = self._client(action)
        note_sent(Sent(before=before, version=record.version.modified_at_ms))
        vendor = {names[name]: value for name, value in after.items()}
        try:
            return client.update(target.object, target.object_id, vendor, if_version=record.version)
        except VendorError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            # an earlier attempt of this order may have reached the record only now
            found = self._read(action, after)
            if found.version.modified_by == client.user_id and self._holds(action, found, after):
                return found
            raise

    def _holds(self, action: Action, record: Record, wanted: Fields) -> bool:
        now = self._normalised(action, record)
        return all(now.get(name) == value for name, value in wanted.items())

    # --- tasks

    def _create_task(self, lease: Lease) -> Result:
        action = lease.action
        fields = {TASK_FIELDS[name]: value for name, value in action.proposal.parameters.items()}
        created = self._client(action).create_by_external_id(TASK, ACTION_ID_FIELD, action.action_id, fields)
        record = self._client(action).get(TASK, created.id, list(fields))
        target = Target(
            system=SYSTEM,
            object=TASK,
            object_id=created.id,
            label=action.proposal.target.label,
            version=record.version.modified_at_ms,
        )
        message = "created" if created.created else "found created"
        return Result(
            target=target, before={}, after=dict(action.proposal.parameters), message=message, url=f"/{created.id}"
        )

    def _delete_task(self, lease: Lease) -> Result:
        action, order = lease.action, lease.action.undo
        assert order is not None  # an UNDOING action always carries its order
        client = self._client(action)
        target = Target(
            system=SYSTEM, object=TASK, object_id=order.created_id, label=action.proposal.target.label, version=0
        )
        try:
            record = client.get(TASK, order.created_id, ["Subject"])
            if record.version.modified_at_ms != order.target_version:
                raise UndoRefused("The task was changed since it was created: it stays.")
            client.delete(TASK, order.created_id)
        except VendorError as error:
            if error.status != 404:
                raise
            if lease.attempt == 1:
                raise UndoRefused("The task is gone already: nothing to undo.") from error
        return Result(target=target, before=order.expect, after={}, message="deleted")

    # --- names and values

    def _client(self, action: Action) -> SalesforceClient:
        return self._client_of(action.tenant_id)

    def _names(self, action: Action) -> Mapping[str, str]:
        return self._field_names(action.tenant_id, action.proposal.target.object)

    def _normalised(self, action: Action, record: Record) -> Fields:
        return {
            name: record.fields.get(vendor) for name, vendor in self._names(action).items() if vendor in record.fields
        }

    def _result(self, action: Action, record: Record, before: Fields, after: Fields, message: str) -> Result:
        seen = action.proposal.target
        target = Target(
            system=SYSTEM,
            object=seen.object,
            object_id=seen.object_id,
            label=seen.label,
            version=record.version.modified_at_ms,
        )
        return Result(target=target, before=before, after=after, message=message, url=f"/{seen.object_id}")


def _landed(lease: Lease, now: Fields, wanted: Fields) -> bool:
    """Whether an earlier attempt of this very order wrote already: it noted that it would, and its values stand."""
    return lease.sent is not None and all(now.get(name) == value for name, value in wanted.items())
