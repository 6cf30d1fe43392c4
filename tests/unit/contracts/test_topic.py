"""The key a record carries follows from its topic, and an event goes only where topics.yaml lets it."""

import msgspec
import pytest

from revloop.contracts.failures import EncodeError
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Approval, Delivery, Envelope, Snapshot
from revloop.contracts.keys import partition_of, split_key
from revloop.contracts.topic import Topic, home_key, key_of
from tests.avro import examples


def some(kind: type[Envelope]) -> Envelope:
    """The first example of a class, with names that need care in a key."""
    found = next(value for value in examples() if type(value) is kind)
    assert isinstance(found, Envelope)
    return msgspec.structs.replace(found, tenant_id="a|b", account_id="c#d é")


def test_a_tenant_key_is_the_tenant() -> None:
    assert key_of(topics.TOPICS[topics.RAW_DELIVERIES], some(Delivery)) == "a%7Cb"


def test_an_account_key_is_tenant_and_account() -> None:
    key = key_of(topics.TOPICS[topics.RAW_SNAPSHOTS], some(Snapshot))
    assert key == "a%7Cb|c%23d%20%C3%A9"
    assert split_key(key) == ["a|b", "c#d é"]


def test_a_field_follows_the_account_and_lives_where_the_account_lives() -> None:
    approval = msgspec.structs.replace(some(Approval), request_id="apr|1")
    topic = topics.TOPICS[topics.APPROVALS]
    key = key_of(topic, approval)
    assert split_key(key) == ["a|b", "c#d é", "apr|1"]
    assert home_key(topic, key) == key_of(topics.TOPICS[topics.ACTIONS], next_action(approval))
    assert partition_of(home_key(topic, key), topics.PARTITIONS) < topics.PARTITIONS


def next_action(approval: Envelope) -> Envelope:
    """An event of the same account on an account's topic."""
    action = next(v for v in examples() if isinstance(v, Envelope) and v.SCHEMA == "orchestration/action.v1")
    return msgspec.structs.replace(action, tenant_id=approval.tenant_id, account_id=approval.account_id)


def test_an_event_on_the_wrong_topic_is_refused() -> None:
    with pytest.raises(EncodeError, match=r"raw/delivery\.v1 is not among the events of signals"):
        key_of(topics.TOPICS[topics.SIGNALS], some(Delivery))


@pytest.mark.parametrize("topic", topics.TOPICS.values(), ids=lambda topic: topic.name)
def test_every_event_of_every_topic_has_a_key(topic: Topic) -> None:
    for value in examples():
        if isinstance(value, Envelope) and value.SCHEMA in topic.events:
            assert key_of(topic, value).startswith(home_key(topic, key_of(topic, value)))


def test_constants_name_topics() -> None:
    assert topics.TOPICS[topics.ACCOUNT_STATES].name == "account.states"
    assert topics.TOPICS[topics.APPROVALS].compact
    assert topics.TOPICS[topics.LEDGER_ENTRIES].retention_ms == -1
    assert topics.TOPICS[topics.RAW_DELIVERIES].dead == "raw.deliveries.dead"
    assert topics.TABLES["perception"].changelog == "revloop-perception-memory-changelog"
