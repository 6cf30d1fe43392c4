"""The objects of an organisation: the standard ones, and records of deliveries in, the objects they show out."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from standins.salesforce.answers import Json
from standins.salesforce.schema import EXTERNAL_ID_FIELD, Field, FieldType, SObject, fits

LEARNED_PREFIXES = {
    "Contract": "800",
    "AccountContactRelation": "07k",
    "Lead": "00Q",
    "Campaign": "701",
    "Product2": "01t",
}
"""Key prefixes of objects that are known by name but not by field."""


def _text(name: str, length: int = 255, *, required: bool = False) -> Field:
    return Field(name=name, type=FieldType.STRING, length=length, required=required)


def _typed(kind: FieldType, *names: str) -> list[Field]:
    return [Field(name=name, type=kind) for name in names]


def _reference(name: str, refers_to: str, relation: str) -> Field:
    return Field(name=name, type=FieldType.REFERENCE, refers_to=refers_to, relation=relation)


def _system_fields() -> list[Field]:
    def stamp(name: str, kind: FieldType, refers_to: str = "", relation: str = "") -> Field:
        return Field(name=name, type=kind, writable=False, refers_to=refers_to, relation=relation)

    return [
        stamp("Id", FieldType.ID),
        stamp("CreatedDate", FieldType.DATETIME),
        stamp("CreatedById", FieldType.REFERENCE, "User", "CreatedBy"),
        stamp("LastModifiedDate", FieldType.DATETIME),
        stamp("LastModifiedById", FieldType.REFERENCE, "User", "LastModifiedBy"),
        stamp("SystemModstamp", FieldType.DATETIME),
        stamp("IsDeleted", FieldType.BOOLEAN),
        Field(name=EXTERNAL_ID_FIELD, type=FieldType.STRING, length=255, external_id=True),
    ]


def _sobject(name: str, prefix: str, fields: Iterable[Field]) -> SObject:
    return SObject(name, prefix, {item.name: item for item in (*_system_fields(), *fields)})


_OWNER = _reference("OwnerId", "User", "Owner")
_ACCOUNT = _reference("AccountId", "Account", "Account")
_NOTE = Field(name="Description", type=FieldType.TEXTAREA, length=32_000)


def standard_objects() -> dict[str, SObject]:
    """The objects that every organisation has, by name: the fields that Revloop reads or writes."""
    made = (_user(), _account(), _contact(), _opportunity(), _task(), _event(), _case())
    return {item.name: item for item in made}


def _user() -> SObject:
    return _sobject("User", "005", [_text("Name", 121, required=True), _text("Email", 80)])


def _account() -> SObject:
    picked = _typed(FieldType.PICKLIST, "Industry", "Type", "AccountSource")
    return _sobject("Account", "001", [_text("Name", required=True), _OWNER, _NOTE, *picked])


def _contact() -> SObject:
    texts = [_text("FirstName", 40), _text("Name", 121), _text("Email", 80), _text("Title", 128)]
    return _sobject("Contact", "003", [_text("LastName", 80, required=True), *texts, _ACCOUNT, _OWNER])


def _opportunity() -> SObject:
    needed = [
        _text("Name", 120, required=True),
        Field(name="StageName", type=FieldType.PICKLIST, length=255, required=True),
        Field(name="CloseDate", type=FieldType.DATE, required=True),
    ]
    picked = _typed(FieldType.PICKLIST, "Type", "LeadSource", "Health__c")
    money = _typed(FieldType.CURRENCY, "Amount")
    return _sobject("Opportunity", "006", [*needed, _ACCOUNT, _OWNER, _NOTE, *money, _text("NextStep"), *picked])


def _task() -> SObject:
    picked = _typed(FieldType.PICKLIST, "Status", "Priority")
    return _sobject("Task", "00T", [*_activity(), *picked, *_typed(FieldType.DATE, "ActivityDate")])


def _event() -> SObject:
    return _sobject("Event", "00U", [*_activity(), *_typed(FieldType.DATETIME, "StartDateTime", "EndDateTime")])


def _activity() -> list[Field]:
    """What tasks and events have in common; ``WhatId`` may point at any object."""
    return [_text("Subject"), _NOTE, _OWNER, _reference("WhoId", "Contact", "Who"), _reference("WhatId", "", "What")]


def _case() -> SObject:
    picked = _typed(FieldType.PICKLIST, "Status", "Priority", "Origin")
    return _sobject("Case", "500", [_text("Subject"), *picked, _NOTE, _ACCOUNT, _OWNER])


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedField:
    """A field that deliveries show and the standard objects do not have."""

    object: str
    name: str
    type: str
    refers_to: str = ""

    def plain(self) -> dict[str, str]:
        """In the form that is kept with the records."""
        return asdict(self)


Shown = tuple[str, Mapping[str, Json], Mapping[str, str]]
"""Of one record: its object, its fields, and the object behind each reference by field name."""


def learned_fields(records: Iterable[Shown]) -> list[LearnedField]:
    """What the standard objects lack of ``records``, each field with the narrowest type that holds all its values."""
    standard = standard_objects()
    values: dict[tuple[str, str], list[Json]] = {}
    targets: dict[tuple[str, str], str] = {}
    for name, fields, links in records:
        known = standard[name].fields if name in standard else {}
        for field_name, value in fields.items():
            if field_name not in known:
                values.setdefault((name, field_name), []).append(value)
        targets.update({(name, field_name): target for field_name, target in links.items()})
    return [
        LearnedField(object=key[0], name=key[1], type=_narrowest(found), refers_to=targets.get(key, ""))
        for key, found in values.items()
    ]


def _narrowest(values: Iterable[Json]) -> FieldType:
    known = [value for value in values if value is not None]
    kinds = (FieldType.BOOLEAN, FieldType.DOUBLE, FieldType.DATE, FieldType.DATETIME)
    fitting = (kind for kind in kinds if known and all(fits(kind, value) for value in known))
    return next(fitting, FieldType.TEXTAREA)


def extended(learned: Iterable[LearnedField]) -> dict[str, SObject]:
    """The standard objects and those that deliveries showed, with all their fields."""
    objects = standard_objects()
    for item in learned:
        sobject = objects.setdefault(item.object, _sobject(item.object, LEARNED_PREFIXES.get(item.object, "a00"), ()))
        made = Field(name=item.name, type=FieldType(item.type))
        if item.refers_to:
            made = _reference(item.name, item.refers_to, _relation(item.name))
        sobject.fields.setdefault(item.name, made)
    return objects


def _relation(reference: str) -> str:
    """``Account`` for ``AccountId``, ``Account__r`` for ``Account__c``."""
    return f"{reference[:-1]}r" if reference.endswith("__c") else reference.removesuffix("Id")


def described(sobject: SObject) -> Mapping[str, Json]:
    """The describe of an object: what a client needs to know of its fields."""
    return {
        "name": sobject.name,
        "keyPrefix": sobject.prefix,
        "custom": sobject.name.endswith("__c"),
        "fields": [_described_field(item) for item in sobject.fields.values()],
    }


def _described_field(item: Field) -> Json:
    return {
        "name": item.name,
        "type": item.type.value,
        "length": item.length,
        "nillable": not item.required,
        "createable": item.writable,
        "updateable": item.writable,
        "externalId": item.external_id,
        "unique": item.external_id,
        "referenceTo": [item.refers_to] if item.refers_to else [],
        "relationshipName": item.relation or None,
    }
