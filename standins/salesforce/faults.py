"""Orders to misbehave come in and wait; each fitting request takes the first that still has times left."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from standins.salesforce.answers import Answer, Json, Refused


class Fault(BaseModel):
    """How the next ``times`` requests of ``method`` (``*``: any) to a path like ``path`` (shell pattern) go wrong."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["status", "rate_limit", "hang", "slow", "late", "trickle", "drop", "drop_before"]
    """
    status: answer ``status`` and ``error_code``, nothing done. rate_limit: the same, with 429 and Retry-After.
    hang: wait ``seconds``, then 503, nothing done. slow: wait, then do it and answer. late: do it, wait, then answer.
    trickle: do it, then answer one byte every ``seconds``. drop: do it, then cut the connection. drop_before: only cut.
    """
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    method: str = "*"
    path: str = "/services/data/*"
    seconds: Annotated[float, Field(ge=0, le=600)] = 0
    status: Annotated[int, Field(ge=300, le=599)] = 503
    error_code: str = "SERVER_UNAVAILABLE"
    retry_after_s: Annotated[int, Field(ge=0, le=86_400)] = 1

    def fits(self, method: str, path: str) -> bool:
        """True for a request that this order is about."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)

    def refusal(self) -> Answer | None:
        """The answer given in place of doing anything; None where the request is carried out or cut."""
        message = f"ordered by a fault of kind {self.kind}"
        if self.kind == "rate_limit":
            limited = Refused(429, "REQUEST_LIMIT_EXCEEDED", message).answer()
            return Answer(429, limited.body, {"Retry-After": str(self.retry_after_s)})
        if self.kind in ("status", "hang"):
            return Refused(503 if self.kind == "hang" else self.status, self.error_code, message).answer()
        return None


@dataclass(slots=True)
class Faults:
    """The orders that are left, oldest first; they live in memory, a restart forgets them."""

    carried_out: int = 0
    """How many requests have gone wrong as ordered, to their end."""
    _waiting: list[Fault] = field(default_factory=list)

    def order(self, fault: Fault) -> None:
        """Adds an order behind the others."""
        self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The order for this request, counted down; None where none fits."""
        for fault in self._waiting:
            if fault.fits(method, path):
                fault.times -= 1
                self._waiting = [item for item in self._waiting if item.times > 0]
                return fault
        return None

    def clear(self) -> None:
        """Forgets all orders."""
        self._waiting.clear()

    def left(self) -> list[Json]:
        """The orders that still wait."""
        return [fault.model_dump() for fault in self._waiting]
