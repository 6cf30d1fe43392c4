"""Cedar texts come in and are parsed once, answers go out; texts that are nameless or give no reason are refused."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

import cedarpy
import msgspec

PRINCIPAL = {"type": "Proposer", "id": "loop"}
NO_ENTITIES = "[]"
Fact = str | bool | int
Facts = Mapping[str, Fact]
ANSWERS_KEPT = 4096


class Answer(msgspec.Struct, frozen=True):
    """Cedar's word on one question, with the sentences of the policies that decided it."""

    allowed: bool
    policy_ids: tuple[str, ...]
    reasons: tuple[str, ...]
    errors: tuple[str, ...]
    """Policies that failed while they were asked: Cedar skips those, so nobody may rely on ``allowed``."""


class Policies:
    """Texts parsed and checked against their schema; the same question gets the same answer for as long as it lives."""

    def __init__(self, texts: Sequence[str], schema: str) -> None:
        """Raises ValueError for a text that is no Cedar, does not fit the schema, or has no @id and @reason."""
        text = "\n".join(texts)
        self._schema = cedarpy.Schema.from_str(schema)
        self._set = cedarpy.PolicySet.from_str(text)
        self._entities = cedarpy.Entities.from_json_str(NO_ENTITIES)
        self._names, self._reasons = _annotations(text)
        if not (checked := cedarpy.validate_policies(text, schema)):
            raise ValueError("; ".join(map(str, checked.errors)))
        self.version = sha256("\0".join([schema, *texts]).encode()).hexdigest()
        self._remembered = lru_cache(maxsize=ANSWERS_KEPT)(self._asked)

    def ask(self, kind: str, facts: Facts, *actions: str) -> Sequence[Answer]:
        """One answer for each of ``actions`` on an action of ``kind``; few questions are asked again and again."""
        return self._remembered(kind, tuple(sorted(facts.items())), actions)

    def _asked(self, kind: str, facts: tuple[tuple[str, Fact], ...], actions: tuple[str, ...]) -> tuple[Answer, ...]:
        requests = [
            {
                "principal": PRINCIPAL,
                "action": {"type": "Action", "id": action},
                "resource": {"type": "Kind", "id": kind},
                "context": dict(facts),
            }
            for action in actions
        ]
        results = cedarpy.is_authorized_batch(requests, self._set, self._entities, self._schema)
        return tuple(self._answer(result) for result in results)

    def _answer(self, result: cedarpy.AuthzResult) -> Answer:
        names = tuple(sorted(self._names[policy] for policy in result.diagnostics.reasons))
        reasons = tuple(self._reasons[name] for name in names)
        return Answer(result.allowed, names, reasons, tuple(result.diagnostics.errors))


def only_forbids(text: str) -> bool:
    """Whether ``text`` takes rights away and gives none; raises ValueError for what is no Cedar."""
    return all(policy["effect"] == "forbid" for policy in _parsed(text).values())


def _parsed(text: str) -> dict[str, dict[str, object]]:
    policies: dict[str, dict[str, object]] = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return policies


def _annotations(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """(@id by the parser's id, @reason by @id) of every policy; raises ValueError where one is missing."""
    names: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for parser_id, policy in _parsed(text).items():
        annotations = policy.get("annotations", {})
        assert isinstance(annotations, dict)  # Cedar's own JSON form
        name, reason = annotations.get("id"), annotations.get("reason")
        if not name or not reason:
            raise ValueError(f"{parser_id}: every policy has an @id and a @reason for people")
        if name in reasons:
            raise ValueError(f"two policies are called {name}")
        names[parser_id], reasons[name] = name, reason
    return names, reasons
