"""Structured logs: one JSON object a line on standard output, with the service and, if there is one, the trace id."""

import logging
import re
import sys
import time
from collections.abc import Sequence

import structlog

SECRET_WORDS = ("password", "secret", "token", "assertion", "authorization")
HIDDEN = "***"
SAME_AGAIN_AFTER_S = 10.0
NUMBERS = re.compile(r"\d+")


def configure(service: str, level: str, secrets: Sequence[str] = ()) -> None:
    """Set up logging of this process, for our code and the libraries'; no line shows one of ``secrets``."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _Redaction(service, secrets),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_Repeats())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[_plain, structlog.processors.JSONRenderer()]
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


class _Redaction:
    """Names the service, also on lines of other threads, and hides what is secret by its name or by its value."""

    def __init__(self, service: str, secrets: Sequence[str]) -> None:
        self._service = service
        self._secrets = sorted(secrets, key=len, reverse=True)

    def __call__(
        self, logger: structlog.typing.WrappedLogger, name: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        for key, value in event.items():
            if any(word in key.lower() for word in SECRET_WORDS):
                event[key] = HIDDEN
            elif isinstance(value, str):
                event[key] = self._hidden(value)
        return {"service": self._service, **event}

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class _Repeats(logging.Filter):
    """Lets a client library say the same once in a while: a broker that is away is refused to it every 50 ms."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        what = NUMBERS.sub("", record.getMessage())
        now = time.monotonic()
        if now - self._said.get(what, -SAME_AGAIN_AFTER_S) < SAME_AGAIN_AFTER_S:
            return False
        self._said = {text: at for text, at in self._said.items() if now - at < SAME_AGAIN_AFTER_S}
        self._said[what] = now
        return True


def _plain(
    logger: structlog.typing.WrappedLogger, name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: value for key, value in event.items() if not key.startswith("_")}
