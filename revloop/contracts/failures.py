"""The error tree: what may go wrong, told apart by what the reader must do next."""

from enum import StrEnum


class ErrorKind(StrEnum):
    """Why an effect failed at its target (domain section 6)."""

    AUTH = "AUTH"
    RATE_LIMIT = "RATE_LIMIT"
    VALIDATION = "VALIDATION"
    CONFLICT = "CONFLICT"
    DOWNSTREAM = "DOWNSTREAM"
    TIMEOUT = "TIMEOUT"
    UNKNOWN = "UNKNOWN"

    @property
    def retryable(self) -> bool:
        """Only these heal by waiting."""
        return self in (ErrorKind.RATE_LIMIT, ErrorKind.DOWNSTREAM, ErrorKind.TIMEOUT)


class RevloopError(Exception):
    """Root of everything Revloop raises on purpose."""


class Reject(RevloopError):
    """The input is bad and stays bad: it becomes a dead letter with ``reason`` (one word) and ``detail``."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Retry(RevloopError):
    """The world is down: nothing is committed, the same input is tried again, order is kept."""


class VendorError(RevloopError):
    """A vendor did not do what was asked; ``kind`` says what heals it.

    ``status`` is the HTTP status, 0 where no answer came. ``retry_after_ms`` is the vendor's own wish, None where it
    has none. ``outcome_unknown`` is true when a write may have happened all the same: read back before repeating it.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        status: int = 0,
        retry_after_ms: int | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after_ms = retry_after_ms
        self.outcome_unknown = outcome_unknown


class DecodeError(Reject):
    """Bytes that are no event of ours."""

    def __init__(self, detail: str) -> None:
        super().__init__("bad_avro", detail)


class UnknownSchema(Reject):
    """Bytes of a schema that this release does not know."""

    def __init__(self, detail: str) -> None:
        super().__init__("unknown_schema", detail)


class EncodeError(RevloopError):
    """A value that its schema does not allow: a bug in whoever made it."""
