"""Results of studies come in; a page in Markdown goes out, the same for the same results."""

from collections.abc import Iterator, Sequence

from revloop.contracts.times import iso
from revloop.quality.measures import SAMPLES
from revloop.quality.verdicts import SHOWN_MOMENTS, TOP, Result

HEAD = f"""# How well risks came true

Each account is judged by its state as it was published at a moment, and compared with what came after that moment.
Nothing is fitted to these logs: the ranking is least healthy first, then by the worst risk, the deepest fall of use,
and what stood longest. A lift is how often the outcome came over how often it would have come for a random choice of as
many in the same 30 days. Intervals are 95 %, from {SAMPLES} draws of accounts with all
their rows. *As many as the rule*: at each moment the same number as the single rule flags: all ask for the same work.
Calibration: what share was to be expected at a health, from outcomes of the same tenant that were known by then.

Repeat with `revloop report quality DIR --out docs/generated/quality.md`, where DIR holds the delivery logs and, in
`truth/`, what came later.
"""


def page(results: Sequence[Result]) -> str:
    """All studies, one after the other."""
    return "\n".join([HEAD, *("\n".join(_study(one)) for one in results)])


def _study(result: Result) -> Iterator[str]:
    study = result.study
    yield f"## {study.tenant}: {study.asks}\n"
    share = result.positives / result.rows
    yield f"{result.rows:,} rows: {result.judged:,} {study.over.value} at {result.moments:,} moments;"
    yield f"the outcome came for {result.positives:,} ({share:.1%}).\n"
    if study.null_control:
        yield f"{_null(result)}\n"
    yield "| who is looked at | rows | precision | recall | lift | 95 % |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    for way in result.rankings:
        interval = f"{way.interval.low:.2f} to {way.interval.high:.2f}"
        yield f"| {way.name} | {way.flagged:,} | {way.precision:.3f} | {way.recall:.3f} | {way.lift:.2f} | {interval} |"
    yield ""
    yield from _tops(result)
    burden = result.rankings[0].flagged / result.moments
    yield f"At a moment {burden:,.0f} have a risk, {result.new_flags:,.0f} of them had none at the moment before."
    if result.lead_days is not None:
        first, middle, last = result.lead_days
        yield f"Where the outcome came, its oldest risk had been told {middle:.0f} days before it"
        yield f"(quartiles {first:.0f} to {last:.0f})."
    yield ""
    yield from _calibration(result)


def _null(result: Result) -> str:
    """What the interval of everybody at risk says of a log that can tell nothing."""
    interval = result.rankings[0].interval
    holds = interval.low <= 1.0 <= interval.high
    if holds:
        return "A null control: nothing here can tell the outcome, and the interval of those with a risk contains 1."
    return "A null control whose interval does **not** contain 1: trust no figure here before that is explained."


def _tops(result: Result) -> Iterator[str]:
    """At some moments, evenly spread, and on average over all of them."""
    head = " | ".join(f"first {k}" for k in TOP)
    yield f"| as of | rows | {head} |\n| --- | ---: |{' ---: |' * len(TOP)}"
    step = -(-len(result.tops) // SHOWN_MOMENTS)
    for top in result.tops[::step]:
        yield f"| {iso(top.at)[:10]} | {top.rows:,} | {' | '.join(f'{share:.2f}' for share in top.shares)} |"
    means = [sum(top.shares[place] for top in result.tops) / len(result.tops) for place in range(len(TOP))]
    yield f"| mean of {len(result.tops):,} | | {' | '.join(f'{share:.2f}' for share in means)} |\n"


def _calibration(result: Result) -> Iterator[str]:
    found = result.reliability
    if found is None:
        yield "Calibration: no outcome was known before the last moment, so nothing could be learnt from the past.\n"
        return
    yield f"Calibration over {found.rows:,} rows: the mean distance of expected and seen share is {found.error:.3f}.\n"
    yield "| health up to | rows | expected | came |\n| ---: | ---: | ---: | ---: |"
    for band in found.bands:
        yield f"| {band.most} | {band.rows:,} | {band.expected:.3f} | {band.came:.3f} |"
    yield ""
