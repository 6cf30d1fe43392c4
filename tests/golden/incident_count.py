"""Counts from the raw log how far severe incidents aged, hour by hour; shares nothing with the product on purpose."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

HOUR = 3600
STEPS = (24, 48, 72)


def reached_steps(log: Path) -> set[tuple[str, int, str]]:
    """(issue key, step in hours, hour of the look) of each hourly look that found a severe issue a step further.

    A look at which several steps are reached at once tells the last. An issue that was done, or not severe, in between
    begins anew.
    """
    severe_since: dict[str, float] = {}
    told: dict[str, int] = {}
    found: set[tuple[str, int, str]] = set()
    look: float | None = None

    def until(moment: float) -> None:
        nonlocal look
        while look is not None and look < moment:
            for issue, created in severe_since.items():
                step = max((step for step in STEPS if look >= created + step * HOUR), default=0)
                if step > told.get(issue, 0):
                    told[issue] = step
                    found.add((issue, step, _text(look)))
            look += HOUR

    with gzip.open(log, "rt") as file:
        for line in file:
            delivery = json.loads(line)
            at = _seconds(delivery["at"])
            if look is None:
                look = -(-at // HOUR) * HOUR
            until(at)
            issue = delivery["body"]["issue"]
            fields = issue["fields"]
            done = fields["status"]["statusCategory"]["key"] == "done"
            if fields["priority"]["name"] in ("1", "2") and not done:
                severe_since[issue["key"]] = _seconds(fields["created"])
            else:
                severe_since.pop(issue["key"], None)
                told.pop(issue["key"], None)
            last = at
    until(-(-last // HOUR) * HOUR + 1)
    return found


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
