"""How drafts are weighed against each other: within an account, and across a list of many."""

from collections.abc import Mapping

import pytest

from revloop.contracts.actions import Call
from revloop.contracts.generated.events import EntityRef, Scalar, Severity, SignalView, Subject, Target
from revloop.contracts.times import DAY_MS
from revloop.tenants import Profile
from services.decision.core.playbook import Case, Draft
from services.decision.core.ranking import Ranked, best_first, weigh

NOW = 100 * DAY_MS
PROFILE = Profile(tenant="t")


def opened(severity: Severity = Severity.critical, days_ago: int = 0, confidence: float = 1.0) -> SignalView:
    return SignalView(
        signal_id="sig",
        signal_type="CLOSE_DATE_SLIPPED",
        severity=severity,
        entity=EntityRef(connector="salesforce", entity_type="opportunity", entity_id="x", entity_key="x"),
        opened_at=NOW - days_ago * DAY_MS,
        valid_until=None,
        value=None,
        confidence=confidence,
        caused_by="",
        evidence=(),
    )


def weighed(
    fields: Mapping[str, Scalar],
    *signals: SignalView,
    name: str = "A",
    kind: str = "crm.update_field",
    effect: float = 1.0,
    needs: tuple[str, ...] = (),
) -> Ranked:
    entity = EntityRef(connector="salesforce", entity_type="opportunity", entity_id=name, entity_key=name)
    subject = Subject(entity=entity, snapshot_id="0" * 64, version=1, fields=dict(fields), observed_at=NOW)
    answers = signals or (opened(),)
    target = Target(system="salesforce", object="Opportunity", object_id=name, label=name, version=1)
    draft = Draft(
        call=Call(kind=kind, target=target),
        title="t",
        why=(),
        expected_outcome="e",
        wrong_if="w",
        signals=answers,
        needs=needs,
        effect=effect,
    )
    return weigh(f"{kind}/1", Case(subject=subject, signals=answers, profile=PROFILE, now=NOW), draft)


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"amount": 1e10}, 1.0),
        ({"amount": 4e11}, 1.0),
        ({"amount": 100_000.0}, 0.5),
        ({"amount": 550_000}, 0.55),
        ({"amount": 1}, 0.0),
        ({"amount": 0.2}, 0.0),
        ({"amount": -5e6}, 0.5),
        ({"amount": None}, 0.5),
        ({"amount": True}, 0.5),
        ({"priority": "1"}, 1.0),
        ({"priority": "2"}, 0.75),
        ({"priority": "5"}, 0.5),
    ],
)
def test_value_comes_from_the_record_alone(fields: dict[str, Scalar], value: float) -> None:
    assert weighed(fields).value == value


def test_a_larger_amount_never_has_a_smaller_value() -> None:
    values = [weighed({"amount": float(amount)}).value for amount in (9, 10, 11, 99, 100, 101, 9_999, 10_000, 10**9)]
    assert values == sorted(values)
    assert len(set(values)) > 5


@pytest.mark.parametrize(
    ("signal", "urgency"),
    [
        (opened(Severity.critical), 1.0),
        (opened(Severity.critical, days_ago=15), 0.75),
        (opened(Severity.critical, days_ago=30), 0.5),
        (opened(Severity.critical, days_ago=300), 0.5),
        (opened(Severity.low), 0.25),
    ],
)
def test_urgency_falls_with_age_and_severity(signal: SignalView, urgency: float) -> None:
    assert weighed({}, signal).urgency == urgency


def test_the_most_urgent_signal_and_the_least_sure_one_count() -> None:
    both = weighed({}, opened(Severity.low, confidence=0.9), opened(Severity.high, confidence=0.6))
    assert (both.urgency, both.confidence) == (0.8, 0.6)


@pytest.mark.parametrize(("there", "confidence"), [(2, 1.0), (1, 0.75), (0, 0.5)])
def test_what_the_record_does_not_say_costs_confidence(there: int, confidence: float) -> None:
    fields = dict(list({"owner": "Ann", "name": "Pump"}.items())[:there])
    assert weighed({**fields, "amount": None}, needs=("owner", "name")).confidence == confidence


def test_a_second_action_on_a_record_counts_for_what_the_first_leaves() -> None:
    first = weighed({"amount": 1e10}, effect=0.75)
    second = weighed({"amount": 1e10}, kind="crm.create_task", effect=0.5)
    other = weighed({"amount": 1e5}, name="B", effect=0.75)
    ranked = best_first([second, other, first], 5)
    assert [(one.case.label, one.draft.call.kind, one.value) for one in ranked] == [
        ("A", "crm.update_field", 0.75),
        ("B", "crm.update_field", 0.375),
        ("A", "crm.create_task", 0.125),
    ]


def test_the_same_kind_on_the_same_record_is_offered_once() -> None:
    ranked = best_first([weighed({"amount": 1e10}, effect=0.5), weighed({"amount": 1e10}, effect=0.7)], 5)
    assert [one.value for one in ranked] == [0.7]
