"""The command that makes up a company and writes its delivery log, with what is true of it."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from revloop.cli.show import AsJson, Failed, err, print_json, print_table
from revloop.simulate.run import Summary
from revloop.simulate.run import simulate as run_simulation

app = typer.Typer()


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.", file_okay=False)],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same company.")] = 1,
    accounts: Annotated[int, typer.Option("--accounts", help="How many accounts it has, customers or not.")] = 200,
    months: Annotated[int, typer.Option("--months", help="How long it is told of.")] = 12,
    json: AsJson = False,
) -> None:
    """Write the deliveries of a made-up software company, the signals that are true of it, and how each story ends."""
    columns = (TextColumn("simulating"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err) as progress:
        task = progress.add_task("simulating", total=None)

        def show(done: int, days: int) -> None:
            progress.update(task, completed=done, total=days)

        try:
            summary = run_simulation(seed=seed, accounts=accounts, months=months, out=out, progress=show)
        except OSError as error:
            raise Failed(f"{out} cannot be written: {error.strerror}: name another folder with --out") from error
    if json:
        print_json(msgspec.to_builtins(summary))
    else:
        _show(summary)


def _show(summary: Summary) -> None:
    print_table(
        ("tenant", "accounts", "first", "last", "deliveries"),
        [(summary.tenant, summary.accounts, summary.first[:10], summary.last[:10], summary.deliveries)],
    )
    print_table(("connector", "deliveries"), summary.by_connector.items())
    print_table(("signal", "opened or happened"), summary.signals.items())
    print_table(("outcome", "times"), summary.outcomes.items())
