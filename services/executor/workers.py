"""Workers take orders from the queue, begin only what may begin now, and fix exactly one outcome for each."""

import threading
from collections.abc import Callable, Mapping

import structlog

from revloop.contracts.failures import ErrorKind, VendorError
from revloop.contracts.generated.events import Outcome, OutcomeStatus
from revloop.contracts.times import iso
from services.executor.core import backoff
from services.executor.core.breaker import Breaker
from services.executor.core.orders import Direction, outcome
from services.executor.queue import Lease, LeaseLost, OrderQueue
from services.executor.targets import EffectTarget, Result, UndoRefused

log = structlog.get_logger()

LEASE_MS = 60_000
"""Longer than all calls of one order together may take: a worker that still holds it is not racing another."""
IDLE_WAIT_S = 0.5
"""How long a worker waits for news before it looks at the queue by itself: orders also become due by time."""


class Workshop:
    """Runs orders; several threads may call ``run_one`` at the same time."""

    def __init__(self, queue: OrderQueue, targets: Mapping[str, EffectTarget], now: Callable[[], int]) -> None:
        self._queue = queue
        self._targets = targets
        self._now = now
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()
        self.news = threading.Event()

    def run_one(self) -> bool:
        """Take and handle one order; False when none may run now."""
        now = self._now()
        lease = self._queue.lease(now, LEASE_MS, self._blocked(now))
        if lease is None:
            return False
        self._admit(lease.lane, now)
        try:
            self._handle(lease)
        except LeaseLost as lost:
            log.warning("lease_lost", order=lease.order_id, detail=str(lost))
        return True

    def work(self, stop: threading.Event) -> None:
        """Handle orders until ``stop``; what is not a classified failure of a target ends the thread with its error."""
        while not stop.is_set():
            if not self.run_one():
                self.news.wait(IDLE_WAIT_S)
                self.news.clear()

    def _handle(self, lease: Lease) -> None:
        if (final := self._may_not_begin(lease)) is not None:
            self._queue.complete(lease, final)
            return
        try:
            result = self._effect(lease)
        except VendorError as error:
            self._failed(lease, error)
        except UndoRefused as refusal:
            self._breaker(lease.lane, ok=True)
            self._queue.complete(lease, self._outcome(lease, OutcomeStatus.UNDO_REFUSED, message=str(refusal)))
        else:
            self._breaker(lease.lane, ok=True)
            status = OutcomeStatus.SUCCEEDED if lease.direction is Direction.DO else OutcomeStatus.UNDONE
            self._queue.complete(lease, self._outcome(lease, status, result=result))

    def _may_not_begin(self, lease: Lease) -> Outcome | None:
        action = lease.action
        if action.proposal.target.system not in self._targets:
            message = f"No target {action.proposal.target.system!r}: configure its connector or remove the action kind."
            return self._outcome(lease, OutcomeStatus.FAILED, error=ErrorKind.VALIDATION, message=message)
        if action.not_after is not None and lease.sent is None and self._now() > action.not_after:
            message = f"Not begun: the approval held until {iso(action.not_after)}."
            return self._outcome(lease, OutcomeStatus.CANCELLED, message=message)
        return None

    def _effect(self, lease: Lease) -> Result:
        target = self._targets[lease.action.proposal.target.system]
        run = target.perform if lease.direction is Direction.DO else target.undo
        return run(lease, lambda sent: self._queue.note_sent(lease, sent))

    def _failed(self, lease: Lease, error: VendorError) -> None:
        self._breaker(lease.lane, ok=not error.kind.retryable)
        log.warning(
            "attempt_failed", order=lease.order_id, attempt=lease.attempt, kind=error.kind.value, detail=str(error)
        )
        if error.kind.retryable and lease.attempt < backoff.MAX_ATTEMPTS:
            pause = backoff.delay_ms(lease.order_id, lease.attempt, error.retry_after_ms)
            self._queue.retry(lease, self._now() + pause)
            return
        undoing = lease.direction is Direction.UNDO
        status = OutcomeStatus.UNDO_REFUSED if undoing else OutcomeStatus.FAILED
        self._queue.complete(lease, self._outcome(lease, status, error=error.kind, message=str(error)))

    def _outcome(
        self,
        lease: Lease,
        status: OutcomeStatus,
        *,
        result: Result | None = None,
        error: ErrorKind | None = None,
        message: str = "",
    ) -> Outcome:
        return outcome(
            lease.action,
            lease.direction,
            status,
            target=result.target if result else lease.action.proposal.target,
            occurred_at=self._now(),
            intent_entry_id=lease.intent_entry_id,
            error_kind=error.value if error else "",
            message=result.message if result else message,
            before=result.before if result else None,
            after=result.after if result else None,
            url=result.url if result else "",
        )

    # --- breakers

    def _blocked(self, now: int) -> frozenset[str]:
        with self._lock:
            return frozenset(lane for lane, breaker in self._breakers.items() if breaker.blocked_until(now) is not None)

    def _admit(self, lane: str, now: int) -> None:
        with self._lock:
            self._breakers[lane] = self._breakers.get(lane, Breaker()).admitted(now)

    def _breaker(self, lane: str, *, ok: bool) -> None:
        with self._lock:
            breaker = self._breakers.get(lane, Breaker())
            self._breakers[lane] = breaker.succeeded() if ok else breaker.failed(self._now())
