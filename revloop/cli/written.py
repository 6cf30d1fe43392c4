"""Commands about what is written: the brief for a meeting, and passages of what people wrote."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from revloop.cli.accounts import Account, Deliveries, archive, known, moment_of
from revloop.cli.data import PROFILES, TenantsDir
from revloop.cli.reading import console
from revloop.cli.show import AsJson, Person, Tenant, object_of, out, print_json, rows_of
from revloop.contracts.times import iso
from revloop.memory.store import Memory
from revloop.replay.texts import texts_of
from revloop.stores.minilm import MiniLm
from revloop.stores.vectors_sqlite import SqliteVectors
from revloop.tenants import Registry

app = typer.Typer()
memory = typer.Typer(help="What people wrote about accounts.", no_args_is_help=True)
app.add_typer(memory, name="memory")
At = Annotated[str | None, typer.Option("--at", help="ISO 8601; now when not given.")]


@app.command()
def brief(
    account: Account,
    at: At = None,
    tenant: Tenant = "nyc",
    person: Person = "seller",
    deliveries: Deliveries = None,
    tenants: TenantsDir = PROFILES,
    json: AsJson = False,
) -> None:
    """What to know before an account's next meeting, each sentence with its records."""
    moment = None if at is None else moment_of(at)
    if deliveries:
        made = known(archive(deliveries, tenants, tenant, account, moment).brief(moment), account)
        shown = object_of(msgspec.json.decode(msgspec.json.encode(made)))
    else:
        with console(tenant, person) as api:
            shown = object_of(api.get(f"/v1/accounts/{account}/brief", at=at))
    if json:
        print_json(shown)
        return
    _print_brief(shown)


@memory.command("search")
def search(
    text: Annotated[str, typer.Argument(help="Words, or a question.")],
    account: Annotated[str | None, typer.Option("--account", help="Of this account alone.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Of this kind alone, for example support_case.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=50)] = 5,
    tenant: Tenant = "nyc",
    person: Person = "seller",
    deliveries: Deliveries = None,
    tenants: TenantsDir = PROFILES,
    json: AsJson = False,
) -> None:
    """Passages of what people wrote, found by words and by meaning, best first."""
    if deliveries:
        shown = _searched(deliveries, tenants, tenant, text, account, kind, limit)
    else:
        with console(tenant, person) as api:
            shown = object_of(api.get("/v1/memory/search", q=text, account=account, kind=kind, limit=limit))
    if json:
        print_json(shown)
        return
    _print_found(shown)


def _searched(
    folders: list[Path], tenants: Path, tenant: str, text: str, account: str | None, kind: str | None, limit: int
) -> Mapping[str, object]:
    """A memory made for one question."""
    artifacts = texts_of(folders, Registry.load(tenants), tenant, None)
    with TemporaryDirectory() as folder:
        made = Memory(Path(folder, "texts"), MiniLm(threads=2), SqliteVectors(Path(folder, "vectors")))
        made.remember(tenant, artifacts)
        found = made.search(tenant, text, account, [kind] if kind else None, limit)
        made.close()
    return object_of(msgspec.json.decode(msgspec.json.encode(found)))


def _print_brief(made: Mapping[str, object]) -> None:
    out.print(f"[bold]{escape(str(made['account_id']))}[/bold]  as of {iso(int(str(made['as_of'])))}")
    for section in rows_of(made["sections"]):
        out.print(f"[bold]{section['title']}[/bold]")
        for sentence in rows_of(section["sentences"]):
            out.print(escape(f"  • {sentence['text']}"), soft_wrap=True)
            for line in _basis(sentence):
                out.print(escape(f"      {line}"), style="dim", soft_wrap=True)


def _basis(sentence: Mapping[str, object]) -> list[str]:
    """What the sentence rests on: fields of records, else the records, else the state."""
    items = [
        f"{one['entity']} {one['field']}: {one['before']!r} -> {one['after']!r}   {one['snapshot_id']}"
        for one in rows_of(sentence["evidence"])
    ]
    records = [f"{one['connector']} {one['entity_type']}/{one['entity_id']}" for one in rows_of(sentence["records"])]
    return items or records or [f"state {sentence['state']}"]


def _print_found(found: Mapping[str, object]) -> None:
    if found["degraded"]:
        out.print(escape(f"found by words alone: {found['degraded']}"))
    for number, hit in enumerate(rows_of(found["hits"]), 1):
        ranks = ", ".join(
            f"{how} #{hit[name]}" for how, name in (("meaning", "by_meaning"), ("words", "by_words")) if hit[name]
        )
        day = iso(int(str(hit["at"])))[:10]
        out.print(
            f"[bold]{number}. {escape(str(hit['title']))}[/bold]  {escape(str(hit['account_id']))}, {day}  ({ranks})"
        )
        out.print(escape(f"   {hit['passage']}"), soft_wrap=True)
        out.print(escape(f"   {hit['source']} {hit['entity']}   {hit['snapshot_id']}"), style="dim", soft_wrap=True)
    if not rows_of(found["hits"]):
        out.print("nothing that people wrote answers this")
