"""Assembles the command line, each group of commands from its own module, and says in words what goes wrong in one.

Exit codes: 0 done, 1 refused or failed, 2 not understood, 3 something that must answer does not.
"""

from typing import Any

import httpx
import typer
from typer.core import TyperGroup

import revloop.cli.accounts
import revloop.cli.check
import revloop.cli.data
import revloop.cli.dead
import revloop.cli.demo
import revloop.cli.ledger
import revloop.cli.machine
import revloop.cli.orders
import revloop.cli.reading
import revloop.cli.report
import revloop.cli.simulate
import revloop.cli.status
import revloop.cli.written
from revloop.cli.api import NotAnswering, not_answering
from revloop.cli.home import Home
from revloop.cli.processes import NotRunning
from revloop.cli.show import Failed
from revloop.contracts.failures import Retry, RevloopError
from revloop.kafka.answering import NoBroker
from revloop.kafka.local import BrokerFailed
from revloop.proof.errors import ProofError

NOTHING_ANSWERS = (NotAnswering, NotRunning, NoBroker, BrokerFailed, Retry, TimeoutError)
FAILED = (RevloopError, ProofError)


class Commands(TyperGroup):
    """Turns what is expected to go wrong into a sentence and an exit code; the rest is a fault and keeps its trace."""

    def invoke(self, ctx: Any) -> object:  # Typer has a click of its own, under a private name
        """Run a command."""
        try:
            return super().invoke(ctx)
        except httpx.TransportError as error:
            sentence = str(not_answering(_who(error), error))
            raise Failed(sentence, 3) from error
        except NOTHING_ANSWERS as error:
            raise Failed(str(error), 3) from error
        except FAILED as error:
            raise Failed(str(error)) from error


def _who(error: httpx.TransportError) -> str:
    try:
        return Home.from_environment().service_at(error.request.url.port)
    except RuntimeError:  # it ended before there was a request
        return "a service"


app = typer.Typer(
    name="revloop",
    cls=Commands,
    help="The revenue decision loop: from records to proven effects.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold tokens
)
MODULES = (
    revloop.cli.machine,
    revloop.cli.status,
    revloop.cli.data,
    revloop.cli.check,
    revloop.cli.report,
    revloop.cli.simulate,
    revloop.cli.reading,
    revloop.cli.accounts,
    revloop.cli.written,
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
