"""Reading commands: what to do, why, what happened, and where it can be proven."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from revloop.cli.api import Api
from revloop.cli.home import Home
from revloop.cli.marking import lines, shown
from revloop.cli.show import AsJson, Failed, Person, Tenant, object_of, out, print_json, print_table, rows_of
from revloop.contracts.times import iso

app = typer.Typer()
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000)]


def console(tenant: str, person: str) -> Api:
    """The console's API as one person."""
    return Api(Home.from_environment(), tenant, person)


@app.command()
def top(
    tenant: Tenant = "nyc",
    person: Person = "seller",
    account: str | None = None,
    state: str | None = None,
    limit: Limit = 10,
    json: AsJson = False,
) -> None:
    """What to do, best first."""
    with console(tenant, person) as api:
        rows = rows_of(api.get("/v1/top", account=account, state=state, limit=limit))
    if json:
        print_json(rows)
        return
    print_table(
        ["#", "account", "what", "why now", "conf", "score", "state", "action"],
        [
            (
                n,
                r["name"],
                r["title"],
                r["why"],
                f"{r['confidence']:.2f}",
                f"{r['score']:.3f}",
                r["state"],
                r["action_id"],
            )
            for n, r in enumerate(rows, 1)
        ],
    )
    if rows:
        out.print("next: [bold]revloop why ACTION[/bold], then [bold]revloop approve ACTION[/bold]")


@app.command()
def why(action: str, tenant: Tenant = "nyc", person: Person = "seller", json: AsJson = False) -> None:
    """Why an action is proposed: sentences with their records, factors, gate, and what it would change."""
    with console(tenant, person) as api:
        found = object_of(api.get(f"/v1/actions/{action}"))
    if json:
        print_json(found)
        return
    _print_action(object_of(found["action"]))


def _print_action(action: Mapping[str, object]) -> None:
    proposal = object_of(action["proposal"])
    target, gate = object_of(proposal["target"]), object_of(proposal["gate"])
    out.print(
        f"[bold]{escape(str(proposal['title']))}[/bold]"
        + escape(f"  ({proposal['action_kind']} on {target['system']} {target['object']} {target['label']})")
    )
    reasons = " ".join(map(str, _list(gate["reasons"])))
    out.print(f"state {action['state']}; policy says {gate['verdict']}, risk {gate['risk_tier']}: {escape(reasons)}")
    out.print(
        f"score {proposal['score']:.3f} = value {proposal['value']:.2f} x urgency {proposal['urgency']:.2f}"
        f" x confidence {proposal['confidence']:.2f}"
    )
    out.print("[bold]Why now[/bold]")
    for statement in rows_of(proposal["why"]):
        out.print(f"  • {escape(str(statement['text']))}")
        for item in rows_of(statement["evidence"]):
            out.print(
                escape(f"      {item['entity']} {item['field']}: {item['before']!r} -> {item['after']!r}")
                + f"   [dim]{item['snapshot_id']}[/dim]",
                soft_wrap=True,
            )
    if changes := rows_of(proposal["changes"]):
        print_table(
            ["field", "before", "after"],
            [(c["field"], c["before"], c["after"]) for c in changes],
            title="It would change",
        )
    out.print(f"Expected: {proposal['expected_outcome']}", markup=False)
    out.print(f"Wrong if: {proposal['wrong_if']}", markup=False)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


@app.command()
def timeline(
    subject: str, tenant: Tenant = "nyc", person: Person = "seller", limit: Limit = 50, json: AsJson = False
) -> None:
    """What happened: of an action (act_…) from its signals to its outcome, or of an account."""
    path = f"/v1/actions/{subject}/timeline" if subject.startswith("act_") else f"/v1/accounts/{subject}/timeline"
    with console(tenant, person) as api:
        steps = rows_of(api.get(path, limit=None if subject.startswith("act_") else limit))
    if json:
        print_json(steps)
        return
    print_table(["at", "kind", "what", "ledger"], [(s["at"], s["kind"], s["text"], s["ledger_index"]) for s in steps])


@app.command()
def evidence(
    subject: Annotated[str, typer.Argument(metavar="ID", help="Record, signal (sig_…) or action (act_…).")],
    tenant: Tenant = "nyc",
    person: Person = "seller",
    field: Annotated[str | None, typer.Option("--field", help="Mark this field of the record alone.")] = None,
    json: AsJson = False,
) -> None:
    """The vendor's body behind a record, verbatim, with what is evidence marked; of a signal or action every one."""
    with console(tenant, person) as api:
        wanted = _wanted(api, subject)
        found = {snapshot: object_of(api.get(f"/v1/evidence/{snapshot}")) for snapshot in wanted}
    if json:
        print_json(list(found.values()) if _is_derived(subject) else found[subject])
        return
    if field and not any(field in object_of(one["fields"]) for one in found.values()):
        raise Failed(f"no field {field!r} is read here: {', '.join(sorted(_names(found.values())))} are")
    for snapshot, one in found.items():
        _print_evidence(one, [field] if field else wanted[snapshot])


def _is_derived(subject: str) -> bool:
    return subject.startswith(("sig_", "act_"))


def _wanted(api: Api, subject: str) -> dict[str, list[str]]:
    """Records to show, each with the fields that are evidence; none stands for all."""
    if not _is_derived(subject):
        return {subject: []}
    kind = "signals" if subject.startswith("sig_") else "actions"
    wanted: dict[str, list[str]] = {}
    for item in rows_of(api.get(f"/v1/{kind}/{subject}/evidence")):
        wanted.setdefault(str(item["snapshot_id"]), []).append(str(item["field"]))
    return wanted


def _names(found: Iterable[Mapping[str, object]]) -> set[str]:
    return {name for one in found for name, origin in object_of(one["fields"]).items() if object_of(origin)["places"]}


def _print_evidence(found: Mapping[str, object], wanted: list[str]) -> None:
    record, fields = object_of(found["record"]), object_of(found["fields"])
    key = object_of(record["entity"])["entity_key"]
    out.print(f"{record['source']} {key}, item {found['item']} of delivery {found['delivery_id']}", markup=False)
    values = object_of(record["fields"])
    print_table(
        ["field", "value", "read from"],
        [(name, value, object_of(fields.get(name, {})).get("path")) for name, value in sorted(values.items())],
    )
    for name in wanted:
        if not object_of(fields.get(name, {})).get("places"):
            out.print(f"{name} stands nowhere in this body: it was worked out, or told before.", markup=False)
    if found["body"] is None:
        out.print("The body is no longer kept here.")
        return
    marked = [place for name in wanted or fields for place in _places(fields, name)]
    body = str(found["body"])
    for line in lines(body, marked) or (body,):
        out.print(line if isinstance(line, str) else shown(line), markup=False, soft_wrap=True)


def _places(fields: Mapping[str, object], name: str) -> list[list[str | int]]:
    found = object_of(fields.get(name, {})).get("places", [])
    return found if isinstance(found, list) else []


@app.command()
def accounts(
    tenant: Tenant = "nyc",
    person: Person = "seller",
    posture: str | None = None,
    limit: Limit = 50,
    json: AsJson = False,
) -> None:
    """Accounts, least healthy first."""
    with console(tenant, person) as api:
        rows = rows_of(api.get("/v1/accounts", posture=posture, limit=limit))
    if json:
        print_json(rows)
        return
    print_table(
        ["account", "key", "posture", "health", "risks"],
        [(r["name"], r["account"], r["posture"], r["health"], ", ".join(map(str, _list(r["risks"])))) for r in rows],
    )


@app.command()
def parked(tenant: Tenant = "nyc", person: Person = "seller", limit: Limit = 50, json: AsJson = False) -> None:
    """Records that wait for an account, and why; one goes on by itself as soon as its account is known."""
    with console(tenant, person) as api:
        rows = rows_of(api.get("/v1/parked", limit=limit))
    if json:
        print_json(rows)
        return
    print_table(["type", "record", "source", "came at", "waits because"], [_waiting(row) for row in rows])


def _waiting(row: Mapping[str, object]) -> tuple[object, ...]:
    entity = object_of(row["entity"])
    at = row["observed_at"]
    return (
        entity["entity_type"],
        entity["entity_key"],
        entity["connector"],
        iso(at) if isinstance(at, int) else at,
        row["reason"],
    )


export = typer.Typer(help="Exports of what the loop knows.", no_args_is_help=True)
app.add_typer(export, name="export")


@export.command("signals")
def export_signals(
    to: Annotated[Path, typer.Option("--out", help="File to write.")],
    tenant: Tenant = "nyc",
    person: Person = "seller",
    json: AsJson = False,
) -> None:
    """Every signal change, in the form and order of the backtest's signals.csv."""
    with console(tenant, person) as api:
        text = api.text("/v1/signals.csv")
    to.write_text(text)
    count = text.count("\n") - 1
    if json:
        print_json({"file": str(to), "signal_changes": count})
    else:
        out.print(f"{count:,} signal changes in {to}")
