"""Our own effects come back as outcomes: the entity they wrote remembers them, so that the vendor's echo is known."""

from collections.abc import Mapping

import msgspec

from revloop.contracts.generated.events import EntityLink, Outcome, OutcomeStatus, OwnWrite
from revloop.contracts.keys import join_key

KEPT_WRITES = 8
WRITER = "modified_by"
"""Field with the vendor's id of who wrote last, where the profile maps one."""
BOOKKEEPING = frozenset({WRITER, "modified"})
"""Fields a vendor sets by itself on every write."""

Fields = Mapping[str, bool | int | float | str | None]


def written_entity(tenant_id: str, outcome: Outcome, entity_type: str) -> str | None:
    """Key of the link of the entity an outcome wrote to, None when it wrote to no known entity.

    ``entity_type`` is that of the target's object, empty for one that the tenant does not take.
    """
    target = outcome.target
    wrote = outcome.status in (OutcomeStatus.SUCCEEDED, OutcomeStatus.UNDONE)
    if not entity_type or not wrote or not target.object_id:
        return None
    return join_key(tenant_id, "link", target.system, entity_type, target.object_id)


def note_write(link: EntityLink, outcome: Outcome) -> EntityLink:
    """``link`` with the write remembered, newest first."""
    write = OwnWrite(action_id=outcome.action_id, version=outcome.target.version, fields=outcome.after)
    return msgspec.structs.replace(link, own_writes=(write, *link.own_writes)[:KEPT_WRITES])


def echo_of(link: EntityLink, version: int, fields: Fields, own_users: tuple[str, ...]) -> str:
    """The action whose write a record repeats: its values stand, nothing else differs from before; empty if none.

    Where the record says who wrote it and the profile says who we are, a person who wrote the same is no echo.
    """
    if not link.own_writes or (own_users and fields.get(WRITER) not in (None, *own_users)):
        return ""
    differing = {
        name for name in fields.keys() | link.fields.keys() if fields.get(name) != link.fields.get(name)
    } - BOOKKEEPING
    for write in link.own_writes:
        stands = all(fields.get(name) == value for name, value in write.fields.items())
        if stands and version >= write.version and differing and differing <= write.fields.keys():
            return write.action_id
    return ""
