"""Every playbook's own examples hold: what it drafts is a sound call whose every sentence has evidence."""

from pathlib import Path

import pytest

from revloop.contracts.actions import load_catalogue
from revloop.contracts.times import DAY_MS, day_of, parse_iso
from revloop.tenants import Profile, Registry
from services.decision.core.playbook import Example, Playbook, Restraint, case_of, days, money
from services.decision.core.playbooks import load_playbooks

PLAYS = load_playbooks()
PLAYBOOKS = [play for play in PLAYS if isinstance(play, Playbook)]
RESTRAINTS = [play for play in PLAYS if isinstance(play, Restraint)]
CATALOGUE = load_catalogue()
NOW = 1_500_000_000_000


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Registry.load(Path(__file__).parents[3] / "examples" / "tenants").get("nyc")


@pytest.mark.parametrize("play", PLAYBOOKS, ids=lambda play: play.name)
def test_every_playbook_drafts_sound_calls_from_its_examples(play: Playbook, profile: Profile) -> None:
    for example in play.drafts:
        draft = play.draft(case_of(example, profile, NOW))
        assert draft is not None
        assert CATALOGUE.kind(draft.call.kind).faults(draft.call) == []
        assert draft.why
        assert all(reason.text and reason.evidence and reason.signal_ids for reason in draft.why)
        assert draft.signals
        assert draft.title
        assert draft.expected_outcome
        assert draft.wrong_if


@pytest.mark.parametrize("play", PLAYBOOKS, ids=lambda play: play.name)
def test_every_playbook_keeps_silent_where_it_should(play: Playbook, profile: Profile) -> None:
    for example in play.silent:
        assert play.draft(case_of(example, profile, NOW)) is None


@pytest.mark.parametrize("play", PLAYBOOKS, ids=lambda play: play.name)
def test_a_record_full_of_nonsense_breaks_no_playbook(play: Playbook, profile: Profile) -> None:
    for example in play.drafts:
        nonsense = dict.fromkeys(example.fields, 7) | {"close_date": "never", "amount": "much"}
        play.draft(case_of(type(example)(fields=nonsense, signals=example.signals), profile, NOW))


@pytest.mark.parametrize("play", RESTRAINTS, ids=lambda play: play.name)
def test_every_restraint_holds_where_it_should(play: Restraint) -> None:
    assert all(play.reason(signals) for signals in play.holds)
    assert not any(play.reason(signals) for signals in play.silent)


def test_a_tenant_without_the_field_gets_no_proposal_to_write_it() -> None:
    rescue = next(play for play in PLAYBOOKS if play.name == "deal_rescue")
    assert rescue.draft(case_of(rescue.drafts[0], Profile(tenant="t"), NOW)) is None


def test_words_for_numbers() -> None:
    assert [days(1), days(-45), days(1158), days(None)] == ["1 day", "45 days", "1,158 days", "some days"]
    assert [
        money(2.6e9, "USD"),
        money(53_493_000.0, "USD"),
        money(8000, "EUR"),
        money(None, "USD"),
        money("x", "USD"),
    ] == [
        "2.6 billion USD",
        "53.5 million USD",
        "8,000 EUR",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("day", "title", "step"),
    [
        (
            "2018-06-30",
            "Confirm 2018-06-30 with Ann",
            "Confirm the close date with Ann: it moved 180 days to 2018-06-30",
        ),
        (
            "2017-07-14",
            "Confirm 2017-07-14 with Ann",
            "Confirm the close date with Ann: it moved 180 days to 2017-07-14",
        ),
        (
            "2017-07-13",
            "Agree on a new date with Ann",
            "Agree on a new close date with Ann: it moved to 2017-07-13, which has passed",
        ),
    ],
)
def test_a_date_that_has_passed_is_not_to_be_confirmed(profile: Profile, day: str, title: str, step: str) -> None:
    rescue = next(play for play in PLAYBOOKS if play.name == "deal_rescue")
    first = rescue.drafts[0]
    before = day_of(parse_iso(day) - 180 * DAY_MS)
    moved = [(kind, severity, value, field, before, day) for kind, severity, value, field, _, _ in first.signals]
    example = Example(fields={**first.fields, "close_date": day}, signals=moved)
    draft = rescue.draft(case_of(example, profile, NOW))
    assert draft is not None
    assert draft.title.startswith(title)
    assert draft.call.changes[0].after == step
    assert ("passed" in draft.title) is any(f"{day} has passed." == reason.text for reason in draft.why)


def test_a_long_name_does_not_outgrow_the_field(profile: Profile) -> None:
    rescue = next(play for play in PLAYBOOKS if play.name == "deal_rescue")
    example = Example(fields={**rescue.drafts[0].fields, "owner": "A" * 400}, signals=rescue.drafts[0].signals)
    draft = rescue.draft(case_of(example, profile, NOW))
    assert draft is not None
    assert CATALOGUE.kind(draft.call.kind).faults(draft.call) == []
