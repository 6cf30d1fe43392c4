"""Commands about dead letters: what was refused and why, and driving it again once the cause is mended."""

from typing import Annotated

import typer

from revloop.cli.home import Home
from revloop.cli.reading import Limit, console
from revloop.cli.show import AsJson, Failed, Person, Tenant, err, out, print_json, print_table, rows_of
from revloop.contracts.generated.events import DeadLetter
from revloop.kafka.client import client_config
from revloop.kafka.redrive import Choice, redrive
from revloop.kafka.registry import reading_codec

app = typer.Typer()
dead = typer.Typer(help="Dead letters: inputs that were refused.", no_args_is_help=True)
app.add_typer(dead, name="dead")


@dead.command("list")
def dead_list(tenant: Tenant = "nyc", person: Person = "seller", limit: Limit = 50, json: AsJson = False) -> None:
    """What was refused, why, and what to do about it; the newest first."""
    with console(tenant, person) as api:
        rows = rows_of(api.get("/v1/dead", limit=limit))
    if json:
        print_json(rows)
        return
    print_table(
        ["topic", "part", "offset", "reason", "detail"],
        [(r["topic"], r["partition"], r["offset"], r["reason"], r["detail"]) for r in rows],
    )


@dead.command("redrive")
def dead_redrive(
    topic: Annotated[str, typer.Argument(help="Topic the inputs came from, for example raw.deliveries.")],
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", help="Only of this tenant.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only what was refused for this reason.")] = None,
    partition: Annotated[int | None, typer.Option("--partition", help="Only of this partition.", min=0)] = None,
    offset: Annotated[int | None, typer.Option("--offset", help="Only the input at this offset.", min=0)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that was ever refused there.")] = False,
    json: AsJson = False,
) -> None:
    """Put refused inputs back where they came from, verbatim: mend the cause first, or they are refused again."""
    choice = Choice(tenant=tenant, reason=reason, partition=partition, offset=offset)
    if choice == Choice() and not everything:
        raise Failed("name --tenant, --reason or --partition and --offset, or say --all")
    client = client_config(bootstrap=Home.from_environment().bootstrap)
    count = redrive(topic, choice, client, reading_codec(), _tell)
    if json:
        print_json({"topic": topic, "redriven": count})
    else:
        out.print(f"{count} back on {topic}")


def _tell(letter: DeadLetter) -> None:
    err.print(f"{letter.reason}: {letter.detail}", markup=False)
