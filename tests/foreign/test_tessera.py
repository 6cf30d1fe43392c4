"""Another project's library reads our logs: it agrees on every intact one, and on none that was damaged.

Some are written by the log's writer with made-up entries, one by the ledger service's code with facts of a real log.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Envelope, LedgerEntry, LedgerReceipt
from revloop.proof.verify import verify_log
from revloop.replay.backtest import Backtest
from revloop.stores.blobs import DirectoryBlobs
from revloop.streams import Received
from revloop.tenants import Registry
from services.ledger.index import EntryIndex
from services.ledger.logs import TenantLogs
from tests.figures import write_if_asked
from tests.loops import NYC, PROFILES, ROOT
from tests.unit.proof.sample import VKEY, files_of, write_log

HERE = Path(__file__).parent / "tessera"
PAGE = ROOT / "docs" / "generated" / "foreign-verifier.md"
SIZES = (1, 2, 255, 256, 257, 1_000, 65_536, 70_000)
TEXT = """# A foreign verifier over our logs

Tessera's checker (`tests/foreign/tessera`, Go) and `revloop ledger verify` read the same folders and agree on all of
them; a log that was damaged is refused by both. The last row is what the ledger service's code writes of
`examples/nyc`; the entries of the others are made up. `REVLOOP_WRITE=1 pytest -m long tests/foreign` writes this page.

| entries | Tessera, s | ours, s |
| ---: | ---: | ---: |
"""
BATCH, BUNDLE = 100, 256
Verify = Callable[[Path, Path], subprocess.CompletedProcess[str]]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("go") is None, reason="NOT RUN, no foreign verifier has read our logs: there is no Go here"
    ),
]


@pytest.fixture(scope="module")
def verify(tmp_path_factory: pytest.TempPathFactory) -> Verify:
    """Runs Tessera's checker over a folder, with the public key in a file."""
    program = tmp_path_factory.mktemp("tessera") / "verify"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE, check=True, timeout=600)

    def run(directory: Path, key: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(program), str(directory), str(key)], capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public key of the logs with made-up entries."""
    path = tmp_path_factory.mktemp("key") / "log.vkey"
    path.write_text(VKEY)
    return path


@pytest.fixture(scope="module")
def facts() -> list[LedgerEntry]:
    """What the cores want to be recorded of a real log."""
    found: list[LedgerEntry] = []

    def keep(event: Envelope) -> None:
        if isinstance(event, LedgerEntry):
            found.append(event)

    backtest = Backtest(Registry.load(PROFILES), ROOT / "policies")
    backtest.run([NYC], lambda pipeline, _: pipeline.listen(topics.LEDGER_ENTRIES, keep))
    return found


class Ledger:
    """The ledger service without its stream: batches come as the engine hands them over."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.log = home / "ledger" / "nyc"
        self._start()

    def _start(self) -> None:
        self._index = EntryIndex(self._home / "index.sqlite")
        blobs = DirectoryBlobs(self._home / "blobs")
        self._logs = TenantLogs(self._home / "ledger", self._home / "keys", self._index, blobs)

    def restart(self) -> None:
        self._index.close()
        self._logs.writer("nyc").close()
        self._start()

    def take(self, entries: Sequence[LedgerEntry]) -> list[int]:
        """Record a batch; gives the index of each."""
        batch = [Received(topics.LEDGER_ENTRIES, 0, number, entry) for number, entry in enumerate(entries)]
        answers = [emit.event for emit in self._logs.handle(batch)]
        return [answer.index for answer in answers if isinstance(answer, LedgerReceipt)]


@pytest.fixture
def ledger(facts: list[LedgerEntry], tmp_path: Path) -> Ledger:
    """All facts recorded, with a restart in the middle and a batch that comes twice."""
    ledger = Ledger(tmp_path / "home")
    indexes: list[int] = []
    for start in range(0, len(facts), BATCH):
        if start == 5 * BATCH:
            ledger.restart()
            assert ledger.take(facts[start - BATCH : start]) == indexes[-BATCH:]
        indexes += ledger.take(facts[start : start + BATCH])
    assert indexes == list(range(len(facts)))
    return ledger


def timed(verify: Verify, log: Path, key: Path, size: int) -> str:
    """A row of the page for a log that both find intact, with so many entries."""
    began = time.monotonic()
    theirs = verify(log, key)
    between = time.monotonic()
    ours = verify_log(log, key.read_text().strip())
    assert (theirs.returncode, theirs.stdout) == (0, "ok\n"), theirs.stderr
    assert (ours.ok, ours.size) == (True, size)
    return f"| {size:,} | {between - began:.2f} | {time.monotonic() - between:.2f} |\n"


def test_it_agrees_on_every_intact_log(
    verify: Verify, key: Path, ledger: Ledger, facts: list[LedgerEntry], tmp_path: Path
) -> None:
    rows = []
    for size in SIZES:
        log = tmp_path / str(size)
        write_log(log, size, batch=max(300, size // 7))
        rows.append(timed(verify, log, key, size))
    rows.append(timed(verify, ledger.log, ledger.log / "vkey", len(facts)))
    write_if_asked(PAGE, TEXT + "".join(rows))


def test_it_agrees_on_what_the_ledger_wrote(verify: Verify, ledger: Ledger, facts: list[LedgerEntry]) -> None:
    assert len({fact.kind for fact in facts}) >= 2
    assert len(facts) > 4 * BUNDLE, "there is no whole bundle to read"
    timed(verify, ledger.log, ledger.log / "vkey", len(facts))


@pytest.mark.parametrize("part", ["checkpoint", "tile/entries/001", "tile/0/002"])
def test_it_refuses_what_was_changed_after_the_ledger_wrote_it(verify: Verify, ledger: Ledger, part: str) -> None:
    damage(ledger.log / part)
    assert verify(ledger.log, ledger.log / "vkey").returncode == 1
    assert not verify_log(ledger.log, (ledger.log / "vkey").read_text().strip()).ok


def test_another_key_is_not_that_of_the_ledger(verify: Verify, ledger: Ledger, key: Path) -> None:
    assert verify(ledger.log, key).returncode == 1


def damage(path: Path) -> None:
    """One bit in the middle is another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "part", ["checkpoint", "tile/entries/000", "tile/0/000", "tile/entries/001.p/", "tile/1/000.p/"]
)
def test_it_refuses_a_damaged_log_as_we_do(verify: Verify, key: Path, tmp_path: Path, part: str) -> None:
    log = tmp_path / "log"
    write_log(log, 300)
    name = next(name for name in sorted(files_of(log)) if name.startswith(part))
    damage(log / name)
    theirs = verify(log, key)
    assert theirs.returncode == 1
    assert theirs.stderr.strip()
    assert [finding.file for finding in verify_log(log, VKEY).findings] == [name]


def test_it_refuses_a_log_with_a_file_missing(verify: Verify, key: Path, tmp_path: Path) -> None:
    write_log(tmp_path / "log", 300)
    (tmp_path / "log" / "tile" / "0" / "000").unlink()
    assert verify(tmp_path / "log", key).returncode == 1
