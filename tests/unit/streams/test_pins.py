"""What the kit touches of Faust's insides was read in these versions: others are read again before they are pinned."""

from importlib.metadata import version

import faust
import pytest

from revloop.streams import faust_private


@pytest.mark.parametrize(("package", "wanted"), faust_private.PINNED.items())
def test_the_versions_are_those_that_were_read(package: str, wanted: str) -> None:
    assert version(package) == wanted, "read revloop/streams/faust_private.py against the new version, then change this"


def test_a_stages_table_is_read_and_never_written() -> None:
    class Committed:
        def get(self, key: bytes) -> bytes | None:
            return {b"a": b"1"}.get(key)

        def keys(self):
            return iter([b"a", b"gone"])

    app = faust.App("pins", broker="kafka://127.0.0.1:9", store="memory://")
    table = faust_private.StageTable(app, name="t", partitions=1)
    table.reader = Committed()
    store = faust_private.StageStore("stage://", app, table)
    assert store._get(b"a") == b"1"
    assert list(store._iteritems()) == [(b"a", b"1")]
    for write in (lambda: store._set(b"a", b"2"), lambda: store._del(b"a"), store._clear):
        with pytest.raises(TypeError, match="one writer"):
            write()
