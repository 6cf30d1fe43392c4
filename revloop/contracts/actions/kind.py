"""What a kind of action is: its risk, who performs it, and which calls of it are well formed."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from revloop.contracts.generated.events import FieldChange, RiskTier, Scalar, Target
from revloop.contracts.times import parse_iso


class ParameterType(StrEnum):
    """Types of parameters."""

    TEXT = "text"
    DATE = "date"


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One named value that a call carries."""

    name: str
    about: str
    type: ParameterType = ParameterType.TEXT
    required: bool = True
    max_length: int = 255


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done, before policy has judged it."""

    kind: str
    target: Target
    parameters: Mapping[str, Scalar] = {}
    changes: tuple[FieldChange, ...] = ()


class ActionKind(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the catalogue; policy reads its risk from here, never from a proposer."""

    name: str
    about: str
    risk_tier: RiskTier
    reversible: bool
    min_confidence: float
    """Least confidence (0..1) with which it may run alone."""
    alone_allowed: bool
    system: str
    """Which target performs it."""
    object: str
    """Vendor object of the target; empty where the call names it."""
    creates: bool
    """Whether it makes a new record, so that the target has no id yet."""
    parameters: tuple[Parameter, ...] = ()
    fields: tuple[Parameter, ...] = ()
    """Normalised fields it may change, with the type of their new value; none for a creation."""
    executable: bool = True
    """Whether this release has something that performs it."""
    sound: tuple[Call, ...] = ()
    """Examples that are well formed."""
    faulty: tuple[Call, ...] = ()
    """Examples that must be refused."""

    def faults(self, call: Call) -> list[str]:
        """Sentences on what is wrong with ``call``; none when it is well formed."""
        return [
            *self._target(call.target),
            *self._parameters(call.parameters),
            *self._changes(call.changes),
        ]

    def _target(self, target: Target) -> Iterator[str]:
        if target.system != self.system:
            yield f"{self.name} is performed by {self.system}, not by {target.system or 'nothing'}."
        if not target.object or (self.object and target.object != self.object):
            yield f"The target's object is {target.object or 'missing'}; {self.name} wants {self.object or 'one'}."
        if self.creates and target.object_id:
            yield f"{self.name} makes a new record: its target has no id."
        if not self.creates and (not target.object_id or target.version <= 0):
            yield f"{self.name} needs the id and the version of the record it touches."

    def _parameters(self, given: Mapping[str, Scalar]) -> Iterator[str]:
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in sorted(given.keys() - known.keys()):
            yield f"{self.name} has no parameter {name}."
        for parameter in self.parameters:
            if parameter.name in given:
                yield from _value(parameter, given[parameter.name])
            elif parameter.required:
                yield f"{self.name} lacks {parameter.name}."

    def _changes(self, changes: tuple[FieldChange, ...]) -> Iterator[str]:
        if bool(changes) is not bool(self.fields):
            yield f"{self.name} changes {'at least one field' if self.fields else 'no field'}."
        allowed = {field.name: field for field in self.fields}
        names = [change.field for change in changes]
        yield from (f"{name} is changed twice." for name in sorted(set(names)) if names.count(name) > 1)
        for change in changes:
            if change.field not in allowed:
                yield f"{self.name} may not change {change.field}."
            elif change.before == change.after:
                yield f"{change.field} has that value already."
            else:
                yield from _value(allowed[change.field], change.after)


def _value(parameter: Parameter, value: Scalar) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"{parameter.name} is no text."
        return
    if len(value) > parameter.max_length:
        yield f"{parameter.name} is longer than {parameter.max_length} characters."
    if parameter.type is ParameterType.DATE and not _is_day(value):
        yield f"{parameter.name} is no day such as 2018-03-01."


def _is_day(value: str) -> bool:
    try:
        parse_iso(value)
    except ValueError:
        return False
    return len(value) == len("2018-03-01")
