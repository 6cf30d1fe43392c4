"""Commands of the auditor: check a log, take out a proof."""

from pathlib import Path
from typing import Annotated

import typer

from revloop.cli.home import Home
from revloop.cli.reading import console
from revloop.cli.show import AsJson, Failed, Person, Tenant, object_of, out, print_json, rows_of
from revloop.contracts.keys import tenant_key
from revloop.proof.folder import LogReader
from revloop.proof.verify import verify_log

app = typer.Typer()
ledger = typer.Typer(help="The provable log.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")


@ledger.command()
def verify(
    tenant: Tenant = "nyc",
    folder: Annotated[Path | None, typer.Option("--dir", help="Folder of a log; this home's by default.")] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="File with the verifier key; the log's own by default.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Check every entry, tile and signature of a log; exit code 1 with each fault named."""
    where = folder or _folder(tenant)
    report = verify_log(where, _key(key or where / "vkey"))
    if json:
        print_json({"ok": report.ok, "size": report.size, "root": report.root.hex(), "faults": report.faults})
    elif report.ok:
        out.print(f"[green]✓[/green] {report.size:,} entries, root {report.root.hex()}")
    if not report.ok:
        raise Failed("\n  ".join(["the log is damaged:", *report.faults]))


@ledger.command()
def prove(
    decision: str,
    to: Annotated[Path, typer.Option("--out", help="Folder to write to.")],
    tenant: Tenant = "nyc",
    person: Person = "seller",
    json: AsJson = False,
) -> None:
    """Write a proof file for each ledger entry of a decision: entry, .tlog-proof and the key; no more is needed."""
    with console(tenant, person) as api:
        receipts = rows_of(api.get(f"/v1/decisions/{decision}/receipts"))
    if not receipts:
        raise Failed(f"the ledger holds nothing of {decision} yet: look with `revloop status`")
    folder = _folder(tenant)
    log = LogReader(folder)
    to.mkdir(parents=True, exist_ok=True)
    (to / "vkey").write_text(_key(folder / "vkey"))
    names = []
    for receipt in map(object_of, receipts):
        index = int(str(receipt["index"]))
        name = f"{index:06d}-{str(receipt['kind']).lower()}"
        names.append(name)
        (to / f"{name}.json").write_bytes(log.entry(index))
        (to / f"{name}.tlog-proof").write_bytes(log.prove(index).encode())
    if json:
        print_json({"folder": str(to), "proofs": names})
        return
    out.print(
        f"{len(receipts)} proofs in {to}; check one with:"
        f" python -m revloop.proof.verify --proof P --entry E --key {to}/vkey"
    )


def _folder(tenant: str) -> Path:
    return Home.from_environment().directory / "ledger" / tenant_key(tenant)


def _key(path: Path) -> str:
    if not path.exists():
        raise Failed(f"there is no {path}: name a log by --dir or --tenant, its key by --key, or `revloop run` first")
    return path.read_text()
