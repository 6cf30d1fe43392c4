"""The state of the loop on one machine: what runs, how far it is, and whether every tenant's deliveries add up."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import typer

from revloop.cli.api import Api, ApiError, known_tenants
from revloop.cli.home import SERVICES, Home
from revloop.cli.show import AsJson, Failed, Person, object_of, out, print_json, print_table, rows_of
from revloop.cli.stack import Stack

app = typer.Typer()
OnlyTenant = Annotated[
    str | None, typer.Option("--tenant", "-t", envvar="REVLOOP_TENANT", help="Only this tenant; all by default.")
]


class Row(msgspec.Struct, frozen=True):
    """One service, or the broker, which has no lag of its own."""

    service: str
    up: bool = False
    ready: bool = False
    lag: int | None = None
    recovered: int | None = None
    errors: int | None = None
    last_commit: float | None = None


class TenantStatus(msgspec.Struct, frozen=True):
    """What became of one tenant's deliveries; ``trouble`` says why that is not known."""

    law_4: list[Mapping[str, object]] = []
    counts: Mapping[str, object] = {}
    trouble: str = ""


@app.command()
def status(tenant: OnlyTenant = None, person: Person = "seller", json: AsJson = False) -> None:
    """Kafka, each service and law 4; exit code 3 when something is not up, 1 when something does not add up."""
    home = Home.from_environment()
    services = [_kafka(home), *(_service(home, name) for name in SERVICES)]
    tenants, trouble = _tenants(home, tenant, person)
    memory = Stack(home).memory_bytes()
    if json:
        shown = {"services": services, "tenants": tenants, "trouble": trouble, "memory_bytes": memory}
        print_json(msgspec.to_builtins(shown))
    else:
        _print_services(services)
        for name, found in tenants.items():
            _print_law_4(name, found)
        out.print(f"memory of all processes together: {sum(memory.values()) / 2**20:,.0f} MiB")
    _end(home.directory, services, tenants, trouble)


def _tenants(home: Home, only: str | None, person: str) -> tuple[dict[str, TenantStatus], str]:
    """Each tenant that ``person`` may see; and why none is known, where that is so."""
    try:
        names = [only] if only else known_tenants(home, person)
    except ApiError as error:
        return {}, str(error)
    return {name: _tenant(home, name, person) for name in names}, ""


def _tenant(home: Home, tenant: str, person: str) -> TenantStatus:
    try:
        with Api(home, tenant, person) as api:
            return TenantStatus(rows_of(api.get("/v1/accounts-of-law-4")), object_of(api.get("/v1/counts")))
    except ApiError as error:
        return TenantStatus(trouble=str(error))


def _kafka(home: Home) -> Row:
    """The local broker; of another cluster the services tell, who cannot be ready without it."""
    running = not home.own_broker or Stack(home).broker().is_running()
    return Row("kafka", running, running)


def _service(home: Home, name: str) -> Row:
    try:
        found = object_of(httpx.get(f"{home.url(name)}/status", timeout=2).json())
        ready = httpx.get(f"{home.url(name)}/ready", timeout=2).status_code == 200
    except (httpx.TransportError, ValueError):  # nobody, or somebody else, who has the port
        return Row(name)
    named = {key: found.get(key) for key in ("lag", "recovered", "errors", "last_commit")}
    return msgspec.convert({"service": name, "up": True, "ready": ready, **named}, Row)


def _print_services(services: Sequence[Row]) -> None:
    columns = ["service", "up", "ready", "lag", "recovered", "errors"]
    print_table(
        [*columns, "last commit"],
        [[*(getattr(row, name) for name in columns), _ago(row.last_commit)] for row in services],
        title="Services",
    )


def _ago(moment: float | None) -> str:
    return "" if moment is None else f"{time.time() - moment:,.0f} s ago"


def _print_law_4(tenant: str, found: TenantStatus) -> None:
    """A column for each connector: there are more counts than connectors."""
    title = f"Accounts of law 4, {tenant}"
    if not found.law_4:
        out.print(f"{title}: {found.trouble or 'no deliveries yet'}", markup=False, soft_wrap=True)
        return
    name, *counts = found.law_4[0]
    print_table(
        ["", *(str(row[name]) for row in found.law_4)],
        [[count.replace("_", " "), *(row[count] for row in found.law_4)] for count in counts],
        title=title,
    )


def _end(home: Path, services: Sequence[Row], tenants: Mapping[str, TenantStatus], trouble: str) -> None:
    """Say on standard error what is not as it must be, and end with its exit code."""
    down = [row.service for row in services if not (row.up and row.ready)]
    if down:
        missing = f"not up: {', '.join(down)}: start with `revloop up`, look into logs/ of {home}"
        raise Failed(trouble or missing, 3)
    if trouble := trouble or next((found.trouble for found in tenants.values() if found.trouble), ""):
        raise Failed(trouble)
    if wrong := [name for name, found in tenants.items() if not all(row["adds_up"] for row in found.law_4)]:
        raise Failed(f"law 4 does not add up for {', '.join(wrong)}: look at its dead letters and who is parked")
