"""Every delivery has a fate, every record the account that its source says, in the order of the source."""

import json

import msgspec
import pytest

from revloop.contracts.codec import Codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import DeliverySeen, TenantClock, Tick
from revloop.contracts.keys import join_key
from revloop.contracts.times import DAY_MS, HOUR_MS
from revloop.integrations.record import MAX_ID_LENGTH
from revloop.streams.outputs import outgoing
from revloop.tenants import ConnectorProfile, ObjectProfile, Profile
from revloop.tenants.profile import Clock
from services.ingest.core import links
from services.ingest.core.feed import delivery, tick
from services.ingest.core.resolver import SEEN_MS
from tests.unit.ingest.desk import CRM, START, Desk, Written, issue, page, row

LAW_4 = ("items", "records", "duplicates", "parked", "dead")


def fate(written: object) -> tuple[str, dict[str, int]]:
    """Disposition and the items of it that are not zero."""
    found = written.fate  # type: ignore[attr-defined]  # a Written
    return found.disposition.value, {name: count for name in LAW_4 if (count := getattr(found, name))}


@pytest.mark.parametrize(
    ("connector", "body", "reason"),
    [
        ("salesforce", b'{"records": [', "bad_json"),
        ("salesforce", b"", "bad_json"),
        ("salesforce", b"\xff\xfe", "bad_json"),
        ("salesforce", b'{"records": [{"Id": "\xff"}]}', "bad_json"),
        ("salesforce", b'{"records": [{"Id": "\\ud800"}]}', "bad_json"),
        ("salesforce", b"[" * 100_000, "bad_json"),
        ("salesforce", b'{"records": [{"Amount": 1e999}]}', "bad_json"),
        ("salesforce", b'"a text"', "unknown_shape"),
        ("salesforce", b"[]", "unknown_shape"),
        ("salesforce", b'{"records": {}}', "unknown_shape"),
        ("salesforce", b'[{"errorCode": "INVALID_SESSION_ID", "message": "x"}]', "vendor_error"),
        ("jira", b"null", "unknown_shape"),
        ("jira", b'{"issue": {"key": "A-1", "fields": {}}}', "unknown_shape"),
        ("jira", b'{"webhookEvent": "jira:issue_updated"}', "unknown_shape"),
        ("jira", issue("comment_created"), "unmapped_event"),
        ("fax", b"{}", "unknown_connector"),
    ],
)
def test_a_delivery_that_cannot_be_read_is_dead(connector: str, body: bytes, reason: str) -> None:
    written = Desk().send(body, connector)
    assert written.reasons == [reason]
    assert (fate(written), written.fate.reason) == (("dead", {}), reason)
    assert written.snapshots == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Id": None}, "missing_id"),
        ({"Id": ""}, "missing_id"),
        ({"Id": True}, "missing_id"),
        ({"Id": 1.5}, "missing_id"),
        ({"Id": ["006"]}, "missing_id"),
        ({"Id": "6" * 10_000}, "id_too_long"),
        ({"Account": {"Name": "a" * 10_000}}, "id_too_long"),
        ({"Account": {"Name": {"first": "a"}}}, "missing_id"),
        ({"CloseDate": "soon"}, "wrong_type"),
        ({"CloseDate": "2018-02-30"}, "wrong_type"),
        ({"CloseDate": "2018-W01-1"}, "wrong_type"),
        ({"CloseDate": "2018-01-01T00:00:00Z"}, "wrong_type"),
        ({"CloseDate": 20180101}, "wrong_type"),
        ({"Amount": "12"}, "wrong_type"),
        ({"Amount": True}, "wrong_type"),
        ({"StageName": 3}, "wrong_type"),
        ({"Name": {"a": 1}}, "wrong_type"),
        ({"LastModifiedById": 2**63}, "wrong_type"),
        ({"CreatedDate": "0001-01-01T00:00:00+23:59"}, "wrong_type"),
        ({"SystemModstamp": None}, "wrong_type"),
        ({"SystemModstamp": "0001-01-01T00:00:00+23:59"}, "wrong_type"),
        ({"SystemModstamp": 5}, "wrong_type"),
        ({"attributes": {"type": "Lead"}}, "unmapped_object"),
        ({"Name": "x" * links.MAX_RECORD_BYTES}, "record_too_large"),
    ],
)
def test_a_bad_item_is_dead_and_its_neighbours_are_not(fields: dict[str, object], reason: str) -> None:
    written = Desk().poll(row("006A"), {**row("006B"), **fields}, row("006C"))
    assert written.reasons == [reason]
    assert "Item 1 " in written.refusals[0].detail
    assert len(written.refusals[0].detail) < 500
    assert fate(written) == ("parsed", {"items": 3, "records": 2, "dead": 1})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (issue(key=None), "missing_id"),
        (issue(timestamp=2**62), "wrong_type"),
        (issue(timestamp=-(2**62)), "wrong_type"),
        (issue(timestamp=True), "wrong_type"),
        (issue(timestamp="1500000000000"), "wrong_type"),
        (issue(timestamp=None, updated="yesterday"), "wrong_type"),
        (issue(priority={"name": 1}), "wrong_type"),
        (issue(revision=2**63), "wrong_type"),
        (issue(created="noon"), "wrong_type"),
    ],
)
def test_a_bad_issue_is_dead(body: bytes, reason: str) -> None:
    written = Desk().send(body, "jira")
    assert (written.reasons, fate(written)) == ([reason], ("parsed", {"items": 1, "dead": 1}))


def test_many_bad_items_make_one_dead_letter_a_reason() -> None:
    bad = [row(f"006{n}", CloseDate="soon") for n in range(50)]
    written = Desk().poll(*bad, row("006X", Id=None), "a text", row("006Y"))
    assert sorted(written.reasons) == ["missing_id", "wrong_type"]
    assert fate(written) == ("parsed", {"items": 53, "records": 1, "dead": 52})
    [named] = [r.detail for r in written.refusals if r.reason == "wrong_type"]
    assert named.startswith("Items 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 41 more")


def test_a_page_without_records_is_empty() -> None:
    written = Desk().poll()
    assert (fate(written), written.refusals) == (("empty", {}), [])


def test_a_connector_that_the_tenant_does_not_have_is_refused() -> None:
    desk = Desk(Profile(tenant="t", connectors={"salesforce": CRM}))
    assert desk.send(issue(), "jira").reasons == ["unconfigured_connector"]


def test_a_tenant_nobody_knows_is_refused_without_a_trace() -> None:
    desk = Desk()
    written = desk.handle(desk.body(page(row()), tenant="nobody"))
    assert (written.reasons, written.emits, desk.store.states) == (["unknown_tenant"], [], {})


def test_a_delivery_seen_twice_counts_each_time_and_tells_nothing() -> None:
    desk = Desk()
    same = desk.body(page(row()))
    first, *again = (desk.handle(same) for _ in range(4))
    assert fate(first) == ("parsed", {"items": 1, "records": 1})
    assert [fate(written) for written in again] == [("duplicate", {})] * 3
    assert all(written.snapshots == [] for written in again)
    ids = {written.fate.event_id for written in (first, *again)}
    assert len(ids) == 4, "readers know a repeat of ours by its id: each arrival needs its own"


def test_a_delivery_is_forgotten_after_its_time_and_its_items_are_known() -> None:
    desk = Desk()
    same = desk.body(page(row()), at=START)
    desk.handle(same)
    desk.handle(tick("file:t", "t", START + SEEN_MS - HOUR_MS))
    assert any(isinstance(state, DeliverySeen) for state in desk.store.states.values())
    desk.handle(tick("file:t", "t", START + SEEN_MS))
    assert not any(isinstance(state, DeliverySeen) for state in desk.store.states.values())
    assert fate(desk.handle(same)) == ("parsed", {"items": 1, "duplicates": 1})


def test_an_unchanged_record_is_a_duplicate_and_a_value_that_comes_back_is_not() -> None:
    desk = Desk()
    assert fate(desk.poll(row(version=1, StageName="A")))[1] == {"items": 1, "records": 1}
    assert fate(desk.poll(row(version=1, StageName="A")))[1] == {"items": 1, "duplicates": 1}
    assert fate(desk.poll(row(version=2, StageName="B")))[1] == {"items": 1, "records": 1}
    assert fate(desk.poll(row(version=3, StageName="A")))[1] == {"items": 1, "records": 1}


def test_a_record_cites_its_delivery() -> None:
    desk = Desk()
    source = desk.body(page(row("006A"), row("006B")))
    second = desk.handle(source).snapshots[1]
    assert (second.delivery_id, second.item, second.caused_by) == (source.event_id, 1, source.event_id)
    assert (second.trace_id, second.observed_at) == (source.trace_id, source.observed_at)


# --- moves


def test_a_move_leaves_joins_with_the_last_state_and_then_changes() -> None:
    desk = Desk()
    desk.poll(row(version=1, account="A", StageName="Design"))
    moved = desk.poll(row(version=2, account="B", StageName="Won"))
    assert moved.told == [("A", "left"), ("B", "joined"), ("B", "record")]
    assert [s.fields["stage"] for s in moved.snapshots] == ["Design", "Design", "Won"]
    assert [s.version for s in moved.snapshots][:2] == [moved.snapshots[0].version] * 2
    assert len({s.event_id for s in moved.snapshots}) == 3
    assert fate(moved)[1] == {"items": 1, "records": 1}
    assert desk.links()["006A"].account_id == "B"


def test_a_record_whose_link_is_empty_now_keeps_its_account() -> None:
    desk = Desk()
    desk.poll(row(version=1, account="A"))
    assert desk.poll(row(version=2, account=None)).told == [("A", "record")]
    assert desk.poll(row(version=3, account="")).told == [("A", "record")]


def test_another_account_alone_is_a_move() -> None:
    desk = Desk()
    desk.poll(row(version=1, account="A"))
    renamed = desk.poll(row(version=1, account="B"))
    assert renamed.told == [("A", "left"), ("B", "joined"), ("B", "record")]


def test_a_past_state_moves_nothing_back() -> None:
    desk = Desk()
    desk.poll(row(version=1, account="A"))
    desk.poll(row(version=3, account="B", StageName="Won"))
    late = desk.poll(row(version=2, account="A", StageName="Lost"))
    assert late.told == [("B", "record")]
    assert fate(late)[1] == {"items": 1, "records": 1}
    link = desk.links()["006A"]
    assert (link.account_id, link.fields["stage"]) == ("B", "Won")


def test_twice_in_one_page() -> None:
    desk = Desk()
    written = desk.poll(row(version=1, account="A"), row(version=2, account="B"), row(version=2, account="B"))
    assert written.told == [("A", "record"), ("A", "left"), ("B", "joined"), ("B", "record")]
    assert fate(written)[1] == {"items": 3, "records": 2, "duplicates": 1}


# --- deletion


def test_what_is_deleted_leaves_its_account() -> None:
    desk = Desk()
    desk.send(issue(timestamp=START), "jira")
    gone = desk.send(issue("jira:issue_deleted", START + 1), "jira")
    assert (gone.told, fate(gone)[1]) == ([("7", "left")], {"items": 1, "records": 1})
    assert gone.snapshots[0].fields["deleted"] is True


def test_a_past_state_does_not_bring_back_what_was_deleted() -> None:
    desk = Desk()
    desk.poll(row(version=1))
    desk.poll(row(version=3, IsDeleted=True))
    assert desk.poll(row(version=2)).told == [("ACME", "left")]
    assert desk.poll(row(version=4)).told == [("ACME", "record")], "restored at the source"


def test_a_past_deletion_does_not_take_away_what_was_restored() -> None:
    desk = Desk()
    desk.poll(row(version=3))
    assert desk.poll(row(version=2, IsDeleted=True)).told == [("ACME", "record")]
    assert "deleted" not in desk.links()["006A"].fields


def test_what_is_deleted_does_not_move_first() -> None:
    desk = Desk()
    desk.poll(row(version=1, account="A"))
    assert desk.poll(row(version=2, account="B", IsDeleted=True)).told == [("A", "left")]
    assert desk.poll(row(version=3, account="B")).told == [("B", "record")]
    desk.poll(row(version=4, account="B", IsDeleted=True))
    assert desk.poll(row(version=5, account="C")).told == [("C", "record")], "it had left B already"


# --- parking


def test_a_record_without_an_account_waits_and_is_driven_on_when_one_is_named() -> None:
    desk = Desk()
    waiting = [desk.poll(row(version=n, account=None, StageName=f"S{n}"), at=START + n) for n in (1, 2)]
    assert [fate(written) for written in waiting] == [("parsed", {"items": 1, "parked": 1})] * 2
    assert [w.told for w in waiting] == [[], []]
    linked = desk.poll(row(version=3, account="A", StageName="S3"), at=START + DAY_MS)
    assert [s.fields["stage"] for s in linked.snapshots] == ["S1", "S2", "S3"]
    assert linked.told == [("A", "record")] * 3
    assert {s.observed_at for s in linked.snapshots} == {START + DAY_MS}, "the clock of the linking"
    parked = [w.unresolved[0] for w in waiting]
    assert [s.occurred_at for s in linked.snapshots[:2]] == [p.occurred_at for p in parked], "the source's own times"
    redriven = linked.dispositions[:-1]
    assert [(d.disposition.value, d.records, d.parked, d.items) for d in redriven] == [("redriven", 1, -1, 0)] * 2
    assert [d.delivery_id for d in redriven] == [p.delivery_id for p in parked]
    assert desk.links()["006A"].waiting == ()


def test_the_tombstone_has_the_key_of_what_waited() -> None:
    desk = Desk()
    parked = desk.poll(row(account=None))
    linked = desk.poll(row(version=2, account="A"))
    [emit] = [e for e in parked.emits if e.topic == topics.RAW_UNRESOLVED]
    [stone] = [e for e in linked.emits if e.topic == topics.RAW_UNRESOLVED]
    [written], [removed] = (list(outgoing(e, Codec(), 0)) for e in (emit, stone))
    assert (written.key, written.partition) == (removed.key, removed.partition)
    assert removed.value is None


def test_the_same_record_wakes_what_waits_once_it_names_an_account() -> None:
    desk = Desk()
    desk.poll(row(version=1, account=None))
    assert fate(desk.poll(row(version=1, account=None)))[1] == {"items": 1, "duplicates": 1}
    assert desk.poll(row(version=1, account="A")).told == [("A", "record")] * 2


def test_an_older_record_can_name_the_account_and_the_newer_state_stays() -> None:
    desk = Desk()
    desk.poll(row(version=2, account=None, StageName="Won"))
    assert desk.poll(row(version=1, account="A", StageName="Design")).told == [("A", "record")] * 2
    link = desk.links()["006A"]
    assert (link.account_id, link.fields["stage"]) == ("A", "Won")


def test_what_waits_has_a_bound() -> None:
    desk = Desk()
    large = "x" * (links.MAX_RECORD_BYTES - 2000)
    fates = [fate(desk.poll(row(version=n, account=None, Name=large)))[1] for n in range(1, 7)]
    assert fates == [{"items": 1, "parked": 1}] * 4 + [{"items": 1, "dead": 1}] * 2
    assert len(desk.links()["006A"].waiting) == 4


# --- names


@pytest.mark.parametrize("odd", ["a|b", "a#b", "a%7Cb", "é 漢字 🦊", "../..", " ", "\x00", "9" * MAX_ID_LENGTH])
def test_odd_ids_stay_themselves(odd: str) -> None:
    desk = Desk()
    [told] = desk.poll(row(odd, account=odd)).snapshots
    assert (told.entity.entity_id, told.account_id) == (odd, odd)
    assert desk.poll(row(odd, version=2, account=odd)).told == [(odd, "record")]
    assert len(desk.links()) == 1


def test_two_names_are_never_one() -> None:
    desk = Desk()
    desk.poll(row("a|b"), row("a%7Cb"), row("a"), row("b"))
    assert set(desk.links()) == {"a|b", "a%7Cb", "a", "b"}


def test_a_number_as_an_id_is_its_text() -> None:
    [told] = Desk().poll(row(Id=17)).snapshots
    assert told.entity.entity_id == "17"


def test_the_same_id_of_two_vendors_is_two_entities() -> None:
    desk = Desk()
    desk.poll(row("X-1", account="A"))
    assert desk.send(issue(key="X-1"), "jira").told == [("7", "record")]


# --- order within the same time


def test_revisions_order_changes_within_one_millisecond() -> None:
    desk = Desk()
    desk.send(issue(timestamp=START, revision=7, status={"name": "late"}), "jira")
    desk.send(issue(timestamp=START, revision=3, status={"name": "early"}), "jira")
    assert desk.links()["INC-1"].fields["status"] == "late"
    desk.send(issue(timestamp=START + 1, revision=0, status={"name": "next"}), "jira")
    assert desk.links()["INC-1"].fields["status"] == "next"


# --- ticks


def test_time_goes_to_every_partition_and_not_back() -> None:
    desk = Desk()
    forward = desk.handle(tick("file:t", "t", START))
    assert [(e.topic, e.every_partition) for e in forward.emits] == [(topics.RAW_SNAPSHOTS, True)]
    assert desk.handle(tick("file:t", "t", START)).emits == [], "said already"
    back = desk.handle(tick("file:t", "t", START - 1))
    assert (back.reasons, back.emits) == (["tick_backwards"], [])
    assert desk.store.states[join_key("t", "clock", "file:t")] == TenantClock(at=START)


def test_wall_ticks_are_everywhere_already() -> None:
    [emit] = Desk(Profile(tenant="t", clock=Clock.WALL)).handle(tick("wall", "", START)).emits
    assert isinstance(emit.event, Tick)
    assert not emit.every_partition


def test_each_clock_goes_its_own_way() -> None:
    desk = Desk(Profile(tenant="t", clock=Clock.FILE), Profile(tenant="u", clock=Clock.FILE))
    desk.handle(tick("file:t", "t", START))
    assert desk.handle(tick("file:u", "u", START - DAY_MS)).reasons == []


def test_an_event_of_another_topic_is_refused() -> None:
    desk = Desk()
    [snapshot] = desk.poll(row()).snapshots
    assert desk.handle(snapshot).reasons == ["unexpected_event"]


def items(written: Written) -> tuple[int, int, int, int, int]:
    fate = written.fate
    return (fate.items, fate.records, fate.duplicates, fate.parked, fate.dead)


def test_a_delivery_with_something_refused_is_handled_anew_when_it_is_driven_again() -> None:
    desk = Desk()
    delivery = desk.body(page(row(), row("006B", Amount="much"), row("006A", version=0)))
    first, again = desk.handle(delivery), desk.handle(delivery)
    assert (items(first), first.reasons) == ((3, 2, 0, 0, 1), ["wrong_type"])
    assert (items(again), again.reasons) == ((3, 0, 2, 0, 1), ["wrong_type"])
    assert again.snapshots == []
    assert first.fate.event_id != again.fate.event_id


def test_once_the_cause_is_mended_a_dead_delivery_lives() -> None:
    strict = Desk(Profile(tenant="t", connectors={"salesforce": ConnectorProfile(objects={"Opportunity": None})}))
    delivery = strict.body(page(row()))
    assert strict.handle(delivery).reasons == ["unmapped_object"]
    mended = Desk()
    mended.store.states.update(strict.store.states)
    assert items(mended.handle(delivery)) == (1, 1, 0, 0, 0)
    assert mended.handle(delivery).fate.disposition.value == "duplicate"


def test_an_object_that_the_tenant_does_not_take_is_refused() -> None:
    crm, help_desk = ConnectorProfile(objects={"Opportunity": None}), ConnectorProfile(objects={"issue": None})
    desk = Desk(Profile(tenant="t", connectors={"salesforce": crm, "jira": help_desk}))
    assert desk.poll(row()).reasons == ["unmapped_object"]
    assert desk.send(issue(), "jira").reasons == ["unmapped_object"]


@pytest.mark.parametrize("body", [b'{"action_id": "act_1"}', b'{"x": ' + b"[" * 100_000, b'{"action_id": "\xff"}'])
def test_a_body_that_pretends_to_be_our_outcome_is_not(body: bytes) -> None:
    forged = delivery(
        at=START, seq=1, tenant_id="t", connector="revloop", mode="outcome", resource="action", request="", body=body
    )  # fmt: skip
    assert Desk().handle(forged).reasons == ["bad_outcome"]


@pytest.mark.parametrize("request_text", ["[" * 100_000, "{", "[]", '"\\ud800"'])
def test_a_request_that_is_not_ours_makes_no_first_poll(request_text: str) -> None:
    desk = Desk()
    polled = msgspec.structs.replace(desk.body(page(row())), request=request_text)
    assert [snapshot.baseline for snapshot in desk.handle(polled).snapshots] == [False]


def test_a_delivery_whose_own_id_fits_no_key_is_known_by_ours() -> None:
    desk = Desk(Profile(tenant="t", connectors={"segment": ConnectorProfile()}))
    call = {"type": "track", "event": "Login", "messageId": "x" * (3 * MAX_ID_LENGTH), "timestamp": "2018-03-01"}
    assert desk.send(json.dumps({**call, "messageId": "x"}).encode(), "segment").reasons == []
    assert desk.send(json.dumps(call).encode(), "segment").reasons == ["id_too_long"]
    assert max(map(len, desk.store.states)) < 2 * MAX_ID_LENGTH


@pytest.mark.parametrize(
    "template",
    [
        '{"type": "track", "event": "x", "messageId": "1", "properties": {"products": [DEEP]}}',
        '{"type": DEEP, "event": "x", "messageId": "1"}',
    ],
    ids=["read by a path", "shown"],
)
def test_a_body_at_the_edge_of_what_can_be_decoded_stops_nothing(template: str) -> None:
    track = ObjectProfile(fields={"repeats": "properties.products | repeats"})
    desk = Desk(Profile(tenant="t", connectors={"segment": ConnectorProfile(objects={"track": track})}))
    bodies = [template.replace("DEEP", "[" * depth + "]" * depth).encode() for depth in range(600, 1_000)]
    fates = {desk.send(body, "segment").fate.disposition.value for body in bodies}
    assert "dead" in fates
    assert fates <= {"parsed", "dead", "duplicate"}


def test_a_record_merged_into_what_fits_no_key_is_refused() -> None:
    assert Desk().poll(row(MasterRecordId="x" * (MAX_ID_LENGTH + 1), IsDeleted=True)).reasons == ["id_too_long"]
