"""Commands that run the loop on one machine: up, down, kafka, topics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from revloop.cli.home import Home
from revloop.cli.show import AsJson, err, out, print_json
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
    """Start a stack."""
    stack.up(say, standin_data=standin, tenants=tenants)


@app.command()
def down() -> None:
    """Stop every service and Kafka; nothing is lost."""
    Stack(Home.from_environment()).down(say)


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
