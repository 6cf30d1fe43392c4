"""Asks 200 questions three ways and counts answers among the first five; then asks among 100,000 chunks and times it.

``python bench/retrieval.py --write`` puts the figures in docs/generated/retrieval.md.
"""

import csv
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from revloop.memory.artifact import Artifact, Hit
from revloop.memory.store import Memory
from revloop.stores.embeddings import Embedder, HashedEmbedder
from revloop.stores.minilm import MiniLm
from revloop.stores.vectors_sqlite import SqliteVectors

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "examples" / "retrieval"
REPORT = ROOT / "docs" / "generated" / "retrieval.md"
TOP = 5
CHUNKS = 100_000
ACCOUNTS = 5_000
QUESTIONS = 400
WAYS: Mapping[str, Callable[[Hit], int | None]] = {
    "vector": lambda hit: hit.by_meaning,
    "full text": lambda hit: hit.by_words,
}


def passages() -> list[dict[str, str]]:
    """What is searched."""
    return [json.loads(line) for line in (DATA / "passages.jsonl").read_text().splitlines()]


def questions() -> list[tuple[str, str]]:
    """Questions, each with the passage that answers it."""
    with (DATA / "questions.tsv").open(newline="") as file:
        return [(row["question"], row["passage"]) for row in csv.DictReader(file, delimiter="\t")]


def artifact(name: str, text: str, account: str = "a") -> Artifact:
    """A text without a record behind it."""
    return Artifact(
        artifact_id=name,
        account_id=account,
        kind="note",
        at=0,
        title=name,
        text=text,
        snapshot_id="",
        entity="",
        source="",
    )


def recall(embedder: Embedder) -> dict[str, Counter[str]]:
    """Way of asking -> origin of the passage -> answers among the first five."""
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(Path(folder, "texts"), embedder, SqliteVectors(Path(folder, "vectors")))
        memory.remember("t", [artifact(one["id"], one["text"]) for one in passages()])
        found: dict[str, Counter[str]] = {way: Counter() for way in (*WAYS, "hybrid")}
        for question, wanted in questions():
            hits = memory.search("t", question, limit=50).hits
            first = {way: _first(hits, rank) for way, rank in WAYS.items()}
            first["hybrid"] = [hit.artifact_id for hit in hits[:TOP]]
            for way, names in first.items():
                found[way][wanted.split("-")[0]] += wanted in names
        memory.close()
    return found


def _first(hits: Sequence[Hit], rank: Callable[[Hit], int | None]) -> list[str]:
    """The first five by one way of asking; a passage has one chunk here."""
    ranked = sorted((place, hit.artifact_id) for hit in hits if (place := rank(hit)) is not None)
    return [name for place, name in ranked if place <= TOP]


def _cells(times: Sequence[float]) -> str:
    return " | ".join(f"{one:.1f}" for one in times)


def scale() -> dict[str, float | str]:
    """Times of questions among 100,000 chunks of one tenant, made of the passages' own words; and memory."""
    draw = random.Random(7)
    words = [word for one in passages() for word in one["text"].split()]
    with tempfile.TemporaryDirectory() as folder:
        before = _rss()
        memory = Memory(Path(folder, "texts"), HashedEmbedder(), SqliteVectors(Path(folder, "vectors")))
        began = time.perf_counter()
        for begin in range(0, CHUNKS, 2_000):
            made = [
                artifact(f"n{number}", " ".join(draw.choices(words, k=30)), f"account {number % ACCOUNTS}")
                for number in range(begin, begin + 2_000)
            ]
            memory.remember("t", made)
        loaded = time.perf_counter() - began
        asked = [question for question, _ in questions()]
        memory.search("t", asked[0])  # the matrix is read once
        peak = _rss()
        tenant = _times(lambda: memory.search("t", draw.choice(asked)))
        account = _times(lambda: memory.search("t", draw.choice(asked), account=f"account {draw.randrange(ACCOUNTS)}"))
        began = time.perf_counter()
        memory.erase_artifact("t", "n17")
        erased = time.perf_counter() - began
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        memory.close()
    model = MiniLm()
    model.embed(asked[:1])
    embed = _times(lambda: model.embed([draw.choice(asked)]))
    return {
        "tenant": _cells(tenant),
        "account": _cells(account),
        "embed": _cells(embed),
        "load": f"{os.getloadavg()[0]:.1f}",
        "chunks_s": CHUNKS / loaded,
        "erase_s": erased,
        "memory_mb": (peak - before) / 1e6,
        "disk_mb": disk / 1e6,
    }


def _times(ask: Callable[[], object]) -> tuple[float, float, float, float]:
    """p50 and p99 in ms, by the wall's clock and by the processor's: others may use the machine, too."""
    wall, processor = [], []
    for _ in range(QUESTIONS):
        began, worked = time.perf_counter(), time.process_time()
        ask()
        wall.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - worked) * 1000)
    return (*_middle_and_end(wall), *_middle_and_end(processor))


def _middle_and_end(took: list[float]) -> tuple[float, float]:
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.99)]


def _rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


HEAD = """# Retrieval

Written by `bench/retrieval.py --write`. Questions and passages:
[`examples/retrieval`](../../examples/retrieval/README.md).

## Recall@{top}

Share of {asked} questions whose one passage is among the first {top} of {passages}. An interval is Wilson's, 95 %.

| embedder | way | all | interval | {origins} |
| --- | --- | ---: | --- | {rule} |
"""
SCALE = """
## {chunks:,} chunks

One tenant, {accounts:,} accounts, {questions} questions each, hybrid, one process. Chunks are 30 words each, drawn from
the passages' own; vectors of 384 numbers by hashing, since a scan costs the same whatever the numbers mean. The model's
time for a question comes on top.

| what | wall p50 | wall p99 | processor p50 | processor p99 |
| --- | ---: | ---: | ---: | ---: |
| question to a tenant, ms | {tenant} |
| question to an account, ms | {account} |
| embedding a question (MiniLM, one thread), ms | {embed} |

The machine has two processors and ran other work at the time: load average {load} (1 minute). The processor's time is
what the question itself took.

Writing: {chunks_s:,.0f} chunks/s with hashed vectors, each text synced to its file. Erasing one artifact, with the full
text written anew: {erase_s:.1f} s. Memory: {memory_mb:.0f} MB at the peak; in files {disk_mb:.0f} MB.
"""


def report(found: Mapping[str, Mapping[str, Counter[str]]], times: Mapping[str, float | str]) -> str:
    """The page."""
    total = Counter(wanted.split("-")[0] for _, wanted in questions())
    text = HEAD.format(
        top=TOP,
        asked=total.total(),
        passages=len(passages()),
        origins=" | ".join(f"{name} ({count})" for name, count in total.items()),
        rule=" | ".join("---:" for _ in total),
    )
    for embedder, ways in found.items():
        for way, counts in ways.items():
            low, high = _wilson(counts.total(), total.total())
            parts = " | ".join(f"{counts[name] / count:.2f}" for name, count in total.items())
            share = counts.total() / total.total()
            text += f"| {embedder} | {way} | {share:.3f} | {low:.2f} to {high:.2f} | {parts} |\n"
    return text + SCALE.format(chunks=CHUNKS, accounts=ACCOUNTS, questions=QUESTIONS, **times)


def _wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    share = hits / of
    middle = share + z * z / (2 * of)
    spread = z * ((share * (1 - share) + z * z / (4 * of)) / of) ** 0.5
    return (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def main() -> None:
    """Measure, print, and write where asked to."""
    found = {embedder.id: recall(embedder) for embedder in (MiniLm(threads=2), HashedEmbedder())}
    if "--recall" in sys.argv[1:]:
        print({embedder: {way: counts.total() for way, counts in ways.items()} for embedder, ways in found.items()})
        return
    text = report(found, scale())
    print(text)
    if "--write" in sys.argv[1:]:
        REPORT.write_text(text)


if __name__ == "__main__":
    main()
