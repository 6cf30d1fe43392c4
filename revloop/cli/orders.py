"""Orders of people: approve, reject, undo; each is answered exactly once."""

from collections.abc import Mapping
from typing import Annotated

import typer

from revloop.cli.api import Api
from revloop.cli.reading import console
from revloop.cli.show import AsJson, Failed, Person, Tenant, object_of, out, print_json

app = typer.Typer()
Note = Annotated[str, typer.Option("--note", help="Reason, kept with the order.")]


@app.command()
def approve(
    action: str, tenant: Tenant = "nyc", person: Person = "seller", note: Note = "", json: AsJson = False
) -> None:
    """Approve an action as it stands now; the approval covers exactly what `revloop why` shows."""
    with console(tenant, person) as api:
        found = _action(api, action)
        answer = api.order(
            "approve",
            str(found["request_id"]),
            str(found["account_id"]),
            binding_hash=str(found["binding_hash"]),
            note=note,
        )
    _report(answer, json)


@app.command()
def reject(
    action: str, tenant: Tenant = "nyc", person: Person = "seller", note: Note = "", json: AsJson = False
) -> None:
    """Reject a proposed action."""
    with console(tenant, person) as api:
        found = _action(api, action)
        answer = api.order("reject", str(found["request_id"]), str(found["account_id"]), note=note)
    _report(answer, json)


@app.command()
def undo(action: str, tenant: Tenant = "nyc", person: Person = "seller", note: Note = "", json: AsJson = False) -> None:
    """Take back an action that succeeded; refused if somebody changed the record since."""
    with console(tenant, person) as api:
        found = _action(api, action)
        answer = api.order("undo", action, str(found["account_id"]), note=note)
    _report(answer, json)


def _action(api: Api, action: str) -> Mapping[str, object]:
    return object_of(object_of(api.get(f"/v1/actions/{action}"))["action"])


def _report(answer: Mapping[str, object], json: bool) -> None:
    if json:
        print_json(answer)
    if answer.get("status") == "pending":
        raise Failed(str(answer["detail"]))
    if not answer["accepted"]:
        raise Failed(f"{answer['code']}: {answer['message']}")
    if not json:
        out.print(f"[green]✓[/green] {answer['message']} — now {answer['state']}")
