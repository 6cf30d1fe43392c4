"""Settings come from the environment, fit each other, and give away no secret."""

import pytest
from pydantic import ValidationError

from revloop.streams import ServiceSettings


def test_a_transaction_must_outlast_its_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVLOOP_COMMIT_INTERVAL_MS", "6000")
    with pytest.raises(ValidationError, match="REVLOOP_TRANSACTION_TIMEOUT_MS=10000 is too short"):
        ServiceSettings()
    monkeypatch.setenv("REVLOOP_TRANSACTION_TIMEOUT_MS", "12000")
    assert ServiceSettings().transaction_timeout_ms == 12_000


def test_the_registry_goes_by_its_common_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMA_REGISTRY_URL", "http://127.0.0.1:8081")
    assert ServiceSettings().schema_registry_url == "http://127.0.0.1:8081"


def test_what_no_log_may_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("REVLOOP_SCHEMA_REGISTRY_USER_INFO", "me:hunter3")
    settings = ServiceSettings()
    assert set(settings.secrets()) == {"hunter2", "me:hunter3"}
    assert "hunter" not in repr(settings)
