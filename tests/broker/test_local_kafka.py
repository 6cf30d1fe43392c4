"""The local broker keeps what it acknowledged, listens on loopback alone, and is never mistaken for another process."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from revloop.kafka.local import BrokerFailed, LocalKafka, Running, free_port_pair
from tests.broker.records import WAIT_S, Writer, create, read
from tests.loops import CACHE


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker that tests of this file may kill; each leaves it running."""
    broker = LocalKafka(tmp_path_factory.mktemp("own") / "kafka", free_port_pair(), CACHE)
    broker.start()
    yield broker
    broker.stop()


def _values(count: int) -> list[bytes]:
    return [f"value {number}".encode() for number in range(count)]


def test_what_is_written_can_be_read(kafka: str) -> None:
    create(kafka, "roundtrip")
    writer = Writer(kafka)
    writer.write("roundtrip", _values(1000))
    writer.flush()
    assert read(kafka, "roundtrip") == _values(1000)


def test_an_aborted_transaction_leaves_nothing_and_a_committed_one_all(kafka: str) -> None:
    create(kafka, "transactions")
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": "writer", "transaction.timeout.ms": 10_000})
    producer.init_transactions(WAIT_S)
    for word, end in (("lost", producer.abort_transaction), ("kept", producer.commit_transaction)):
        producer.begin_transaction()
        for number in range(10):
            producer.produce("transactions", f"{word} {number}".encode())
        producer.flush(WAIT_S)
        end(WAIT_S)
    assert read(kafka, "transactions") == [f"kept {number}".encode() for number in range(10)]


def test_a_second_producer_of_the_same_id_fences_the_first(kafka: str) -> None:
    create(kafka, "fenced")
    settings: dict[str, str | int | float | bool] = {"bootstrap.servers": kafka, "transactional.id": "zombie"}
    first, second = Producer(settings), Producer(settings)
    first.init_transactions(WAIT_S)
    first.begin_transaction()
    first.produce("fenced", b"first")
    second.init_transactions(WAIT_S)
    with pytest.raises(KafkaException, match=r"(?i)fenced|newer"):
        first.commit_transaction(WAIT_S)
    assert read(kafka, "fenced") == []


def test_nobody_makes_a_topic_by_writing_to_it(kafka: str) -> None:
    refused: list[KafkaError | None] = []
    producer = Producer({"bootstrap.servers": kafka, "topic.metadata.propagation.max.ms": 500})
    producer.produce("typo", b"x", on_delivery=lambda error, _: refused.append(error))
    producer.flush(WAIT_S)
    [error] = refused
    assert error is not None
    assert error.code() in (KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART)
    assert "typo" not in AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=WAIT_S).topics


def test_a_kill_loses_nothing_that_was_acknowledged(own: LocalKafka) -> None:
    create(own.bootstrap, "killed")
    writer = Writer(own.bootstrap)
    writer.write("killed", _values(20_000))
    writer.wait(1)
    own.kill()
    before = len(writer.acknowledged)
    assert not own.is_running()
    own.start()
    writer.flush()
    assert before < 20_000, "the kill came too late to prove anything"
    assert read(own.bootstrap, "killed") == _values(20_000)


def test_a_clean_stop_keeps_all(own: LocalKafka) -> None:
    create(own.bootstrap, "stopped")
    writer = Writer(own.bootstrap)
    writer.write("stopped", _values(10))
    writer.flush()
    assert own.stop()
    assert not own.stop()
    assert own.status().pid is None
    own.start()
    assert read(own.bootstrap, "stopped") == _values(10)


def test_it_listens_on_loopback_alone(own: LocalKafka) -> None:
    pid = own.status().pid
    assert pid is not None
    listening = {c.laddr for c in psutil.Process(pid).net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    assert len(listening) == 2


def test_its_memory_is_bounded_and_its_files_are_its_owners(own: LocalKafka) -> None:
    status = own.status()
    assert status.pid is not None
    assert "-Xmx512m" in psutil.Process(status.pid).cmdline()
    assert 50 * 2**20 < status.memory_bytes < 1024 * 2**20
    assert stat.S_IMODE(own.log.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(own.log.stat().st_mode) == 0o600


def test_starting_twice_is_starting_once(own: LocalKafka) -> None:
    pid = own.status().pid
    own.start()
    assert own.status().pid == pid


def test_one_home_has_one_broker_whatever_the_port(own: LocalKafka) -> None:
    pid = own.status().pid
    elsewhere = LocalKafka(own.log.parent, free_port_pair(), CACHE)
    with pytest.raises(BrokerFailed, match="stop it first"):
        elsewhere.start()
    assert own.status().pid == pid


def test_another_broker_on_the_port_is_not_taken_for_its_own(own: LocalKafka, tmp_path: Path) -> None:
    port = int(own.bootstrap.rpartition(":")[2])
    late = LocalKafka(tmp_path / "kafka", port, CACHE)
    with pytest.raises(BrokerFailed, match=rf"(?s)are ports {port} and {port + 1} free.*Address already in use"):
        late.start()
    assert own.is_running()
    assert not late.is_running()


def test_a_pid_that_went_to_another_process_is_left_alone(tmp_path: Path) -> None:
    bystander = os.posix_spawnp("sleep", ["sleep", "60"], os.environ)
    try:
        born = psutil.Process(bystander).create_time()
        record = Running(bystander, born - 1, 19092)
        (tmp_path / "broker.json").write_bytes(msgspec.json.encode(record))
        broker = LocalKafka(tmp_path, 19092, CACHE)
        assert broker.status().pid is None
        broker.kill()
        assert not broker.stop()
        assert psutil.Process(bystander).status() != psutil.STATUS_ZOMBIE
    finally:
        os.kill(bystander, signal.SIGKILL)
        os.waitpid(bystander, 0)


def test_an_unreadable_record_is_said(tmp_path: Path) -> None:
    (tmp_path / "broker.json").write_bytes(b'{"pid": 1')
    with pytest.raises(BrokerFailed, match="delete that file"):
        LocalKafka(tmp_path, 19092, CACHE).status()


def test_a_folder_kafka_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokerFailed, match="REVLOOP_HOME"):
        LocalKafka(tmp_path / "a,b" / "kafka", 19092, CACHE).start()


def test_a_reset_forgets_all(own: LocalKafka) -> None:
    create(own.bootstrap, "forgotten")
    own.reset()
    own.start()
    topics = AdminClient({"bootstrap.servers": own.bootstrap}).list_topics(timeout=WAIT_S).topics
    assert "forgotten" not in topics
