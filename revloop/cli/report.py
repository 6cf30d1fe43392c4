"""Reports over delivery logs whose later outcomes are known."""

from pathlib import Path
from typing import Annotated

import typer

from revloop.cli.data import PROFILES, TenantsDir
from revloop.cli.machine import say
from revloop.cli.show import AsJson, Failed, out, print_json
from revloop.quality import Result, examine, load_studies, page, read_outcomes, watch
from revloop.tenants import Registry

app = typer.Typer()
report = typer.Typer(help="Reports over delivery logs.", no_args_is_help=True)
app.add_typer(report, name="report")


@report.command()
def quality(
    data: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="Logs, and truth/ beside.")],
    to: Annotated[Path | None, typer.Option("--out", help="File to write; printed when not given.")] = None,
    studies: Annotated[Path, typer.Option("--studies", exists=True, help="What is asked.")] = Path(
        "examples/quality.yaml"
    ),
    tenants: TenantsDir = PROFILES,
    policies: Annotated[Path, typer.Option("--policies", help="Folder of policies.", exists=True)] = Path("policies"),
    json: AsJson = False,
) -> None:
    """How well the risks that states told came true, against later outcomes."""
    registry = Registry.load(tenants)
    results: list[Result] = []
    for study in load_studies(studies):
        if not (data / study.tenant).is_dir():
            say(f"no log of {study.tenant} in {data}: left out")
            continue
        say(f"reading the log of {study.tenant}")
        seen = watch([data / study.tenant], registry, study.tenant, policies)
        told = read_outcomes(data / "truth" / f"{study.tenant}-outcomes.csv.gz", study.outcome)
        results.append(examine(study, seen, told))
    if not results:
        raise Failed(f"{data} holds no log that {studies} asks about")
    if json:
        print_json(results)
    if to is not None:
        to.write_text(page(results))
        say(f"wrote {to}")
    elif not json:
        out.print(page(results), markup=False, highlight=False)
