"""requirements.lock fits requirements.in: what stands there is pinned as it asks, by hashes, and names no address."""

import re
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT

PIN = re.compile(r"([\w.-]+)==(\S+) ")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ADDRESS = re.compile(r"\w://|(?<!\S)(?:-i|-f|--(?:extra-)?index-url|--find-links|--trusted-host)\b| @ ")


def lines_of(text: str) -> Iterator[str]:
    """Logical lines without comments: a pin and its hashes are one."""
    for line in text.replace("\\\n", " ").splitlines():
        if told := re.sub(r"(^|\s)#.*", "", line).strip():
            yield told


def pins(lock: str) -> dict[str, list[str]]:
    """Versions by canonical name; several where machines differ."""
    found: dict[str, list[str]] = {}
    for line in lines_of(lock):
        if pin := PIN.match(line):
            found.setdefault(canonicalize_name(pin[1]), []).append(pin[2])
    return found


def misfits(wanted: str, lock: str) -> list[str]:
    """Requirements that the lock does not pin, or pins at a version that does not satisfy them."""
    pinned = pins(lock)
    found = []
    for requirement in map(Requirement, lines_of(wanted)):
        versions = pinned.get(canonicalize_name(requirement.name), [])
        if not versions:
            found.append(f"{requirement.name} is not pinned")
        found += [f"{requirement} is pinned at {v}" for v in versions if not requirement.specifier.contains(v)]
    return found


def faults(lock: str) -> list[str]:
    """Lines that are no pin with a hash, or that say where to fetch from, and comments that do."""
    loose = [line for line in lines_of(lock) if not (PIN.match(line) and HASH.search(line))]
    return loose + [line for line in lock.splitlines() if ADDRESS.search(line)]


def test_what_is_required_is_pinned_as_required() -> None:
    wanted, lock = (ROOT / "requirements.in").read_text(), (ROOT / "requirements.lock").read_text()
    assert len(list(lines_of(wanted))) > 30
    assert not misfits(wanted, lock), "run make lock"


def test_every_pin_has_a_hash_and_no_address() -> None:
    assert not faults((ROOT / "requirements.lock").read_text())


LOCK = f"pyyaml==6.0.4 \\\n    --hash=sha256:{'0' * 64}\n    # via -r requirements.in\n"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("pyyaml", []),
        ("PyYAML>=6,<7  # why", []),
        ("pyyaml[extra]==6.0.4", []),
        ("pyyaml==6.0.3", ["pyyaml==6.0.3 is pinned at 6.0.4"]),
        ("pyyaml>=7", ["pyyaml>=7 is pinned at 6.0.4"]),
        ("pyyaml\nmsgspec==0.22.0", ["msgspec is not pinned"]),
        ("yaml", ["yaml is not pinned"]),
    ],
)
def test_a_lock_that_does_not_fit_is_found(wanted: str, found: list[str]) -> None:
    assert misfits(wanted, LOCK) == found


@pytest.mark.parametrize(
    ("lock", "count"),
    [
        (LOCK, 0),
        (LOCK.replace("6.0.4", "6.0.4 ; sys_platform == 'win32'"), 0),
        ("pyyaml==6.0.4\n", 1),
        ("pyyaml>=6 \\\n    --hash=sha256:" + "0" * 64, 1),
        (LOCK + "# from https://example.org/simple\n", 1),
        ("--index-url example.org\n" + LOCK, 2),
        (f"pyyaml @ file:///a.whl \\\n    --hash=sha256:{'0' * 64}\n", 2),
    ],
)
def test_a_loose_pin_or_an_address_is_found(lock: str, count: int) -> None:
    assert len(faults(lock)) == count
