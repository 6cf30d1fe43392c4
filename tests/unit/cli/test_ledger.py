"""``revloop ledger verify`` as an auditor runs it: 0 for a sound log, 1 with the name of the file that is damaged."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from revloop.cli.main import app
from tests.unit.proof.sample import VKEY, write_log

ENTRIES = 300
TILE = "tile/0/000"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of tenant nyc in a home of its own."""
    monkeypatch.setenv("REVLOOP_HOME", str(tmp_path))
    folder = tmp_path / "ledger" / "nyc"
    folder.mkdir(parents=True)
    write_log(folder, ENTRIES)
    (folder / "vkey").write_text(VKEY)
    return folder


def verify(*options: str) -> Result:
    return CliRunner().invoke(app, ["ledger", "verify", *options])


def test_a_sound_log_is_said_to_be_sound(log: Path) -> None:
    done = verify()
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{ENTRIES} entries" in done.stdout
    found = json.loads(verify("--json").stdout)
    assert (found["ok"], found["size"], found["faults"]) == (True, ENTRIES, [])


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_damaged_tile_is_named(log: Path, options: tuple[str, ...]) -> None:
    tile = log / TILE
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    tile.write_bytes(bytes(data))
    done = verify(*options)
    assert done.exit_code == 1
    assert TILE in done.stderr
    if options:
        found = json.loads(done.stdout)
        assert not found["ok"]
        assert any(TILE in fault for fault in found["faults"])


def test_a_log_elsewhere_and_the_key_of_somebody_else(log: Path, tmp_path: Path) -> None:
    assert verify("--dir", str(log)).exit_code == 0
    other = tmp_path / "other.key"
    other.write_text("no key")
    done = verify("--key", str(other))
    assert (done.exit_code, "key" in done.stderr) == (1, True)
    gone = verify("--dir", str(tmp_path / "gone"))
    assert (gone.exit_code, "--dir" in gone.stderr) == (1, True)
