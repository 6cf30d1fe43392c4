"""Links over other records: chains, fan-out, waiting, moves, renames, merges, and records told part by part."""

import itertools
import json

from revloop.contracts.generated.events import Snapshot, SnapshotChange
from revloop.tenants import ConnectorProfile, ObjectProfile, Profile
from tests.unit.ingest.desk import START, Desk, Written

HUBSPOT = ConnectorProfile(objects={"companies": ObjectProfile(account="properties.name")})
CALENDAR = ConnectorProfile()
PROFILE = Profile(
    tenant="t", connectors={"hubspot": HUBSPOT, "google-calendar": CALENDAR}, own_domains=("own.example",)
)
DAY = 86_400_000
Held = dict[tuple[str, str, str], dict[str, object]]


class Crm(Desk):
    """A resolver with HubSpot and a calendar; records by short names."""

    def __init__(self) -> None:
        super().__init__(PROFILE)
        self.held: Held = {}
        self.versions: dict[tuple[str, str, str], int] = {}

    def answer(self, resource: str, *rows: object, at: int | None = None) -> Written:
        event = self.body(json.dumps({"results": rows}).encode(), "hubspot", at=at)
        return self.keep(type(event)(**{**fields_of(event), "resource": resource}))

    def change(self, *changes: object) -> Written:
        return self.keep(self.body(json.dumps(changes).encode(), "hubspot"))

    def meet(self, *events: object) -> Written:
        return self.keep(self.body(json.dumps({"items": events}).encode(), "google-calendar"))

    def keep(self, event: object) -> Written:
        """Handle, and remember what each account holds."""
        written = self.handle(event)  # type: ignore[arg-type]  # an event
        for snapshot in written.snapshots:
            place = (snapshot.account_id, snapshot.entity.entity_type, snapshot.entity.entity_id)
            if snapshot.change is SnapshotChange.left:
                self.held.pop(place, None)
            elif snapshot.version >= self.versions.get(place, 0):  # a past state is told, and changes nothing
                self.held[place] = dict(snapshot.fields)
                self.versions[place] = snapshot.version
        return written

    def places(self) -> set[tuple[str, str]]:
        return {(account, entity) for account, _, entity in self.held}


def fields_of(event: object) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}  # type: ignore[attr-defined]  # a struct


def stamp(minute: int) -> str:
    return f"2024-03-01T{minute // 60:02d}:{minute % 60:02d}:00Z"


def row(number: str, minute: int = 1, links: dict[str, str] | None = None, **properties: object) -> dict[str, object]:
    associations = {name: {"results": [{"id": found}]} for name, found in (links or {}).items()}
    return {"id": number, "properties": properties, "updatedAt": stamp(minute), "associations": associations}


def told(written: Written) -> list[tuple[str, str, str]]:
    return [(s.account_id, s.change.value, s.entity.entity_id) for s in written.snapshots]


COMPANY = row("c1", name="ACME")
DEAL = row("d1", links={"companies": "c1"}, dealname="Renewal")
TASK = row("t1", links={"deals": "d1"}, hs_task_subject="Call")


def test_a_task_finds_its_account_over_its_deal_and_that_deals_company() -> None:
    crm = Crm()
    crm.answer("companies", COMPANY)
    crm.answer("deals", DEAL)
    assert told(crm.answer("tasks", TASK)) == [("ACME", "record", "t1")]


def test_what_comes_too_early_waits_and_a_whole_chain_is_woken_in_order() -> None:
    crm = Crm()
    parked = [crm.answer("tasks", TASK), crm.answer("deals", DEAL)]
    assert [written.fate.parked for written in parked] == [1, 1]
    woken = crm.answer("companies", COMPANY)
    assert told(woken) == [("ACME", "record", "c1"), ("ACME", "record", "d1"), ("ACME", "record", "t1")]
    assert len(woken.tombstones) == 2
    assert [d.disposition.value for d in woken.dispositions] == ["redriven", "redriven", "parsed"]
    assert {snapshot.observed_at for snapshot in woken.snapshots} == {woken.snapshots[0].observed_at}


def test_any_order_of_arrival_gives_the_same_end() -> None:
    ends = []
    for order in itertools.permutations([("companies", COMPANY), ("deals", DEAL), ("tasks", TASK)]):
        crm = Crm()
        for resource, record in order:
            crm.answer(resource, record)
        ends.append(crm.held)
    assert all(end == ends[0] for end in ends)
    assert {(account, entity) for account, _, entity in ends[0]} == {("ACME", "c1"), ("ACME", "d1"), ("ACME", "t1")}


def test_dependents_follow_a_deal_to_another_company() -> None:
    crm = Crm()
    crm.answer("companies", COMPANY, row("c2", name="BETA"))
    crm.answer("deals", DEAL)
    crm.answer("tasks", TASK)
    moved = crm.answer("deals", row("d1", 2, {"companies": "c2"}, dealname="Renewal"))
    assert told(moved) == [
        ("ACME", "left", "d1"),
        ("BETA", "joined", "d1"),
        ("BETA", "record", "d1"),
        ("ACME", "left", "t1"),
        ("BETA", "joined", "t1"),
    ]
    assert told(crm.answer("tasks", row("t1", 3, {"deals": "d1"}, hs_task_subject="Mail"))) == [
        ("BETA", "record", "t1")
    ]


def test_an_account_that_is_renamed_takes_everything_along() -> None:
    crm = Crm()
    crm.answer("companies", COMPANY)
    crm.answer("deals", DEAL)
    crm.answer("tasks", TASK)
    crm.answer("companies", row("c1", 2, name="ACME GmbH"))
    assert crm.places() == {("ACME GmbH", "c1"), ("ACME GmbH", "d1"), ("ACME GmbH", "t1")}
    crm.answer("companies", row("c1", 3, name="ACME"))
    assert crm.places() == {("ACME", "c1"), ("ACME", "d1"), ("ACME", "t1")}


def merge(primary: int, *merged: int, minute: int = 5) -> dict[str, object]:
    return {
        "subscriptionType": "company.merge",
        "eventId": 9,
        "occurredAt": 1_709_251_200_000 + minute * 60_000,
        "primaryObjectId": primary,
        "mergedObjectIds": list(merged),
    }


def test_a_merged_account_gives_all_it_had_to_the_other() -> None:
    crm = Crm()
    crm.answer("companies", row("1", name="ACME"), row("2", name="BETA"))
    crm.answer("deals", row("d1", links={"companies": "1"}), row("d2", links={"companies": "2"}))
    crm.answer("tasks", row("t1", links={"deals": "d1"}))
    crm.change(merge(2, 1))
    assert crm.places() == {("BETA", "2"), ("BETA", "d1"), ("BETA", "d2"), ("BETA", "t1")}
    crm.answer("deals", row("d3", links={"companies": "1"}))
    assert ("BETA", "d3") in crm.places()


def test_merging_at_any_point_gives_what_would_be_told_under_the_last_id() -> None:
    steps = [
        ("deals", row("d1", links={"companies": "1"}, dealname="one")),
        ("tasks", row("t1", links={"deals": "d1"}, hs_task_subject="a")),
        ("deals", row("d1", 2, {"companies": "1"}, dealname="two")),
        ("tasks", row("t1", 3, {"deals": "d1"}, hs_task_subject="b")),
    ]
    ends = []
    for point in range(len(steps) + 1):
        crm = Crm()
        crm.answer("companies", row("1", name="ACME"), row("2", name="BETA"))
        for number, (resource, record) in enumerate(steps):
            if number == point:
                crm.change(merge(2, 1))
            crm.answer(resource, record)
        if point == len(steps):
            crm.change(merge(2, 1))
        ends.append(crm.held)
    assert all(end == ends[0] for end in ends)
    assert {account for account, _, _ in ends[0]} == {"BETA"}


# --- fan-out


def meeting(number: str, *people: str, updated: str = "2024-03-01T09:00:00Z") -> dict[str, object]:
    return {
        "id": number,
        "updated": updated,
        "start": {"date": "2024-03-05"},
        "attendees": [{"email": person} for person in people],
    }


def test_a_meeting_goes_to_the_accounts_of_all_who_come_from_outside() -> None:
    crm = Crm()
    crm.answer(
        "companies", row("c1", name="ACME", domain="acme.example"), row("c2", name="BETA", domain="beta.example")
    )
    written = crm.meet(meeting("m1", "ann@acme.example", "bob@beta.example", "us@own.example"))
    assert told(written) == [("ACME", "record", "m1"), ("BETA", "record", "m1")]
    assert len({snapshot.event_id for snapshot in written.snapshots}) == 2
    assert written.fate.records == 1
    fewer = crm.meet(meeting("m1", "bob@beta.example", updated="2024-03-01T10:00:00Z"))
    assert told(fewer) == [("ACME", "left", "m1"), ("BETA", "record", "m1")]


def test_a_known_person_counts_before_a_domain() -> None:
    crm = Crm()
    crm.answer("companies", row("c1", name="ACME", domain="acme.example"), row("c2", name="BETA"))
    crm.answer("contacts", row("p1", links={"companies": "c2"}, email="Ann@acme.example"))
    assert told(crm.meet(meeting("m1", "ann@acme.example"))) == [("BETA", "record", "m1")]


def test_a_meeting_with_nobody_known_waits_until_somebody_is() -> None:
    crm = Crm()
    assert crm.meet(meeting("m1", "ann@acme.example")).fate.parked == 1
    woken = crm.answer("companies", row("c1", name="ACME", domain="acme.example"))
    assert ("ACME", "record", "m1") in told(woken)


# --- part by part


def part(name: str, value: object, minute: int) -> dict[str, object]:
    return {
        "subscriptionType": "deal.propertyChange",
        "eventId": minute,
        "occurredAt": 1_709_251_200_000 + minute * 60_000,
        "objectId": "d1",
        "propertyName": name,
        "propertyValue": value,
    }


def last(snapshots: list[Snapshot], name: str) -> object:
    return snapshots[-1].fields[name]


def test_one_property_changes_and_the_others_stay() -> None:
    crm = Crm()
    crm.answer("companies", COMPANY)
    crm.answer("deals", DEAL)
    changed = crm.change(part("dealstage", "won", 5))
    assert (last(changed.snapshots, "stage"), last(changed.snapshots, "name")) == ("won", "Renewal")


def test_parts_and_wholes_in_any_order_end_the_same() -> None:
    whole = row("d1", 3, {"companies": "c1"}, dealname="Renewal", dealstage="open", amount="5")
    steps = [
        lambda crm: crm.answer("deals", whole),
        lambda crm: crm.change(part("dealstage", "won", 5)),
        lambda crm: crm.change(part("amount", "7", 4)),
        lambda crm: crm.change(part("dealname", "old", 2)),
    ]
    ends = []
    for order in itertools.permutations(steps):
        crm = Crm()
        crm.answer("companies", COMPANY)
        for step in order:
            step(crm)
        ends.append(crm.held["ACME", "opportunity", "d1"])
    assert ends == [ends[0]] * len(ends)
    assert (ends[0]["stage"], ends[0]["amount"], ends[0]["name"]) == ("won", 7.0, "Renewal")


def test_a_part_of_a_record_never_seen_waits_for_the_whole() -> None:
    crm = Crm()
    crm.answer("companies", COMPANY)
    assert crm.change(part("dealstage", "won", 5)).fate.parked == 1
    whole = crm.answer("deals", row("d1", 3, {"companies": "c1"}, dealname="Renewal", dealstage="open"))
    assert told(whole) == [("ACME", "record", "d1")]
    assert last(whole.snapshots, "stage") == "won"
    assert sum(d.parked for d in whole.dispositions) == -1


def test_a_batch_that_is_sent_again_is_one_delivery() -> None:
    crm = Crm()
    crm.answer("companies", COMPANY)
    crm.answer("deals", DEAL)
    crm.change(part("dealstage", "won", 5))
    assert crm.change(part("dealstage", "won", 5)).fate.disposition.value == "duplicate"


def test_a_happening_is_known_again_for_a_while() -> None:
    usage = ConnectorProfile()
    desk = Desk(Profile(tenant="t", connectors={"segment": usage}))
    call = {"type": "track", "event": "X", "messageId": "m1", "context": {"groupId": "a"}, "timestamp": stamp(1)}
    batch = json.dumps({"batch": [call]}).encode()
    first = desk.send(batch, "segment", at=START)
    again = desk.send(batch, "segment", at=START + DAY)
    assert [first.fate.records, again.fate.records, again.fate.duplicates] == [1, 0, 1]
    (link,) = desk.links().values()
    assert link.due_at == START + 130 * DAY


# --- merges, whatever comes first and whoever else names the account


def test_a_merge_that_is_told_before_its_survivor_is_made_up_for() -> None:
    crm = Crm()
    crm.answer("companies", row("1", name="ACME"))
    crm.answer("deals", row("d1", links={"companies": "1"}))
    crm.change(merge(2, 1))
    assert crm.places() == {("ACME", "d1")}, "nobody knows yet where it went"
    crm.answer("companies", row("2", name="BETA"))
    assert crm.places() == {("BETA", "2"), ("BETA", "d1")}


def test_a_merge_that_is_told_before_what_it_merged_is_known() -> None:
    crm = Crm()
    crm.change(merge(2, 1))
    crm.answer("companies", row("2", name="BETA"), row("1", name="ACME"))
    crm.answer("deals", row("d1", links={"companies": "1"}))
    assert ("BETA", "d1") in crm.places()


def test_a_late_record_of_a_merged_company_leads_nothing_back() -> None:
    crm = Crm()
    crm.answer("companies", row("1", 2, name="ACME"), row("2", name="BETA"))
    crm.answer("deals", row("d1", links={"companies": "1"}))
    crm.change(merge(2, 1))
    crm.answer("companies", row("1", 1, name="ACME"))
    assert crm.places() == {("BETA", "2"), ("BETA", "d1")}


def test_one_merged_into_one_that_is_merged_itself_ends_at_the_last() -> None:
    for order in itertools.permutations([merge(2, 1), merge(3, 2, minute=6)]):
        crm = Crm()
        crm.answer("companies", row("1", name="ACME"), row("2", name="BETA"), row("3", name="CORE"))
        crm.answer("deals", row("d1", links={"companies": "1"}))
        for number, change in enumerate(order):
            crm.change({**change, "eventId": number})
        assert crm.places() == {("CORE", "3"), ("CORE", "d1")}


HELP_DESK = ConnectorProfile(objects={"organizations": ObjectProfile(account="external_id")})
TWO_SYSTEMS = Profile(tenant="t", connectors={"hubspot": HUBSPOT, "zendesk": HELP_DESK})


class Both(Crm):
    """A CRM, and a help desk whose organizations name the CRM's accounts."""

    def __init__(self) -> None:
        Desk.__init__(self, TWO_SYSTEMS)
        self.held = {}
        self.versions = {}

    def ask(self, kind: str, **fields: object) -> Written:
        body = {kind: [{"updated_at": stamp(1), **fields}]}
        return self.keep(self.body(json.dumps(body).encode(), "zendesk"))


def test_a_merge_in_the_crm_takes_along_what_the_help_desk_says() -> None:
    desk = Both()
    desk.answer("companies", row("1", name="ACME"), row("2", name="BETA"))
    desk.ask("organizations", id=11, external_id="ACME")
    desk.ask("tickets", id=5, organization_id=11)
    desk.change(merge(2, 1))
    assert desk.places() == {("BETA", "2"), ("BETA", "11"), ("BETA", "5")}


def test_a_second_company_of_the_same_key_keeps_it() -> None:
    crm = Crm()
    crm.answer("companies", row("1", name="ACME"), row("3", name="ACME"), row("2", name="BETA"))
    crm.answer("deals", row("d1", links={"companies": "3"}))
    crm.change(merge(2, 1))
    assert {("ACME", "3"), ("ACME", "d1")} <= crm.places()


def test_a_record_that_moved_to_a_company_not_known_yet_follows_when_it_is() -> None:
    first, second = DEAL, row("d1", 2, {"companies": "c2"}, dealname="Renewal")
    companies = [COMPANY, row("c2", name="BETA")]
    for order in itertools.permutations(["first", "second", "c1", "c2"]):
        crm = Crm()
        for what in order:
            told_now = {"first": first, "second": second, "c1": companies[0], "c2": companies[1]}[what]
            crm.answer("deals" if what in ("first", "second") else "companies", told_now)
        assert crm.places() == {("ACME", "c1"), ("BETA", "c2"), ("BETA", "d1")}, order


def test_a_record_is_not_carried_by_a_name_it_went_by_before() -> None:
    crm = Crm()
    crm.answer("companies", COMPANY, row("c2", name="BETA"))
    crm.answer("deals", DEAL, row("d2", links={"companies": "c1"}))
    crm.answer("tasks", TASK)
    crm.answer("tasks", row("t1", 2, {"deals": "d2"}))
    crm.answer("deals", row("d1", 3, {"companies": "c2"}))
    assert ("ACME", "t1") in crm.places()


def test_a_happening_told_again_after_a_merge_is_not_counted_twice() -> None:
    connectors = {"hubspot": HUBSPOT, "segment": ConnectorProfile()}
    desk = Both()
    Desk.__init__(desk, Profile(tenant="t", connectors=connectors))
    desk.answer("companies", row("1", name="ACME"), row("2", name="BETA"))
    call = {"type": "track", "event": "X", "messageId": "m", "context": {"groupId": "ACME"}, "timestamp": stamp(1)}
    use = json.dumps({"batch": [call]}).encode()
    assert desk.send(use, "segment").told == [("ACME", "record")]
    desk.change(merge(2, 1))
    again = desk.send(use, "segment")
    assert (again.told, again.fate.duplicates) == ([], 1)
