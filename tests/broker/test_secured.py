"""A cluster with TLS and passwords is reached by both client libraries from the same ``KAFKA_`` variables."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from revloop.kafka.admin import TopicSpec, apply
from revloop.kafka.answering import NoBroker
from revloop.kafka.client import Access, aiokafka_access, client_config
from revloop.kafka.local import LocalKafka, free_port_pair
from tests.loops import CACHE


class Secured(NamedTuple):
    """A broker's TLS port and what a client's environment must say to use it."""

    environment: dict[str, str]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A key with its certificate for the broker, and the certificate alone for its clients."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker of a test")])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "broker.pem").write_bytes(private + public)
    (folder / "ca.pem").write_bytes(public)
    return folder / "broker.pem", folder / "ca.pem"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    keystore, authority = _certificate(folder)
    port, tls_port = free_port_pair(), free_port_pair()
    listeners = f"PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{tls_port}"
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    properties = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{port + 1}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{module} user_revloop="right";',
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
    }
    broker = LocalKafka(folder / "kafka", port, CACHE, properties)
    broker.start()
    yield Secured(
        {
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{tls_port}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "PLAIN",
            "KAFKA_SASL_USERNAME": "revloop",
            "KAFKA_SASL_PASSWORD": "right",
            "KAFKA_SSL_CA_LOCATION": str(authority),
        }
    )
    broker.stop()


def test_topics_are_applied_through_tls_with_a_password(secured: Secured) -> None:
    specs = [TopicSpec("guarded", 1, {})]
    assert apply(specs, client_config(secured.environment)).created == ["guarded"]
    assert apply(specs, client_config(secured.environment)).created == []


def test_a_wrong_password_is_refused_with_its_reason(secured: Secured) -> None:
    environment = {**secured.environment, "KAFKA_SASL_PASSWORD": "wrong"}
    with pytest.raises(NoBroker, match=r"(?i)authentication failed"):
        apply([], client_config(environment), answer_s=3)


def test_without_tls_nothing_is_said(secured: Secured) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": secured.environment["KAFKA_BOOTSTRAP_SERVERS"]}
    with pytest.raises(NoBroker, match="the other KAFKA_ variables"):
        apply([], client_config(environment), answer_s=3)


def test_a_broker_of_an_unknown_authority_is_not_trusted(secured: Secured, tmp_path: Path) -> None:
    _, stranger = _certificate(tmp_path)
    environment = {**secured.environment, "KAFKA_SSL_CA_LOCATION": str(stranger)}
    with pytest.raises(NoBroker, match="certificate verify failed"):
        apply([], client_config(environment), answer_s=3)


def test_aiokafka_takes_the_same_access(secured: Secured) -> None:
    config = client_config(secured.environment)
    apply([TopicSpec("both", 1, {})], config)
    assert asyncio.run(_roundtrip(aiokafka_access(config))) == b"through the other library"


async def _roundtrip(access: Access) -> bytes | None:
    settings = {
        "bootstrap_servers": list(access.servers),
        "security_protocol": access.protocol,
        "sasl_mechanism": access.mechanism,
        "sasl_plain_username": access.username,
        "sasl_plain_password": access.password,
        "ssl_context": ssl.create_default_context(cafile=access.ca_file),
    }
    async with AIOKafkaProducer(**settings) as producer:
        await producer.send_and_wait("both", b"through the other library")
    async with AIOKafkaConsumer("both", auto_offset_reset="earliest", **settings) as consumer:
        record = await asyncio.wait_for(consumer.getone(), 30)
    value: bytes | None = record.value
    return value
