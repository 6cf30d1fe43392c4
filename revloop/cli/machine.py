"""Commands that run the loop on one machine: up, down, status, kafka, topics."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import typer

from revloop.cli.home import SERVICES, Home
from revloop.cli.processes import NotRunning
from revloop.cli.reading import console
from revloop.cli.show import AsJson, Failed, Person, Tenant, err, object_of, out, print_json, print_table, rows_of
from revloop.cli.stack import Stack
from revloop.kafka.admin import apply, topic_specs
from revloop.kafka.client import client_config

app = typer.Typer()
NOTHING: list[Path] = []
Tenants = Annotated[
    Path | None, typer.Option("--tenants", help="Folder of tenant profiles.", exists=True, file_okay=False)
]
Data = Annotated[
    list[Path],
    typer.Option(
        "--standin", help="Start the Salesforce stand-in with the records of this delivery folder.", exists=True
    ),
]


def say(text: str) -> None:
    """Progress goes to standard error, results to standard output."""
    err.print(f"[dim]·[/dim] {text}")


@app.command()
def up(tenants: Tenants = None, standin: Data = NOTHING) -> None:
    """Start Kafka and every service on this machine, and wait until all are ready."""
    start(Stack(Home.from_environment()), tenants, standin)


def start(stack: Stack, tenants: Path | None, standin: Sequence[Path]) -> None:
    """Start a stack; what fails ends the command with the reason and the log's end."""
    try:
        stack.up(say, standin_data=standin, tenants=tenants)
    except (NotRunning, TimeoutError) as error:
        raise Failed(str(error), 3) from error


@app.command()
def down() -> None:
    """Stop every service and Kafka; nothing is lost."""
    Stack(Home.from_environment()).down(say)


@app.command()
def status(tenant: Tenant = "nyc", person: Person = "seller", json: AsJson = False) -> None:
    """Each service (lag, recovered, last commit, errors), and the accounts of law 4."""
    home = Home.from_environment()
    services = [_service(home, name) for name in SERVICES]
    with console(tenant, person) as api:
        law_4 = rows_of(api.get("/v1/accounts-of-law-4"))
        counts = object_of(api.get("/v1/counts"))
    memory = Stack(home).memory_bytes()
    if json:
        print_json({"services": services, "law_4": law_4, "counts": counts, "memory_bytes": memory})
        return
    columns = ["service", "up", "ready", "lag", "recovered", "errors"]
    print_table(
        [*columns, "last commit"],
        [[*(row[name] for name in columns), _ago(row["committed"])] for row in services],
        title="Services",
    )
    _print_law_4(law_4, tenant)
    out.print(f"memory of all processes together: {sum(memory.values()) / 2**20:,.0f} MiB")


def _ago(moment: object) -> str:
    return f"{time.time() - moment:,.0f} s ago" if isinstance(moment, int | float) else ""


def _print_law_4(rows: Sequence[Mapping[str, object]], tenant: str) -> None:
    """A column for each connector: there are more counts than connectors."""
    if not rows:
        out.print(f"Accounts of law 4, {tenant}: no deliveries yet")
        return
    name, *counts = rows[0]
    print_table(
        ["", *(str(row[name]) for row in rows)],
        [[count, *(row[count] for row in rows)] for count in counts],
        title=f"Accounts of law 4, {tenant}",
    )


def _service(home: Home, name: str) -> dict[str, object]:
    row: dict[str, object] = {
        "service": name,
        "up": False,
        "ready": False,
        "lag": None,
        "recovered": None,
        "committed": None,
        "errors": None,
    }
    try:
        found = httpx.get(f"{home.url(name)}/status", timeout=2).json()
        ready = httpx.get(f"{home.url(name)}/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return row
    return {
        **row,
        "up": True,
        "ready": ready,
        "lag": found.get("lag"),
        "recovered": found.get("recovered"),
        "committed": found.get("last_commit"),
        "errors": found.get("errors"),
    }


kafka = typer.Typer(help="The local Kafka broker of this machine.", no_args_is_help=True)
app.add_typer(kafka, name="kafka")


@kafka.command("start")
def kafka_start() -> None:
    """Start it; the first time it is fetched (45 MB) and checked against the pinned sums."""
    stack = Stack(Home.from_environment())
    stack.broker().start()
    out.print(f"Kafka answers on {stack.home.bootstrap}")


@kafka.command("stop")
def kafka_stop() -> None:
    """Stop it; its data stays."""
    stopped = Stack(Home.from_environment()).broker().stop()
    out.print("stopped" if stopped else "it did not run")


@kafka.command("status")
def kafka_status(json: AsJson = False) -> None:
    """Whether it runs and answers; exit code 3 when not."""
    home = Home.from_environment()
    running = Stack(home).broker().is_running()
    if json:
        print_json({"running": running, "bootstrap": home.bootstrap})
    else:
        out.print(f"{'runs' if running else 'does not run'} on {home.bootstrap}")
    if not running:
        raise typer.Exit(3)


@kafka.command("reset")
def kafka_reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop it and delete all its data."""
    if not yes:
        typer.confirm("Delete every topic of this home?", abort=True)
    Stack(Home.from_environment()).broker().reset()
    out.print("deleted; `revloop up` begins anew")


topics = typer.Typer(help="The topics of the event spine.", no_args_is_help=True)
app.add_typer(topics, name="topics")


@topics.command("apply")
def topics_apply(
    alter: Annotated[bool, typer.Option("--alter", help="Also change differing configurations.")] = False,
    json: AsJson = False,
) -> None:
    """Create what schemas/topics.yaml says and print what differs; a partition count is never changed."""
    home = Home.from_environment()
    report = apply(topic_specs(), client_config(bootstrap=home.bootstrap), alter=alter)
    if json:
        print_json({"created": report.created, "differs": report.differences})
        return
    out.print(f"{len(report.created)} created, {len(report.differences)} differ")
    for line in report.differences:
        out.print(f"  {line}")
