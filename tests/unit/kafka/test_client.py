"""Both client libraries are told the same by the same variables, and what one of them cannot do is refused."""

import pytest

from revloop.kafka.client import UnusableSetting, aiokafka_access, client_config


def test_any_librdkafka_setting_passes() -> None:
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": "a:9092,b:9092",
        "KAFKA_SSL_CA_LOCATION": "ca.pem",
        "KAFKA_SOCKET_KEEPALIVE_ENABLE": "true",
        "PATH": "bin",
    }
    assert client_config(environment) == {
        "bootstrap.servers": "a:9092,b:9092",
        "ssl.ca.location": "ca.pem",
        "socket.keepalive.enable": "true",
    }


def test_the_local_broker_is_the_default_and_can_be_another() -> None:
    assert client_config({}) == {"bootstrap.servers": "127.0.0.1:19092"}
    assert client_config({}, bootstrap="127.0.0.1:5") == {"bootstrap.servers": "127.0.0.1:5"}
    assert client_config({"KAFKA_BOOTSTRAP_SERVERS": "a:1"}, bootstrap="127.0.0.1:5") == {"bootstrap.servers": "a:1"}


@pytest.mark.parametrize(
    "name",
    ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_CLIENTS", "PORT", "PORT_9092_TCP", "PORT_9092_TCP_ADDR"],
)
def test_what_kubernetes_tells_of_a_service_is_no_setting(name: str) -> None:
    assert client_config({f"KAFKA_{name}": "tcp://10.0.0.1:9092"}) == client_config({})


def test_aiokafka_reaches_the_same_servers() -> None:
    access = aiokafka_access({"bootstrap.servers": "a:9092, b:9093"})
    assert access.servers == ("a:9092", "b:9093")
    assert access.faust_urls == ["kafka://a:9092", "kafka://b:9093"]
    assert (access.protocol, access.encrypted, access.mechanism) == ("PLAINTEXT", False, None)


@pytest.mark.parametrize("spelling", ["sasl.mechanism", "sasl.mechanisms"])
def test_passwords_and_certificates_pass(spelling: str) -> None:
    access = aiokafka_access(
        {
            "bootstrap.servers": "a:9092",
            "security.protocol": "sasl_ssl",
            spelling: "SCRAM-SHA-512",
            "sasl.username": "me",
            "sasl.password": "secret",
            "ssl.ca.location": "ca.pem",
            "ssl.certificate.location": "me.pem",
            "ssl.key.location": "me.key",
            "ssl.key.password": "hidden",
        }
    )
    assert (access.protocol, access.encrypted, access.mechanism) == ("SASL_SSL", True, "SCRAM-SHA-512")
    assert (access.username, access.password, access.ca_file) == ("me", "secret", "ca.pem")
    assert (access.certificate_file, access.key_file, access.key_password) == ("me.pem", "me.key", "hidden")


def test_no_password_is_shown() -> None:
    secrets = {"sasl.password": "pw-1", "ssl.key.password": "pw-2"}
    access = aiokafka_access({"bootstrap.servers": "a:1", "sasl.username": "me", **secrets})
    shown = f"{access!r} {access}"
    assert "me" in shown
    assert "pw-" not in shown


@pytest.mark.parametrize(
    ("config", "variable"),
    [
        ({"security.protocol": "TLS"}, "KAFKA_SECURITY_PROTOCOL is TLS"),
        ({"security.protocol": "SASL_SSL"}, "KAFKA_SASL_MECHANISM is nothing"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"}, "KAFKA_SASL_MECHANISM is GSSAPI"),
    ],
)
def test_what_aiokafka_cannot_do_is_refused(config: dict[str, str | int | float | bool], variable: str) -> None:
    with pytest.raises(UnusableSetting, match=variable):
        aiokafka_access({"bootstrap.servers": "a:1", **config})
