"""Assembles the command line; each group of commands lives in its own module."""

import typer

import revloop.cli.check
import revloop.cli.data
import revloop.cli.dead
import revloop.cli.demo
import revloop.cli.ledger
import revloop.cli.machine
import revloop.cli.orders
import revloop.cli.reading
import revloop.cli.simulate

app = typer.Typer(
    name="revloop",
    help="The revenue decision loop: from records to proven effects.",
    no_args_is_help=True,
    add_completion=False,
)
MODULES = (
    revloop.cli.machine,
    revloop.cli.data,
    revloop.cli.check,
    revloop.cli.simulate,
    revloop.cli.reading,
    revloop.cli.dead,
    revloop.cli.orders,
    revloop.cli.ledger,
    revloop.cli.demo,
)
for module in MODULES:
    app.registered_commands += module.app.registered_commands
    app.registered_groups += module.app.registered_groups


def main() -> None:
    """Entry point of the ``revloop`` command."""
    app()
