"""Commands that move data: feed delivery files, ask a vendor, run a backtest."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from revloop.cli.api import ApiError, feed_token, reason_of
from revloop.cli.home import Home
from revloop.cli.show import AsJson, err, out, print_json
from revloop.contracts.generated.events import Delivery, Tick
from revloop.contracts.times import iso
from revloop.replay.backtest import run as run_backtest
from revloop.replay.deliveries import events, folders_of
from revloop.tenants import Registry

app = typer.Typer()
BATCH_BYTES = 2 * 2**20
Folders = Annotated[list[Path], typer.Argument(help="Folders with deliveries.jsonl.gz.", exists=True)]
TenantsDir = Annotated[Path, typer.Option("--tenants", help="Folder of tenant profiles.", exists=True, file_okay=False)]
Until = Annotated[str | None, typer.Option("--until", help="Last moment, ISO 8601.")]
PROFILES = Path("examples/tenants")


@app.command()
def feed(
    folders: Folders,
    tenants: TenantsDir = PROFILES,
    until: Until = None,
    limit: int | None = None,
    json: AsJson = False,
) -> None:
    """Feed delivery files and the ticks of their clocks into the running loop, in order."""
    registry = Registry.load(tenants)
    home = Home.from_environment()
    counts = {
        tenant: feed_tenant(home, registry, own, tenant, until, limit) for tenant, own in folders_of(folders).items()
    }
    if json:
        print_json(counts)
        return
    for tenant, count in counts.items():
        out.print(f"{tenant}: {count:,} deliveries and ticks are in the log")


def feed_tenant(
    home: Home, registry: Registry, folders: list[Path], tenant: str, until: str | None, limit: int | None
) -> int:
    """Send one tenant's deliveries and ticks; gives their number."""
    token = feed_token(home)
    count = 0
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress,
        httpx.Client(timeout=120, headers={"authorization": f"Bearer {token}"}) as client,
    ):
        task = progress.add_task(f"feeding {tenant}", total=None)
        for lines, size in batches(events(folders, registry, tenant, until, limit)):
            response = client.post(f"{home.url('ingest')}/v1/feed/{tenant}", content=lines)
            if response.is_error:
                raise ApiError(f"ingest refused: {reason_of(response)}")
            count += size
            progress.update(task, completed=count)
    return count


def batches(items: Iterable[Delivery | Tick]) -> Iterator[tuple[bytes, int]]:
    """Lines of a feed in pieces that one request takes."""
    lines: list[bytes] = []
    size = 0
    for item in items:
        line = msgspec.json.encode(feed_line(item))
        lines.append(line)
        size += len(line)
        if size >= BATCH_BYTES:
            yield b"\n".join(lines), len(lines)
            lines, size = [], 0
    if lines:
        yield b"\n".join(lines), len(lines)


def feed_line(item: Delivery | Tick) -> dict[str, object]:
    """A delivery or a tick as ingest's feed takes it."""
    if isinstance(item, Tick):
        return {"at": iso(item.at), "tick": True}
    return {
        "at": iso(item.observed_at),
        "seq": item.seq,
        "connector": item.connector,
        "mode": item.mode.value,
        "resource": item.resource,
        "request": item.request,
        "body": item.body.decode(),
        "status": item.status,
    }


@app.command()
def poll(tenant: str, connector: str = "salesforce", json: AsJson = False) -> None:
    """Ask a vendor now for what changed since the last time."""
    count = poll_tenant(Home.from_environment(), tenant, connector)
    if json:
        print_json({"deliveries": count})
    else:
        out.print(f"{count} deliveries")


def poll_tenant(home: Home, tenant: str, connector: str) -> int:
    """Let ingest ask a vendor; gives the number of its answers. Raises ApiError."""
    response = httpx.post(
        f"{home.url('ingest')}/v1/poll/{tenant}/{connector}",
        headers={"authorization": f"Bearer {feed_token(home)}"},
        timeout=120,
    )
    if response.is_error:
        raise ApiError(f"ingest refused: {reason_of(response)}")
    return int(response.json()["deliveries"])


@app.command()
def backtest(
    folders: Folders,
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    profile: Annotated[
        Path | None, typer.Option("--profile", help="One profile in place of the tenant's own.", exists=True)
    ] = None,
    tenants: TenantsDir = PROFILES,
    policies: Annotated[Path, typer.Option("--policies", help="Folder of policies.", exists=True)] = Path("policies"),
    until: Until = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only the first deliveries of each tenant.")] = None,
    json: AsJson = False,
) -> None:
    """Run the same cores in one process over delivery folders, in event time, without Kafka."""
    report = run_backtest(folders, to, tenants=tenants, policies=policies, profile=profile, until=until, limit=limit)
    if json:
        print_json(report)
        return
    out.print(f"wrote signals.csv, states.csv, decisions.jsonl, report.json and run.json to {to}")
