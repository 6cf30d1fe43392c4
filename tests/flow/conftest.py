"""One running stack with the whole nyc log, shared by the tests that look at it from outside."""

from collections.abc import Iterator

import pytest

from tests.loops import NYC, Loop, running


@pytest.fixture(scope="package")
def nyc_loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    with running(tmp_path_factory.mktemp("nyc")) as loop:
        loop.feed(NYC, "nyc")
        loop.rest()
        yield loop
