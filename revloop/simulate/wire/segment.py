"""Segment: track calls, alone or several in a batch."""

from collections.abc import Sequence

from revloop.contracts.times import SECOND_MS
from revloop.simulate.keys import digest
from revloop.simulate.records import Use
from revloop.simulate.wire.form import Json, Push, Row, stamp

SKEWED = 8
"""In a hundred senders, so many have a clock that is wrong."""


def push(uses: Sequence[Use], sent: int) -> Push:
    """The calls of one sender as they arrive: one alone, more as a batch."""
    if len(uses) == 1:
        return Push("segment", "track", _call(uses[0], sent))
    calls: list[Json] = [_call(use, sent) for use in uses]
    return Push("segment", "batch", {"batch": calls, "sentAt": stamp(sent)})


def _call(use: Use, sent: int) -> Row:
    skew = skew_of(use.user)
    properties: Row = {"task_id": use.milestone} if use.milestone else {}
    if use.contract:
        properties["contract_number"] = use.contract
    return {
        "type": "track",
        "event": use.event,
        "messageId": use.id,
        "userId": use.user,
        "context": {"groupId": use.workspace, "library": {"name": "analytics.js", "version": "4.1.0"}},
        "properties": properties,
        "originalTimestamp": stamp(use.changed + skew),
        "sentAt": stamp(sent + skew),
        "timestamp": stamp(use.changed),
        "receivedAt": stamp(sent),
    }


def skew_of(user: str) -> int:
    """How far a sender's own clock is ahead (ms): Segment corrects ``timestamp`` for it."""
    value = int.from_bytes(digest("clock", user)[:4], "big")
    return (value // 100 % 7_200 - 3_600) * SECOND_MS if value % 100 < SKEWED else 0
