"""Open signals come in; findings with points, health, posture and momentum go out, whatever the order."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from revloop.contracts.generated.events import Finding, Lifecycle, Momentum, Posture, Severity, SignalView
from revloop.contracts.ids import content_hash
from services.world_model.core.rule import RANK, Rule, Side

FULL_HEALTH = 100
Found = tuple[Rule, Sequence[SignalView]]
"""A rule and the signals it matches, worst first; never without one."""
CITED = 10
"""Signals a finding names; it counts all of them."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules make of an account; 100 plus the points of all findings is its health."""

    posture: Posture
    momentum: Momentum
    health: int
    risks: tuple[Finding, ...]
    opportunities: tuple[Finding, ...]
    unknowns: tuple[Finding, ...]


class Judge:
    """The rules together; they all contribute, none stops another."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = sorted(rules, key=lambda rule: rule.finding)
        self._lasting = [rule for rule in self._rules if rule.lasts_days is not None]
        self.ruleset = content_hash([rule.terms for rule in self._rules])[:16]

    def judge(
        self,
        signals: Sequence[SignalView],
        *,
        lifecycle: Lifecycle = Lifecycle.PROSPECT,
        runs: bool = True,
        as_of: int = 0,
    ) -> Judgement:
        """``signals`` are worst first, then newest first; ``runs``: whether anything goes on with the account."""
        by_type: dict[str, list[SignalView]] = {}
        for signal in signals:
            by_type.setdefault(signal.signal_type, []).append(signal)
        asked = [
            rule for rule in self._rules if lifecycle in rule.lifecycles and not rule.signal_types.isdisjoint(by_type)
        ]
        found = [(rule, matched) for rule in asked if (matched := _matching(rule, by_type, as_of))]
        if _worst(matched for rule, matched in found if rule.side is Side.RISK) >= RANK[Severity.high]:
            found = [(rule, matched) for rule, matched in found if not rule.only_while_calm]
        return _judgement(found, self.ruleset, runs=runs)

    def lapses_at(self, signals: Sequence[SignalView], as_of: int) -> int | None:
        """When the next signal counts no more for a rule though it stays open."""
        ends = (
            rule.lapses_at(signal)
            for signal in signals
            for rule in self._lasting
            if signal.signal_type in rule.signal_types
        )
        return min((at for at in ends if at is not None and at > as_of), default=None)


def worst_first(signal: SignalView) -> tuple[int, int, str]:
    """Order of signals: worst, then newest, then by id."""
    return (-RANK[signal.severity], -signal.opened_at, signal.signal_id)


def _matching(rule: Rule, by_type: Mapping[str, Sequence[SignalView]], as_of: int) -> list[SignalView]:
    present = [by_type[name] for name in rule.signal_types if name in by_type]
    matched = [signal for signals in present for signal in signals if rule.matches(signal)]
    if rule.lasts_days is not None:
        matched = [signal for signal in matched if as_of < (rule.lapses_at(signal) or as_of)]
    if len(present) > 1:
        matched.sort(key=worst_first)
    return matched


def _worst(groups: Iterable[Sequence[SignalView]]) -> int:
    return max((RANK[signals[0].severity] for signals in groups), default=-1)


def _judgement(found: Sequence[Found], ruleset: str, *, runs: bool) -> Judgement:
    points = _shares({rule.finding: sum(_weights(rule, signals)) for rule, signals in found})
    sides: dict[Side, list[Finding]] = {side: [] for side in Side}
    for rule, signals in found:
        sides[rule.side].append(_finding(rule, signals, points[rule.finding], ruleset))
    for findings in sides.values():
        findings.sort(key=lambda finding: (-RANK[finding.severity], -abs(finding.points), finding.finding))
    return Judgement(
        posture=_posture(sides, runs=runs),
        momentum=_momentum(found),
        health=FULL_HEALTH + sum(points.values()),
        risks=tuple(sides[Side.RISK]),
        opportunities=tuple(sides[Side.OPPORTUNITY]),
        unknowns=tuple(sides[Side.UNKNOWN]),
    )


def _weights(rule: Rule, signals: Sequence[SignalView]) -> list[float]:
    """Each further signal weighs half; what follows those that are cited, less than a thousandth."""
    return [rule.points[signal.severity] / 2**place for place, signal in enumerate(signals[:CITED])]


def _shares(raw: Mapping[str, float]) -> dict[str, int]:
    """Whole points that never lead below 0 or above 100: what is shown adds up to what is shown."""
    risks = {name: -value for name, value in raw.items() if value < 0}
    gains = {name: value for name, value in raw.items() if value > 0}
    lost = min(round(sum(risks.values())), FULL_HEALTH)
    taken, given = _whole(risks, lost), _whole(gains, min(round(sum(gains.values())), lost))
    return {name: given.get(name, 0) - taken.get(name, 0) for name in raw}


def _whole(weights: Mapping[str, float], goal: int) -> dict[str, int]:
    """Whole numbers that add up to ``goal``, in proportion to ``weights``, by largest remainder."""
    total = sum(weights.values())
    if not total:
        return {}
    exact = {name: weight * goal / total for name, weight in weights.items()}
    whole = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_remainder[: goal - sum(whole.values())]:
        whole[name] += 1
    return whole


def _finding(rule: Rule, signals: Sequence[SignalView], points: int, ruleset: str) -> Finding:
    ends = [rule.lapses_at(signal) for signal in signals]
    known_ends = [end for end in ends if end is not None]
    return Finding(
        finding=rule.finding,
        rule_id=rule.rule_id,
        severity=signals[0].severity,
        points=points,
        signal_ids=tuple(signal.signal_id for signal in signals[:CITED]),
        introduced_at=min(signal.opened_at for signal in signals),
        expires_at=max(known_ends) if len(known_ends) == len(ends) else None,
        ruleset=ruleset,
        says=rule.says,
        signal_count=len(signals),
        signal_points=_split(points, _weights(rule, signals)),
    )


def _split(points: int, weights: Sequence[float]) -> tuple[int, ...]:
    """Whole parts of ``points`` in proportion to ``weights``, which are of one sign; they add up to it."""
    shares = _whole({f"{place:02}": abs(weight) for place, weight in enumerate(weights)}, abs(points))
    sign = -1 if points < 0 else 1
    return tuple(sign * shares.get(f"{place:02}", 0) for place in range(len(weights)))


def _posture(sides: Mapping[Side, Sequence[Finding]], *, runs: bool) -> Posture:
    risk = max((RANK[finding.severity] for finding in sides[Side.RISK]), default=-1)
    if risk >= RANK[Severity.high]:
        return Posture.AT_RISK
    if risk >= RANK[Severity.medium]:
        return Posture.WATCH
    if sides[Side.OPPORTUNITY]:
        return Posture.EXPAND
    return Posture.OK if runs or risk >= 0 else Posture.DORMANT


def _momentum(found: Sequence[Found]) -> Momentum:
    """Which way the account's open signals push, each with its severity; the scale does not fade with their number."""
    push = 0
    for rule, signals in found:
        if rule.side is not Side.UNKNOWN:
            weight = sum(1 + RANK[signal.severity] for signal in signals)
            push += weight if rule.side is Side.OPPORTUNITY else -weight
    return Momentum.UP if push > 0 else Momentum.DOWN if push < 0 else Momentum.FLAT
