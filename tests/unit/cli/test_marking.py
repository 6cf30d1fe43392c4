"""Bodies as the command line shows them: each value as the vendor wrote it, and the lines at a place marked."""

import pytest

from revloop.cli.marking import lines, shown

BODY = (
    '{"records": [{"Id": "1", "Amount": 5.00, "Name": "\u00fc"}, {"Id": "2", "tags": [], "at": {"a": 1, "b": null}}]}'
)
Places = list[tuple[str | int, ...]]
ROWS: list[tuple[str, Places, list[str]]] = [
    ("nothing", [], []),
    ("a value, digits as written", [("records", 0, "Amount")], ['"Amount": 5.00,']),
    ("two values", [("records", 0, "Id"), ("records", 1, "Id")], ['"Id": "1",', '"Id": "2",']),
    ("all of an object", [("records", 1, "at")], ['"at": {', '"a": 1,', '"b": null', "}"]),
    ("an empty list", [("records", 1, "tags")], ['"tags": [],']),
    ("text as it reads", [("records", 0, "Name")], ['"Name": "ü"']),
    ("what is not there", [("records", 7, "Name"), ("x",)], []),
]


@pytest.mark.parametrize(("places", "marked"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_lines_at_a_place_are_marked(places: Places, marked: list[str]) -> None:
    found = lines(BODY, places)
    assert [line.text.strip() for line in found if line.marked] == marked
    assert len(found) == 17


def test_a_mark_is_seen_without_colours() -> None:
    found = [shown(line).plain for line in lines('{"a": 1, "b": 2}', [("b",)])]
    assert found == ["  {", '    "a": 1,', '>   "b": 2', "  }"]


@pytest.mark.parametrize("body", ["", "{", "<html>", "a,b\n1,2"])
def test_what_is_no_json_is_shown_as_it_is(body: str) -> None:
    assert lines(body, [("a",)]) == []
