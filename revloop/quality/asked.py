"""A study, what a log told and what came later go in; who was judged how, and what came of it, comes out."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from revloop.contracts.times import DAY_MS
from revloop.quality.measures import Row
from revloop.quality.standing import HEALTHY, UNKNOWN, midnight
from revloop.quality.study import Outcome, Over, Study, moments
from revloop.quality.watch import Seen, Watch

Told = tuple[str, bool, int]
"""Account, whether the outcome came, and when that is known (ms)."""


def ask(study: Study, watch: Watch, outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """Every account, or case, at every moment of the study."""
    if study.over is Over.CASES:
        yield from _cases(study, watch, outcomes)
        return
    by_row, events = _by_moment(study, outcomes), _events(outcomes)
    for at in moments(study, outcomes, watch.first, watch.last):
        told = by_row.get(at, ()) if study.every_days is None else _later(study, watch, events, at)
        for account, came, known_at in told:
            seen = watch.accounts.get(account)
            if seen is not None and _is_meant(study, seen, at):
                yield _row(study, seen, account, at, came=came, known_at=known_at)


def _by_moment(study: Study, outcomes: Sequence[Outcome]) -> dict[int, list[Told]]:
    found: dict[int, list[Told]] = {}
    for one in outcomes:
        if one.as_of is not None:
            found.setdefault(one.as_of, []).append((one.account, float(one.value) >= study.at_least, one.known_at))
    return found


def _events(outcomes: Sequence[Outcome]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in sorted(outcomes, key=lambda one: one.known_at):
        found.setdefault(one.account, []).append(one.known_at)
    return found


def _later(study: Study, watch: Watch, events: dict[str, list[int]], at: int) -> Iterable[Told]:
    """Every account that has a state; an outcome that ends what it was about is asked about no more once it came."""
    horizon = at + study.horizon_days * DAY_MS
    for account, seen in sorted(watch.accounts.items()):
        own = events.get(account, [])
        place = bisect_right(own, at)
        if seen.as_of(at) is None or (study.once and place):
            continue
        came = place < len(own) and own[place] <= horizon
        yield account, came, own[place] if came else horizon


def _is_meant(study: Study, seen: Seen, at: int) -> bool:
    if study.uses_a_month and seen.uses_a_month(at) < study.uses_a_month:
        return False
    if study.running and not (seen.as_of(at) or UNKNOWN).running:
        return False
    return not study.known_days or seen.as_of(at - study.known_days * DAY_MS) is not None


def _row(study: Study, seen: Seen, account: str, at: int, *, came: bool, known_at: int) -> Row:
    stood = seen.as_of(at) or UNKNOWN
    return Row(
        account=account,
        at=at,
        order=stood.order(),
        health=stood.health,
        flagged=stood.flagged,
        by_rule=study.rule in stood.rules,
        came=came,
        known_at=known_at,
        lead_days=None if stood.since is None else (known_at - stood.since) / DAY_MS,
        size=stood.size or seen.uses_a_month(at),
    )


def _cases(study: Study, watch: Watch, outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """Each case once, at the first midnight at which it is old enough; judged by its signal in its account's state."""
    by_moment: dict[int, list[Outcome]] = {}
    for one in outcomes:
        if one.as_of is not None:
            by_moment.setdefault(midnight(one.as_of + study.age_days * DAY_MS), []).append(one)
    for at, own in sorted(by_moment.items()):
        open_now = {
            case: (severity, value)
            for seen in watch.accounts.values()
            for case, severity, value in (seen.as_of(at) or UNKNOWN).cases
        }
        for one in own:
            if not any(
                told <= at and priority in study.severe for told, priority in watch.priorities.get(one.entity, ())
            ):
                continue
            severity, value = open_now.get(one.entity, (-1, 0.0))
            yield Row(
                account=one.entity,
                at=at,
                order=(-severity, -value),
                health=HEALTHY - 20 * (severity + 1),
                flagged=severity >= 0,
                by_rule=severity >= 0,
                came=float(one.value) >= study.at_least,
                known_at=one.known_at,
            )
