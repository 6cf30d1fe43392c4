"""Laws of ingest: nothing vanishes, no body stops it, and the source's order counts whatever the order of arrival."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, EntityLink, SnapshotChange, Unresolved
from revloop.contracts.keys import join_key
from tests.unit.ingest.desk import Desk, Written, bytes_of, issue, page, row

IDS = st.sampled_from(["006A", "006B", "a|b", "a%7Cb"])
ACCOUNTS = st.sampled_from([None, "", "ACME", "B|C", "D"])
VERSIONS = st.integers(1, 6)
SOUND = st.builds(
    lambda entity, version, account, stage, deleted: row(
        entity, version, account, StageName=stage, **({"IsDeleted": True} if deleted else {})
    ),
    IDS,
    VERSIONS,
    ACCOUNTS,
    st.sampled_from(["S1", "S2"]),
    st.sampled_from([False, False, False, True]),
)
BAD = st.sampled_from(
    [
        row(CloseDate="soon"),
        row(Amount="1"),
        row(Id=None),
        row(Id="x" * 2000),
        row(Name=2**63),
        row(SystemModstamp="0001-01-01T00:00:00+23:59"),
        {"attributes": {"type": "Lead"}, "Id": "1"},
        "a text",
        None,
    ]
)
PAGES = st.lists(st.one_of(SOUND, SOUND, SOUND, BAD), max_size=6).map(lambda rows: ("salesforce", page(*rows)))
ISSUES = st.builds(
    lambda event, timestamp, orgs: ("jira", issue(event, timestamp, customfield_10002=orgs)),
    st.sampled_from(["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"]),
    st.sampled_from([1, 2, 3, 2**70, "x"]),
    st.sampled_from([None, [], [{"id": "7"}], [{"id": "8"}], [{"id": {}}]]),
)
BROKEN = st.sampled_from(
    [("salesforce", b"{"), ("salesforce", b'[{"errorCode": "X"}]'), ("jira", b"\xff"), ("fax", b"{}"), ("jira", b"{}")]
)
Stream = Sequence[tuple[str, bytes] | int]
STREAM = st.lists(st.one_of(PAGES, PAGES, ISSUES, BROKEN, st.integers(0, 30)), max_size=25)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=10),
        st.sampled_from(["0001-01-01T00:00:00+23:59", "2018-W01-1", "9999-12-31T23:59:59-23:59", "x" * 2000]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


def run(desk: Desk, stream: Stream) -> list[Written]:
    """Feed a stream of bodies, in which a number sends an earlier delivery once more."""
    sent: list[Delivery] = []
    written = []
    for what in stream:
        if not isinstance(what, int):
            connector, body = what
            sent.append(desk.body(body, connector))
            written.append(desk.handle(sent[-1]))
        elif sent:
            written.append(desk.handle(sent[what % len(sent)]))
    return written


@given(stream=STREAM)
@settings(max_examples=300)
def test_nothing_vanishes(stream: Stream) -> None:
    desk = Desk()
    written = run(desk, stream)
    dispositions = [disposition for one in written for disposition in one.dispositions]
    assert len({d.event_id for d in dispositions}) == len(dispositions), "each is told apart from each"

    own = [d for d in dispositions if d.disposition.value != "redriven"]
    assert len(own) == len(written), "one for each delivery that came"
    assert all(d.items == d.records + d.duplicates + d.parked + d.dead for d in own)

    items = Counter[str]()
    for disposition in dispositions:
        for name in ("items", "records", "duplicates", "parked", "dead"):
            items[name] += getattr(disposition, name)
    assert items["items"] == items["records"] + items["duplicates"] + items["parked"] + items["dead"]
    assert items["parked"] == sum(len(link.waiting) for link in desk.links().values())

    snapshots = [snapshot for one in written for snapshot in one.snapshots]
    moves = sum(snapshot.change is SnapshotChange.joined for snapshot in snapshots)
    assert len(snapshots) == items["records"] + 2 * moves, "a move tells the last state twice more"
    assert len({snapshot.event_id for snapshot in snapshots}) == len(snapshots)


@given(stream=STREAM)
def test_what_waits_is_what_is_unresolved(stream: Stream) -> None:
    desk = Desk()
    unresolved: set[str] = set()
    for emit in (emit for one in run(desk, stream) for emit in one.emits):
        if emit.topic == topics.RAW_UNRESOLVED:
            if isinstance(emit.event, Unresolved):
                unresolved.add(join_key("t", "", emit.event.snapshot_id))
            else:
                unresolved.discard(emit.key or "")
    waiting = {join_key("t", "", s.snapshot_id) for link in desk.links().values() for s in link.waiting}
    assert unresolved == waiting


@given(body=st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode())), jira=st.booleans())
@settings(max_examples=400)
def test_no_body_stops_it(body: bytes, jira: bool) -> None:
    written = Desk().send(body, "jira" if jira else "salesforce")
    fate = written.fate
    assert fate.disposition.value in ("empty", "parsed", "dead")
    assert fate.items == fate.records + fate.duplicates + fate.parked + fate.dead
    assert all(len(refusal.detail) < 1000 for refusal in written.refusals)


@given(
    spoiled=st.dictionaries(
        st.sampled_from(
            [
                "Id",
                "Account",
                "Name",
                "StageName",
                "Amount",
                "CloseDate",
                "CreatedDate",
                "SystemModstamp",
                "attributes",
                "IsDeleted",
            ]
        ),
        JSON,
        max_size=3,
    )
)
@settings(max_examples=400)
def test_no_value_of_a_row_stops_it(spoiled: Mapping[str, object]) -> None:
    fate = Desk().poll({**row(), **spoiled}, row("006Z")).fate
    assert fate.items == 2
    assert fate.records >= 1, "the sound neighbour is read"


@given(
    spoiled=st.dictionaries(
        st.sampled_from(["status", "priority", "created", "updated", "customfield_10002", "revision"]), JSON, max_size=3
    ),
    key=st.one_of(st.just("INC-1"), JSON),
    timestamp=st.one_of(st.just(1), JSON),
)
@settings(max_examples=400)
def test_no_value_of_an_issue_stops_it(spoiled: Mapping[str, object], key: object, timestamp: object) -> None:
    fate = Desk().send(issue("jira:issue_updated", timestamp, key, **spoiled), "jira").fate
    assert fate.items in (0, 1)
    assert fate.items == fate.records + fate.parked + fate.dead


@given(
    states=st.lists(
        st.tuples(st.sampled_from(["ACME", "B|C", "D"]), st.sampled_from(["S1", "S2"]), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
@settings(max_examples=200)
def test_the_order_of_arrival_does_not_count(states: Sequence[tuple[str, str, bool]], data: st.DataObject) -> None:
    rows = [
        row("006A", version, account, StageName=stage, **({"IsDeleted": True} if deleted else {}))
        for version, (account, stage, deleted) in enumerate(states, 1)
    ]
    shuffled = data.draw(st.permutations(rows))
    assert _end(shuffled) == _end(rows)


@given(stream=STREAM)
def test_the_same_stream_gives_the_same_bytes(stream: Stream) -> None:
    first, second = ([bytes_of(one.emits) for one in run(Desk(), stream)] for _ in (1, 2))
    assert first == second


@given(rows=st.lists(SOUND, max_size=8))
def test_one_page_is_the_same_as_a_page_a_row(rows: Sequence[dict[str, object]]) -> None:
    together, apart = Desk(), Desk()
    together.poll(*rows)
    for one in rows:
        apart.poll(one)
    assert {k: _known(v) for k, v in together.links().items()} == {k: _known(v) for k, v in apart.links().items()}


def _end(rows: Sequence[dict[str, object]]) -> object:
    """Where an entity belongs at the end, how it last looked, and whether its account still has it."""
    desk = Desk()
    has: dict[str, bool] = {}
    newest: dict[str, int] = {}
    for one in rows:
        for snapshot in desk.poll(one).snapshots:
            account, left = snapshot.account_id, snapshot.change is SnapshotChange.left
            if left:
                newest.pop(account, None)
            elif snapshot.version < newest.get(account, 0):
                continue  # as perception has it: a past state changes nothing
            else:
                newest[account] = snapshot.version
            has[account] = not left
    return _known(desk.links()["006A"]), {account for account, there in has.items() if there}


def _known(link: EntityLink) -> object:
    return link.account_id, link.version, msgspec.to_builtins(link.fields), len(link.waiting)
