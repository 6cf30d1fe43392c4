"""Laws of account states over made-up histories: no order of rules matters, and every state explains itself."""

import random
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from revloop.contracts import codec
from revloop.contracts.generated.events import (
    AccountState,
    EntityChange,
    EntityChangeKind,
    Envelope,
    Severity,
    SignalChange,
    SignalChangeKind,
)
from revloop.contracts.times import DAY_MS, iso
from revloop.replay.pipeline import MemoryStore
from revloop.stage import Processor
from revloop.tenants import Profile, Registry
from services.world_model.core.rule import NEWS
from services.world_model.core.rules import load_rules
from services.world_model.core.stage import WorldModelCore
from tests.unit.world_model.events import signal
from tests.unit.world_model.laws import explains_itself, leads_with_the_worst
from tests.unit.world_model.test_sections import of, tick

RULES = list(load_rules())
TYPES = sorted({name for rule in RULES for name in rule.signal_types} | NEWS.keys())
KINDS = ("contract", "opportunity", "stakeholder", "contact", "support_case", "meeting", "interaction", "account")
Step = tuple[str, int, int, int]
"""What comes, on which day, about which of its kind, and how it looks."""
STEPS = st.lists(
    st.tuples(st.sampled_from([*KINDS, *TYPES, "tick"]), st.integers(1, 200), st.integers(0, 3), st.integers(0, 7)),
    min_size=1,
    max_size=25,
)


def fields_of(kind: str, day: int, look: int) -> dict[str, bool | int | float | str | None]:
    return {
        "contract": {"number": f"n{look % 2}", "starts": iso(look * 20 * DAY_MS), "ends": iso((150 + day) * DAY_MS)},
        "opportunity": {"amount": float(look), "close_date": iso((day + look) * DAY_MS)[:10], "closed": look == 7},
        "stakeholder": {
            "contact_id": f"{look % 4}", "role": ("Champion", "User")[look % 2], "opportunity_id": f"{look % 3}"
        },
        "contact": {"name": f"name {look}"},
        "support_case": {
            "created": iso(day * DAY_MS), "priority": str(look), "status_category": ("new", "done")[look % 2]
        },
        "meeting": {"starts": iso((day + 5 * look) * DAY_MS), "cancelled": look == 7},
        "interaction": {},
        "account": {"churned": look == 7},
    }[kind]  # fmt: skip


def event(number: int, step: Step) -> Envelope:
    kind, day, entity, look = step
    if kind == "tick":
        return tick(day)
    if kind in KINDS:
        change = EntityChangeKind.left if look == 6 else EntityChangeKind.changed
        told: EntityChange = of(kind, day, fields_of(kind, day, look), name=str(entity), change=change)
        return replace(told, event_id=f"chg_{number}", snapshot_id=f"{number:064d}")
    return replace(signal_of(kind, day, entity, look), event_id=f"sgc_{number}")


def signal_of(kind: str, day: int, entity: int, look: int) -> SignalChange:
    change = (SignalChangeKind.opened, SignalChangeKind.raised, SignalChangeKind.cleared)[max(0, look - 5)]
    severity = tuple(Severity)[look % 4]
    name, value = f"sig_{kind}_{entity}", (None, 1.0, -0.4)[look % 3]
    told = signal(
        day * DAY_MS, change, key=str(entity), signal_id=name, signal_type=kind, severity=severity, value=value
    )
    said = {"LIFECYCLE_CHANGED": ("lifecycle", "CHURNED"), "STAKEHOLDER_CHANGED": ("critical_role_lost", True)}
    field, after = said.get(kind, (told.evidence[0].field, told.evidence[0].after))
    return replace(told, evidence=(replace(told.evidence[0], field=field, after=after),))


def history(steps: Sequence[Step]) -> list[Envelope]:
    ordered = sorted(enumerate(steps), key=lambda one: (one[1][1], one[0]))
    return [event(number, step) for number, step in ordered]


def states(events: Sequence[Envelope], rules: Sequence[object]) -> list[AccountState]:
    core = WorldModelCore(Registry([Profile(tenant="t")]), rules)  # type: ignore[arg-type]  # rules in some order
    processor = Processor(core, MemoryStore())
    emits = [emit for one in events for emit in processor.handle(one).emits]
    return [emit.event for emit in emits if isinstance(emit.event, AccountState)]


@settings(max_examples=1000)
@given(steps=STEPS, seed=st.integers(0, 10_000))
def test_no_order_of_rules_changes_a_byte_and_every_state_explains_itself(steps: list[Step], seed: int) -> None:
    events, shuffled = history(steps), list(RULES)
    random.Random(seed).shuffle(shuffled)
    told = states(events, RULES)
    assert [codec.encode(one) for one in told] == [codec.encode(one) for one in states(events, shuffled)]
    for before, after in pairwise(told):
        assert before.snapshot_id != after.snapshot_id, "a state that says nothing new"
        assert after.previous_snapshot_id == before.snapshot_id
    for state in told:
        explains_itself(state)
        leads_with_the_worst(state)


@settings(max_examples=100)
@given(steps=STEPS)
def test_the_snapshot_is_its_content(steps: list[Step]) -> None:
    """Whatever way led there: two states with one id say the same, but for how they came about."""
    seen: dict[str, bytes] = {}
    for state in states(history(steps), RULES):
        content = replace(
            state,
            event_id="",
            trace_id="",
            caused_by="",
            occurred_at=0,
            observed_at=0,
            previous_snapshot_id="",
            previous_posture=None,
            recent_changes=(),
            new_signals=(),
            echo_only=False,
            subjects=tuple(replace(one, observed_at=0, version=0, fields={}) for one in state.subjects),
        )
        assert seen.setdefault(state.snapshot_id, codec.encode(content)) == codec.encode(content)
