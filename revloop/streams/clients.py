"""Settings of the Kafka clients of stages and sinks, and what their errors mean."""

import logging

from confluent_kafka import KafkaError

from revloop.contracts.topic import MAX_DEAD_LETTER_BYTES
from revloop.streams.settings import ServiceSettings

MAX_REQUEST_BYTES = MAX_DEAD_LETTER_BYTES + 2**16
"""The client's own limit is wider than every topic's: what is too large for a topic is the broker's to say."""
Config = dict[str, object]

HEALING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TRANSPORT,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError._PURGE_QUEUE,
        KafkaError._PURGE_INFLIGHT,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
    }
)
"""Errors of one record or one read that time heals; a transaction that met one is aborted and done again."""
PURGED = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})
LOST = frozenset({KafkaError._FATAL, KafkaError._FENCED, KafkaError.FENCED_INSTANCE_ID, KafkaError._STATE})
"""Errors after which a client is of no use."""
MOVED_ON = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError._NO_OFFSET,
    }
)
"""The group has given the partitions to others; they begin at the last commit."""


def heals(error: KafkaError) -> bool:
    """Whether time heals it."""
    return error.retriable() or error.code() in HEALING


def is_lost(error: KafkaError) -> bool:
    """Whether the client that met it can do no more."""
    return error.fatal() or error.code() in LOST


def consumer_config(settings: ServiceSettings, group: str) -> Config:
    """A static member of ``group`` that reads committed records and commits by order only."""
    return {
        **settings.client(),
        "group.id": group,
        "group.instance.id": f"{group}-{settings.instance}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "range",
        "session.timeout.ms": settings.session_timeout_ms,
        "heartbeat.interval.ms": max(500, settings.session_timeout_ms // 6),
        "fetch.wait.max.ms": 50,
        "queued.max.messages.kbytes": 32 * 1024,
        "reconnect.backoff.max.ms": 500,
        "topic.metadata.refresh.interval.ms": 10_000,
        "logger": logging.getLogger("kafka"),
    }


def producer_config(settings: ServiceSettings) -> Config:
    """Acknowledged by all replicas, in order and without repeats."""
    return {
        **settings.client(),
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 5,
        "compression.type": "lz4",
        "message.max.bytes": MAX_REQUEST_BYTES,
        "reconnect.backoff.max.ms": 500,
        "logger": logging.getLogger("kafka"),
    }


def transactional_config(settings: ServiceSettings, group: str) -> Config:
    """The producer of one stage of one worker: whoever takes its name later fences it."""
    return {
        **producer_config(settings),
        "transactional.id": f"{group}-{settings.instance}",
        "transaction.timeout.ms": settings.transaction_timeout_ms,
        "queue.buffering.max.messages": 1_000_000,
        "retry.backoff.ms": 10,
        "retry.backoff.max.ms": 40,
        # A request to a group's coordinator can be forgotten while the broker restarts, in spite of its time limit
        # (librdkafka issue 5456); each connection that comes or goes reminds the client of it.
        "connections.max.idle.ms": 3_000,
    }
