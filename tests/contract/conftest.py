"""Running stand-ins for the contract tests: one a module to share, and others that a test may kill."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from revloop.integrations.salesforce.client import SalesforceClient
from tests.processes import SalesforceStandin, start_standin_salesforce
from tests.salesforce import OPPORTUNITIES, connected, salesforce_log


@pytest.fixture(scope="module")
def shared_salesforce(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SalesforceStandin]:
    folder = tmp_path_factory.mktemp("salesforce")
    log = salesforce_log(folder / "deliveries.jsonl", opportunities=OPPORTUNITIES)
    standin = start_standin_salesforce(folder / "state", data=log)
    yield standin
    standin.stop()


@pytest.fixture
def salesforce(shared_salesforce: SalesforceStandin) -> Iterator[SalesforceStandin]:
    yield shared_salesforce
    shared_salesforce.clear_faults()


@pytest.fixture
def client(salesforce: SalesforceStandin) -> Iterator[SalesforceClient]:
    with connected(salesforce) as client:
        yield client


@pytest.fixture
def own_salesforce(tmp_path: Path) -> Iterator[Callable[..., SalesforceStandin]]:
    """Starts stand-ins that one test may kill; stops those that are left."""
    started: list[SalesforceStandin] = []

    def start(state: str = "state", **flags: object) -> SalesforceStandin:
        log = salesforce_log(tmp_path / "deliveries.jsonl")
        started.append(start_standin_salesforce(tmp_path / state, data=log, **flags))
        return started[-1]

    yield start
    for standin in started:
        standin.kill()
