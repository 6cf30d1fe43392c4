"""The catalogue: every kind's own examples hold, and what is not in it does not exist."""

import pytest

from revloop.contracts.actions import ActionKind, Catalogue, UnknownKind, load_catalogue
from revloop.contracts.generated.events import RiskTier

CATALOGUE = load_catalogue()
KINDS = [CATALOGUE.kind(name) for name in CATALOGUE.names()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_takes_its_sound_calls_and_refuses_its_faulty_ones(kind: ActionKind) -> None:
    for call in kind.sound:
        assert kind.faults(call) == []
    for call in kind.faulty:
        assert kind.faults(call)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_only_what_is_harmless_and_reversible_may_ever_run_alone(kind: ActionKind) -> None:
    if kind.alone_allowed:
        assert kind.reversible
        assert kind.risk_tier in (RiskTier.MINIMAL, RiskTier.LOW)


def test_a_kind_of_tier_never_has_nothing_that_performs_it() -> None:
    never = [kind for kind in KINDS if kind.risk_tier is RiskTier.NEVER]
    assert len(never) >= 4
    assert not any(kind.executable or kind.alone_allowed for kind in never)


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(UnknownKind, match=r"weather\.change"):
        CATALOGUE.kind("weather.change")


def test_the_version_follows_the_content() -> None:
    assert load_catalogue().version == CATALOGUE.version
    assert Catalogue(KINDS[1:]).version != CATALOGUE.version


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two files claim"):
        Catalogue([KINDS[0], KINDS[0]])
