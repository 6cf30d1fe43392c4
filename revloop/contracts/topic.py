"""What a topic is, and the key its records carry; an event that does not belong on a topic is refused."""

from urllib.parse import quote

import msgspec

from revloop.contracts.failures import EncodeError
from revloop.contracts.generated.events import Envelope
from revloop.contracts.keys import account_key, tenant_key

MAX_MESSAGE_BYTES = 10 * 2**20
"""Largest record of a topic or changelog."""
MAX_DEAD_LETTER_BYTES = 2 * MAX_MESSAGE_BYTES + 2**16
"""Largest dead letter: it holds all of an input, has that input's key once more as its own, and says why."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic of schemas/topics.yaml."""

    name: str
    about: str
    key: str
    """tenant, account, or the name of the field appended to the account's key."""
    events: tuple[str, ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    compact: bool
    retention_ms: int
    """-1 keeps for ever; of no meaning where ``compact``."""
    dead: str
    """Dead-letter topic; empty where what is refused goes nowhere."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """State of one stage and the compacted topic behind it."""

    service: str
    name: str
    changelog: str
    states: tuple[str, ...]


def key_of(topic: Topic, event: Envelope) -> str:
    """The key of ``event`` on ``topic``; raises EncodeError for an event that does not belong there."""
    if event.SCHEMA not in topic.events:
        raise EncodeError(f"{event.SCHEMA} is not among the events of {topic.name} in schemas/topics.yaml")
    if topic.key == "tenant":
        return tenant_key(event.tenant_id)
    account = account_key(event.tenant_id, event.account_id)
    if topic.key == "account":
        return account
    return f"{account}|{quote(str(getattr(event, topic.key)), safe='')}"


def home_key(topic: Topic, key: str) -> str:
    """The part of ``key`` that decides the partition: compound keys live where their account lives."""
    return key if topic.key == "tenant" else "|".join(key.split("|", 2)[:2])
