"""Fetches the broker's jars from Maven Central once and checks each against a committed sum; a wrong one is refused."""

import os
from hashlib import sha256
from pathlib import Path

import jgo

from revloop.contracts.failures import RevloopError

VERSION = "4.3.1"
ENDPOINT = f"org.apache.kafka:kafka_2.13:{VERSION}"
SUMS = Path(__file__).with_name("jars.sha256")


class WrongJar(RevloopError):
    """A fetched file is not the one this release was made with."""


def cache_folder(home: Path) -> Path:
    """Where jars are kept: REVLOOP_CACHE, else ``cache`` in the home."""
    return Path(os.environ.get("REVLOOP_CACHE", home / "cache"))


def class_path(cache: Path) -> str:
    """The broker's class path; raises WrongJar. The first call fetches about 45 MB."""
    jars = fetched(cache)
    check(jars, pinned())
    return os.pathsep.join(str(jar) for jar in jars)


def fetched(cache: Path) -> list[Path]:
    """Every jar of the broker, sorted by name."""
    environment = jgo.build(ENDPOINT, cache_dir=cache / "jgo")
    folders = (Path(environment.path) / name for name in ("jars", "modules"))
    return sorted((jar.absolute() for folder in folders for jar in folder.glob("*.jar")), key=lambda jar: jar.name)


def pinned() -> dict[str, str]:
    """The committed sums: jar name -> sha256."""
    lines = (line.split() for line in SUMS.read_text().splitlines() if line)
    return {name: digest for digest, name in lines}


def check(jars: list[Path], sums: dict[str, str]) -> None:
    """Raise WrongJar unless ``jars`` are exactly the pinned files."""
    names = {jar.name for jar in jars}
    if names != sums.keys():
        raise WrongJar(
            f"the broker's jars are not the pinned ones: missing {sorted(sums.keys() - names)},"
            f" unknown {sorted(names - sums.keys())}"
        )
    for jar in jars:
        if sha256(jar.read_bytes()).hexdigest() != sums[jar.name]:
            raise WrongJar(
                f"{jar} differs from the pinned file: delete it and start again; if it stays so, do not run it"
            )
