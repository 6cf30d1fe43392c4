"""Open signals come in; findings with points, health, posture and momentum go out, whatever the order."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from revloop.contracts.generated.events import Finding, Momentum, Posture, Severity, SignalView
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
        self.ruleset = content_hash([[rule.rule_id, sorted(rule.points.items())] for rule in self._rules])[:16]

    def judge(self, signals: Sequence[SignalView]) -> Judgement:
        """``signals`` are worst first, then newest first."""
        by_type: dict[str, list[SignalView]] = {}
        for signal in signals:
            by_type.setdefault(signal.signal_type, []).append(signal)
        asked = [rule for rule in self._rules if not rule.signal_types.isdisjoint(by_type)]
        found = [(rule, matched) for rule in asked if (matched := _matching(rule, by_type))]
        if _worst(matched for rule, matched in found if rule.side is Side.RISK) >= RANK[Severity.high]:
            found = [(rule, matched) for rule, matched in found if not rule.only_while_calm]
        return _judgement(found)


def worst_first(signal: SignalView) -> tuple[int, int, str]:
    """Order of signals: worst, then newest, then by id."""
    return (-RANK[signal.severity], -signal.opened_at, signal.signal_id)


def _matching(rule: Rule, by_type: Mapping[str, Sequence[SignalView]]) -> list[SignalView]:
    present = [by_type[name] for name in rule.signal_types if name in by_type]
    matched = [signal for signals in present for signal in signals if rule.matches(signal)]
    if len(present) > 1:
        matched.sort(key=worst_first)
    return matched


def _worst(groups: Iterable[Sequence[SignalView]]) -> int:
    return max((RANK[signals[0].severity] for signals in groups), default=-1)


def _judgement(found: Sequence[Found]) -> Judgement:
    points = _shares({rule.finding: _raw_points(rule, signals) for rule, signals in found})
    sides: dict[Side, list[Finding]] = {side: [] for side in Side}
    for rule, signals in found:
        sides[rule.side].append(_finding(rule, signals, points[rule.finding]))
    for findings in sides.values():
        findings.sort(key=lambda finding: (-RANK[finding.severity], -abs(finding.points), finding.finding))
    return Judgement(
        posture=_posture(sides),
        momentum=_momentum(found),
        health=FULL_HEALTH + sum(points.values()),
        risks=tuple(sides[Side.RISK]),
        opportunities=tuple(sides[Side.OPPORTUNITY]),
        unknowns=tuple(sides[Side.UNKNOWN]),
    )


def _raw_points(rule: Rule, signals: Sequence[SignalView]) -> float:
    total, weight = 0.0, 1.0
    for signal in signals[:CITED]:  # the weight of what follows is below a thousandth
        total += rule.points[signal.severity] * weight
        weight /= 2
    return total


def _shares(raw: Mapping[str, float]) -> dict[str, int]:
    """Whole points that never lead below 0 or above 100: what is shown adds up to what is shown."""
    risks = {name: -value for name, value in raw.items() if value < 0}
    gains = {name: value for name, value in raw.items() if value > 0}
    taken = _whole(risks, FULL_HEALTH)
    given = _whole(gains, sum(taken.values()))
    return {name: given.get(name, 0) - taken.get(name, 0) for name in raw}


def _whole(weights: Mapping[str, float], limit: int) -> dict[str, int]:
    """``weights`` scaled down to at most ``limit`` in all and made whole by largest remainder."""
    total = sum(weights[name] for name in sorted(weights))
    if not total:
        return {}
    goal = min(round(total), limit)
    exact = {name: weight * goal / total for name, weight in weights.items()}
    whole = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_remainder[: goal - sum(whole.values())]:
        whole[name] += 1
    return whole


def _finding(rule: Rule, signals: Sequence[SignalView], points: int) -> Finding:
    ends = [signal.valid_until for signal in signals]
    known_ends = [end for end in ends if end is not None]
    return Finding(
        finding=rule.finding,
        rule_id=rule.rule_id,
        severity=signals[0].severity,
        points=points,
        signal_ids=tuple(signal.signal_id for signal in signals[:CITED]),
        introduced_at=min(signal.opened_at for signal in signals),
        expires_at=max(known_ends) if len(known_ends) == len(ends) else None,
    )


def _posture(sides: Mapping[Side, Sequence[Finding]]) -> Posture:
    risk = max((RANK[finding.severity] for finding in sides[Side.RISK]), default=-1)
    if risk >= RANK[Severity.high]:
        return Posture.AT_RISK
    if risk >= RANK[Severity.medium]:
        return Posture.WATCH
    return Posture.EXPAND if sides[Side.OPPORTUNITY] else Posture.OK


def _momentum(found: Sequence[Found]) -> Momentum:
    """Which way the account's open signals push, each with its severity; the scale does not fade with their number."""
    push = 0
    for rule, signals in found:
        if rule.side is not Side.UNKNOWN:
            weight = sum(1 + RANK[signal.severity] for signal in signals)
            push += weight if rule.side is Side.OPPORTUNITY else -weight
    return Momentum.UP if push > 0 else Momentum.DOWN if push < 0 else Momentum.FLAT
