"""Fetches the broker's jars from Maven Central once and checks each against a committed sum; a wrong one is refused."""

import os
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

from jgo.env import EnvironmentBuilder, LinkStrategy
from jgo.maven import MavenContext

from revloop.contracts.failures import RevloopError
from revloop.kafka.exclusive import exclusive

VERSION = "4.3.1"
COORDINATES = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"
"""The broker, and a logger for it: without one a broker that cannot start says nothing."""
SUMS = Path(__file__).with_name("jars.sha256")


class FetchFailed(RevloopError):
    """The jars could not be fetched."""


class WrongJar(RevloopError):
    """A file is not the one this release was made with."""


def cache_folder(home: Path) -> Path:
    """Where jars are kept: REVLOOP_CACHE, else ``cache`` in the home."""
    return Path(os.environ.get("REVLOOP_CACHE", home / "cache"))


def class_path(cache: Path) -> str:
    """The broker's class path; raises FetchFailed or WrongJar. The first call fetches about 45 MB."""
    folder = cache.absolute() / f"kafka-{VERSION}"
    with exclusive(cache / "lock"):
        if not folder.exists():
            _fetch(folder)
    jars = sorted(folder.iterdir())
    check(jars, pinned())
    return os.pathsep.join(str(jar) for jar in jars)


def _fetch(folder: Path) -> None:
    """Fill ``folder`` at once or not at all: a fetch that was interrupted leaves nothing that looks whole."""
    work = folder.with_name(f"{folder.name}.fetching")
    if work.exists():
        rmtree(work)
    context = MavenContext(repo_cache=work / "maven")
    try:
        builder = EnvironmentBuilder(context, work / "jgo", LinkStrategy.COPY)  # some file systems have no hard links
        found = Path(builder.from_endpoint(COORDINATES).path)
    except (OSError, RuntimeError) as error:
        raise FetchFailed(
            f"Kafka's jars could not be fetched: {error}. Start again once the network answers (what was half fetched"
            " is thrown away), point REVLOOP_CACHE at a folder that has them, or use another Kafka through"
            " KAFKA_BOOTSTRAP_SERVERS."
        ) from error
    whole = work / "whole"
    whole.mkdir()
    for jar in (*found.glob("jars/*.jar"), *found.glob("modules/*.jar")):
        jar.rename(whole / jar.name)
    check(sorted(whole.iterdir()), pinned())
    whole.rename(folder)
    rmtree(work)


def pinned() -> dict[str, str]:
    """The committed sums: jar name -> sha256."""
    lines = (line.split() for line in SUMS.read_text().splitlines() if line)
    return {name: digest for digest, name in lines}


def check(jars: list[Path], sums: dict[str, str]) -> None:
    """Raise WrongJar unless ``jars`` are exactly the pinned files."""
    names = {jar.name for jar in jars}
    if names != sums.keys():
        folder = jars[0].parent if jars else "the cache"
        raise WrongJar(
            f"{folder} does not hold the pinned jars: missing {sorted(sums.keys() - names)},"
            f" unknown {sorted(names - sums.keys())}. Delete that folder and start again."
        )
    for jar in jars:
        if sha256(jar.read_bytes()).hexdigest() != sums[jar.name]:
            raise WrongJar(
                f"{jar} differs from the pinned file. Delete its folder and start again; if it stays so, what the"
                " repository serves is not what this release was made with: do not run it, report it."
            )
