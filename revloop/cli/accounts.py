"""Commands about one account: its situation at a moment and what makes it up, and what changed between two moments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from revloop.cli.data import PROFILES, TenantsDir
from revloop.cli.reading import console
from revloop.cli.show import AsJson, Failed, Person, Tenant, object_of, out, print_json, print_table, rows_of
from revloop.contracts.failures import RevloopError
from revloop.contracts.times import iso, parse_iso
from revloop.replay.states import Archive
from revloop.tenants import Registry

app = typer.Typer()
T = TypeVar("T")
Deliveries = Annotated[
    list[Path] | None,
    typer.Option("--from", help="Recompute from these delivery folders instead of asking the console.", exists=True),
]
Account = Annotated[str, typer.Argument(help="Account key.")]
SIDES = {"risks": "risk", "opportunities": "opportunity", "unknowns": "unknown"}


@app.command()
def state(
    account: Account,
    at: Annotated[str | None, typer.Option("--at", help="ISO 8601; now when not given.")] = None,
    tenant: Tenant = "nyc",
    person: Person = "seller",
    deliveries: Deliveries = None,
    tenants: TenantsDir = PROFILES,
    json: AsJson = False,
) -> None:
    """An account's situation, now or as it was, with everything its health is made of."""
    moment = None if at is None else moment_of(at)
    if deliveries:
        found = known(archive(deliveries, tenants, tenant, account, moment).at(moment), account)
        shown = object_of(msgspec.json.decode(msgspec.json.encode(found)))
    else:
        with console(tenant, person) as api:
            shown = object_of(api.get(f"/v1/accounts/{account}/state", at=at))
    if json:
        print_json(shown)
        return
    _print_state(shown)


@app.command()
def diff(
    account: Account,
    since: Annotated[str, typer.Argument(metavar="T1", help="ISO 8601.")],
    until: Annotated[str, typer.Argument(metavar="T2", help="ISO 8601.")],
    tenant: Tenant = "nyc",
    person: Person = "seller",
    deliveries: Deliveries = None,
    tenants: TenantsDir = PROFILES,
    json: AsJson = False,
) -> None:
    """What changed of an account from one moment to another, and why."""
    first, last = moment_of(since), moment_of(until)
    if first > last:
        raise Failed("T1 is later than T2: swap them")
    if deliveries:
        found = known(archive(deliveries, tenants, tenant, account, last).diff(first, last), account)
        shown = object_of(msgspec.json.decode(msgspec.json.encode(found)))
    else:
        with console(tenant, person) as api:
            shown = object_of(api.get(f"/v1/accounts/{account}/diff", **{"from": since, "to": until}))
    if json:
        print_json(shown)
        return
    _print_diff(shown)


def moment_of(text: str) -> int:
    """Milliseconds of what a person wrote; raises Failed."""
    try:
        return parse_iso(text)
    except ValueError as error:
        raise Failed(f"{text!r} is no moment: write it as 2018-03-01 or 2018-03-01T00:00:00Z") from error


def archive(folders: list[Path], tenants: Path, tenant: str, account: str, until: int | None) -> Archive:
    """The account's states, made anew; raises Failed."""
    try:
        return Archive(folders, Registry.load(tenants), tenant, account, until)
    except RevloopError as error:
        raise Failed(str(error)) from error


def known(found: T | None, account: str) -> T:
    """What was found; raises Failed where nothing was."""
    if found is None:
        raise Failed(f"the deliveries tell nothing of {account!r} up to then")
    return found


def _print_state(state: Mapping[str, object]) -> None:
    where = f"{state['posture']}, momentum {state['momentum']}, health {state['health']}"
    out.print(f"[bold]{state['account_id']}[/bold]  {where}  ({state['lifecycle'] or 'lifecycle unknown'})")
    out.print(
        f"published {iso(int(str(state['observed_at'])))}, rules {state['ruleset']}, snapshot {state['snapshot_id']}"
    )
    findings = [(kind, one) for side, kind in SIDES.items() for one in rows_of(state[side])]
    lines = [
        (kind, one["finding"], one["severity"], one["points"], _shares(one), one["says"]) for kind, one in findings
    ]
    if lines:
        print_table(["kind", "finding", "severity", "points", "of signals", "what"], lines)
    parts = "".join(f" {int(str(one['points'])):+}" for _, one in findings if one["points"])
    out.print(f"health: 100{parts} = {state['health']}")
    for section in ("commercial", "buying_group", "support", "usage", "meetings"):
        if found := state[section]:
            out.print(f"{section.replace('_', ' ')}: {_figures(object_of(found))}", soft_wrap=True)


def _shares(finding: Mapping[str, object]) -> str:
    shares = finding["signal_points"]
    shown = [share for share in shares if share] if isinstance(shares, list) else []
    return f"{finding['signal_count']}: {' '.join(map(str, shown))}" if shown else str(finding["signal_count"])


def _figures(section: Mapping[str, object]) -> str:
    """Numbers and words of a section; of a list how many it holds."""
    return ", ".join(
        f"{name.replace('_', ' ')} {len(value) if isinstance(value, list) else _value(name, value)}"
        for name, value in section.items()
        if value not in (None, "")
    )


def _value(name: str, value: object) -> object:
    if isinstance(value, Mapping):
        return _value("at", value.get("at"))
    return iso(value) if isinstance(value, int) and (name == "at" or name.endswith("_at")) else value


def _print_diff(found: Mapping[str, object]) -> None:
    before = found["before"]
    old = object_of(before) if before else None
    new = object_of(found["after"])
    was = f"{old['posture']}, health {old['health']} (since {old['at']})" if old else "nothing was known"
    out.print(f"[bold]{found['account']}[/bold]  {was} -> {new['posture']}, health {new['health']} (since {new['at']})")
    moved = rows_of(found["findings"])
    if moved:
        print_table(
            ["finding", "change", "severity", "points", "what"],
            [
                (
                    one["finding"],
                    one["change"],
                    " -> ".join(str(one[side] or "none") for side in ("severity_before", "severity_after")),
                    one["points"],
                    one["says"],
                )
                for one in moved
            ],
        )
    parts = "".join(f" {int(str(one['points'])):+}" for one in moved if one["points"])
    out.print(f"health: {old['health'] if old else 100}{parts} = {new['health']}")
    for shift in rows_of(found["sections"]):
        out.print(f"{shift['what']}: {shift['before']} -> {shift['after']}")
    if happened := rows_of(found["happened"]):
        print_table(
            ["at", "what", "about", "detail"], [(h["at"], h["what"], h["about"], h["detail"]) for h in happened]
        )
