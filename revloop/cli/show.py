"""How the command line shows things: tables for people, JSON for programs, one place for both."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Tenant = Annotated[str, typer.Option("--tenant", "-t", envvar="REVLOOP_TENANT", help="Tenant.")]
Person = Annotated[str, typer.Option("--as", envvar="REVLOOP_AS", help="Person whose token is used.")]


class Failed(typer.Exit):
    """Ends the command with a message and an exit code: 1 refused or failed, 3 nothing answers."""

    def __init__(self, message: str, code: int = 1) -> None:
        err.print(f"[red]✗[/red] {escape(message)}", soft_wrap=True)
        super().__init__(code)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """A table; numbers to the right."""
    table = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    lines = [[_cell(cell) for cell in row] for row in rows]
    for index, column in enumerate(columns):
        numeric = all(
            line[index].replace(".", "").replace(",", "").replace("-", "").isdigit() for line in lines
        ) and bool(lines)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for line in lines:
        table.add_row(*line)
    out.print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else escape(str(value))


def rows_of(value: object) -> list[Mapping[str, object]]:
    """A JSON list of objects, checked."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Failed(f"the console answered something unexpected: {value!r}")
    return value


def object_of(value: object) -> Mapping[str, object]:
    """A JSON object, checked."""
    if not isinstance(value, dict):
        raise Failed(f"the console answered something unexpected: {value!r}")
    return value
