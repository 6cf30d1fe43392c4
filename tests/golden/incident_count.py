"""Counts from the raw log how far severe incidents aged, hour by hour; shares nothing with the product on purpose."""

import gzip
import json
from datetime import datetime
from pathlib import Path

HOUR = 3600
STEPS = (24, 48, 72)


def reached_hours(log: Path) -> dict[str, float]:
    """Issue key -> the last step (hours) at which an hourly look found it severe and not done."""
    severe_since: dict[str, float] = {}
    reached: dict[str, float] = {}
    look: float | None = None

    def until(moment: float) -> None:
        nonlocal look
        while look is not None and look < moment:
            for issue, created in severe_since.items():
                for step in STEPS:
                    if look >= created + step * HOUR:
                        reached[issue] = max(reached.get(issue, 0), step)
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
            last = at
    until(-(-last // HOUR) * HOUR + 1)
    return reached


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
