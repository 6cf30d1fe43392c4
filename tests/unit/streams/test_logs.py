"""A log line names its service, hides secrets by name and by value, and a library repeats itself once in a while."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import logging, structlog
from revloop.streams import logs
logs.configure("perception", "INFO", ["hunter2", "hunter2-longer"])
log = structlog.get_logger()
log.info("one", password="x", api_token="y", url="kafka://u:hunter2-longer@h", trace_id="t1", number=5)
log.debug("hidden by the level")
for number in range(5):
    logging.getLogger("kafka").warning("connect to %s failed", number)
logging.getLogger("kafka").warning("something else with hunter2")
try:
    raise ValueError("no entry with hunter2")
except ValueError:
    log.exception("two")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, object]]:
    found = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_every_line_names_its_service_and_its_time(lines: list[dict[str, object]]) -> None:
    assert {line["service"] for line in lines} == {"perception"}
    assert all(str(line["timestamp"]).endswith("Z") for line in lines)


def test_secrets_are_hidden_by_name_and_by_value(lines: list[dict[str, object]]) -> None:
    assert (lines[0]["password"], lines[0]["api_token"], lines[0]["url"]) == ("***", "***", "kafka://u:***@h")
    assert (lines[0]["trace_id"], lines[0]["number"]) == ("t1", 5)
    assert "hunter2" not in json.dumps(lines)
    assert "ValueError: no entry with ***" in str(lines[-1]["exception"])


def test_a_library_says_the_same_once(lines: list[dict[str, object]]) -> None:
    said = [line["event"] for line in lines]
    assert said == ["one", "connect to 0 failed", "something else with ***", "two"]
