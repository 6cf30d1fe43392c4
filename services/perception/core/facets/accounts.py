"""The account's own record: when it began, and whether it says that it left."""

from msgspec.structs import replace

from revloop.contracts.generated.events import AccountView
from services.perception.core.facets.change import Change


def take(view: AccountView, change: Change) -> AccountView:
    """Of several systems the one that knew the account first tells when it began."""
    if change.gone:
        return view
    created, churned = change.moment("created"), change.snapshot.fields.get("churned")
    if created is not None and (view.created is None or created < view.created):
        view = replace(view, created=created)
    if isinstance(churned, bool) and churned is not view.churned:
        view = replace(view, churned=churned)
    return view
