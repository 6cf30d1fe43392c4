"""Open deals: since when each is in its stage."""

from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView, DealFact
from services.perception.core.facets.change import Change, told_again, with_entry


def take(view: AccountView, change: Change) -> AccountView:
    """A deal as it is now; one that is closed is none any more."""
    known = view.deals.get(change.name)
    is_open = not change.gone and not change.profile.is_closed(change.snapshot.fields)
    fact = _fact(change, known) if is_open else None
    if told_again(fact, known):
        return view
    return replace(view, deals=with_entry(view.deals, change.name, fact))


def _fact(change: Change, known: DealFact | None) -> DealFact:
    """Where the CRM does not tell since when the deal is in its stage, it is since the record that first told so."""
    snapshot, stage = change.snapshot, change.text("stage")
    since = change.moment("stage_since")
    if since is None:
        since = known.since if known is not None and known.stage == stage else snapshot.occurred_at
    return DealFact(
        entity=snapshot.entity,
        created=change.moment("created"),
        stage=stage,
        since=since,
        snapshot_id=snapshot.snapshot_id,
        observed_at=snapshot.observed_at,
    )
