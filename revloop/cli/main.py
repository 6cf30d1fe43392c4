"""Assembles the command line; each group of commands lives in its own module."""

import typer

from revloop.cli import data, demo, ledger, machine, orders, reading

app = typer.Typer(
    name="revloop",
    help="The revenue decision loop: from records to proven effects.",
    no_args_is_help=True,
    add_completion=False,
)
for module in (machine, data, reading, orders, ledger, demo):
    app.registered_commands += module.app.registered_commands
    app.registered_groups += module.app.registered_groups


def main() -> None:
    """Entry point of the ``revloop`` command."""
    app()
