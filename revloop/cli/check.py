"""Commands that hold results and profiles against what they should be."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from revloop.cli.data import PROFILES, TenantsDir
from revloop.cli.show import AsJson, Failed, err, out, print_json, print_table
from revloop.replay.check import Check, Line, Verdict, delivery_folders, load_expected, load_map
from revloop.replay.review import review
from revloop.tenants import Registry
from revloop.tenants.registry import load_profile

app = typer.Typer()
tenant = typer.Typer(help="Tenant profiles.", no_args_is_help=True)
app.add_typer(tenant, name="tenant")
FAULTY = (Verdict.DIFFERS, Verdict.UNMAPPED)


@app.command()
def check(
    where: Annotated[Path, typer.Argument(metavar="DIR", help="Delivery folder, or a folder of them.", exists=True)],
    expected: Annotated[Path, typer.Option("--expected", help="File of expected counts.", exists=True)],
    the_map: Annotated[
        Path, typer.Option("--map", help="What measures each count, or why nothing does.", exists=True)
    ] = Path("examples/expected.yaml"),
    tenants: TenantsDir = PROFILES,
    policies: Annotated[Path, typer.Option("--policies", help="Folder of policies.", exists=True)] = Path("policies"),
    json: AsJson = False,
) -> None:
    """Run the backtest and hold its counts against expected ones; exit 1 where one that must be equal differs."""
    found = load_map(the_map)
    wanted = load_expected(expected)
    running = Check(found, Registry.load(tenants), policies)
    for folder in delivery_folders(where):
        err.print(f"running {folder.name}")
        running.run([folder])
    lines = running.lines(wanted, expected.parent)
    _show(lines, running, json=json)
    wrong = [line.id for line in lines if line.verdict in FAULTY]
    if wrong or not all(row["adds_up"] for row in running.backtest.law_4.rows()):
        raise Failed(f"{len(wrong)} of {len(lines)} are not as they must be: {', '.join(wrong)}")


def _show(lines: list[Line], running: Check, *, json: bool) -> None:
    law_4 = running.backtest.law_4.rows()
    if json:
        print_json({"counts": msgspec.to_builtins(lines), "law_4": law_4, "seconds": running.backtest.seconds})
        return
    ran = [line for line in lines if line.verdict is not Verdict.NOT_RUN]
    print_table(
        ("id", "expected", "ours", "verdict", ""),
        [(line.id, _short(line.expected), _short(line.ours), line.verdict.value, line.note) for line in ran],
    )
    if len(ran) < len(lines):
        out.print(f"{len(lines) - len(ran)} more are about tenants that are not in the folder")
    print_table(
        ("tenant", "connector", "deliveries", "items", "records", "duplicates", "parked", "dead", "adds up"),
        [
            (
                row["tenant"],
                row["connector"],
                row["deliveries"],
                row["items"],
                *(row[f"item_{name}"] for name in ("records", "duplicates", "parked", "dead")),
                row["adds_up"],
            )
            for row in law_4
        ],
        "law 4",
    )


def _short(value: object) -> object:
    return "a table" if isinstance(value, dict) else value


@tenant.command("check")
def check_tenant(
    file: Annotated[Path, typer.Argument(help="Tenant profile.", exists=True, dir_okay=False)], json: AsJson = False
) -> None:
    """Say how every object of a profile will be read, and what in it cannot work."""
    profile = load_profile(file)
    found = review(profile)
    if json:
        print_json(msgspec.to_builtins(found))
    else:
        print_table(
            ("connector", "object", "entity type", "account from", "fields", "own fields"),
            [(o.connector, o.object, o.entity_type, o.account, o.fields, " ".join(o.custom)) for o in found.objects],
        )
    if found.faults:
        raise Failed("\n  ".join([f"{file} cannot work:", *found.faults]))
