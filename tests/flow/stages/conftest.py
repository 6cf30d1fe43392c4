"""Each test of the kit has topics and folders of its own on the session's broker."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.stages.rig import Rig


@pytest.fixture
def rig(kafka: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = Rig(kafka, tmp_path, re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_")))
    yield rig
    rig.close()
