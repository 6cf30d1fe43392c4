"""A path finds its value or nothing; functions change it or say why they cannot; a misspelt one is refused at once."""

import pytest

from revloop.contracts.failures import Reject
from revloop.integrations.paths import BadPath, columns, is_told, reader
from revloop.integrations.record import Json

PEOPLE: Json = {"to": [{"mail": "Ann@B.example"}, {"mail": "c@own.example"}, {"name": "d"}]}


@pytest.mark.parametrize(
    ("path", "record", "wanted"),
    [
        ("a", {"a": 1}, 1),
        ("0", {"0": 1}, 1),
        ("a.b", {"a": {"b": 1}}, 1),
        ("a.0.b", {"a": [{"b": 1}]}, 1),
        ("a.1", {"a": [0, 1]}, 1),
        ("a.0", {"a": {"0": 1}}, 1),
        ("a.*", {"a": {"*": 1}}, 1),
        ("a.b", {"a": None}, None),
        ("a.b", {"a": "text"}, None),
        ("a.1", {"a": [0]}, None),
        ("a.b", {"a": [0]}, None),
        ("a.²", {"a": {"²": 1}}, 1),
        ("a", {}, None),
        ("a.*.b", {"a": [{"b": 1}, {}, {"b": 2}, 5]}, [1, 2]),
        ("a.*.b.*", {"a": [{"b": [1]}, {"b": [2, 3]}]}, [[1], [2, 3]]),
        ("a.*.b", {}, None),
        ("a | count", {"a": [1, 1]}, 2),
        ("a | count", {}, 0),
        ("a | repeats", {"a": [{"x": 1}, {"x": 2}, {"x": 1}, {"x": 1}]}, 2),
        ("a | repeats", {"a": [{"x": 1, "y": 2}, {"y": 2, "x": 1}, 1, "1", True]}, 1),
        ("a | repeats", {"a": [{"x": n % 60_000} for n in range(100_000)]}, 40_000),
        ("a.*.q | sum", {"a": [{"q": 1}, {"q": 2.5}]}, 3.5),
        ("a | first", {"a": [7, 8]}, 7),
        ("a | last", {"a": [7, 8]}, 8),
        ("a | first", {"a": []}, None),
        ("a | join", {"a": ["b", "a", 7, "a"]}, "7 a b"),
        ("a | join", {}, None),
        ("a | present", {"a": ""}, False),
        ("a | present", {"a": 0}, True),
        ("a | present | not", {}, True),
        ("a | text", {"a": 17}, "17"),
        ("a | lower", {"a": "ÀB"}, "àb"),
        ("a | number", {"a": "2.50"}, 2.5),
        ("a | number", {"a": ""}, None),
        ("a | flag", {"a": "true"}, True),
        ("a | flag", {"a": ""}, None),
        ("a | day", {"a": "2020-02-29T23:59:59.999Z"}, "2020-02-29"),
        ("a | day", {"a": ""}, None),
        ("a | day", {"a": "0800-01-01"}, "0800-01-01"),
        ("a | day_after", {"a": "2024-01-08"}, "2024-01-09"),
        ("a | unix", {"a": 1704758400}, "2024-01-09T00:00:00Z"),
        ("a | unix", {"a": "1704758400000"}, "2024-01-09T00:00:00Z"),
        ("to.*.mail | lower", PEOPLE, ["ann@b.example", "c@own.example"]),
        ("to.*.mail | external | domain", PEOPLE, ["b.example"]),
        ("to.*.mail | external | domain | first_label", PEOPLE, ["b"]),
        ("to.0.mail | domain", PEOPLE, "b.example"),
        ("a | domain", {"a": "https://www.Acme.example:443/en?x=1"}, "acme.example"),
        ("a | domain", {"a": ""}, None),
    ],
)
def test_a_path_finds_its_value_or_nothing(path: str, record: Json, wanted: Json) -> None:
    assert reader(path, ("own.example",))(record) == wanted


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a | number", "many"),
        ("a | number", 7),
        ("a | number", "nan"),
        ("a | number", "-inf"),
        ("a | number", "1e999"),
        ("a | flag", "yes"),
        ("a | sum", ["1"]),
        ("a | sum", [True]),
        ("a | sum", [10**400]),
        ("a | sum", [1e308, 1e308]),
        ("a | day", "noon"),
        ("a | day_after", "9999-12-31"),
        ("a | day_after", "soon"),
        ("a | unix", "noon"),
        ("a | unix", 1.5),
        ("a | unix", "9" * 5_000),
        ("a | unix", 10**400),
        ("a | text", {"b": 1}),
        ("a | text", True),
        ("a | lower", 5),
        ("a | join", [{}]),
    ],
)
def test_a_function_refuses_what_it_cannot_read(path: str, value: Json) -> None:
    with pytest.raises(Reject) as refused:
        reader(path)({"a": value})
    assert refused.value.reason == "wrong_type"
    assert len(refused.value.detail) < 250


def test_a_function_nobody_knows_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadPath, match="no function 'upper'; there are count"):
        reader("a | upper")


def test_a_query_asks_for_the_path_without_its_functions() -> None:
    assert columns("Owner.Name | lower") == "Owner.Name"


def test_null_is_told_and_what_is_missing_is_not() -> None:
    told = is_told("a.b | number")
    assert [told({"a": {"b": None}}), told({"a": {"b": 1}}), told({"a": {}}), told({}), told(5)] == [
        True,
        True,
        False,
        False,
        False,
    ]
