"""The desk where people's orders become commands: signed for one command each, sent, and waited for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from revloop.contracts import codec
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Command, CommandKind, CommandResult
from revloop.contracts.ids import derive_id, trace_of
from revloop.policy.assertion import command_hash, mint
from revloop.stores.identity import LocalIssuer, Person
from services.console.store import ReadModel

ANSWER_WAIT_S = 15.0
"""How long an answer is waited for before the caller is told to ask again."""
LOOK_EVERY_S = 0.05
ASSERTION_LIFE_MS = 5 * 60_000

Send = Callable[[str, Command], Awaitable[None]]


class Unanswered(Exception):
    """The command is in the log; its answer has not come yet."""


class CommandDesk:
    """Takes orders of verified people; the owner of the account's stream decides them in order."""

    def __init__(self, model: ReadModel, issuer: LocalIssuer, send: Send, wall_now: Callable[[], int]) -> None:
        self._model = model
        self._issuer = issuer
        self._send = send
        self._wall_now = wall_now

    async def order(self, person: Person, order: Mapping[str, str]) -> CommandResult:
        """Send the command and give its answer; raises Unanswered after ``ANSWER_WAIT_S``."""
        if (known := self._answer(person.tenant_id, order["command_id"])) is not None:
            return known
        await self._send(topics.COMMANDS, self._command(person, order))
        deadline = asyncio.get_running_loop().time() + ANSWER_WAIT_S
        while (answer := self._answer(person.tenant_id, order["command_id"])) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise Unanswered(
                    f"no answer within {ANSWER_WAIT_S:.0f} s:"
                    f" GET /v1/commands/{order['command_id']} tells it when it is there"
                )
            # the read model has no notification across its file; the deadline bounds the looking
            await asyncio.sleep(LOOK_EVERY_S)
        return answer

    def _command(self, person: Person, order: Mapping[str, str]) -> Command:
        now = self._wall_now()
        tenant = person.tenant_id
        event_id = derive_id("cmd", tenant, order["command_id"])
        command = Command(
            event_id=event_id,
            event_type=Command.EVENT_TYPE,
            tenant_id=tenant,
            account_id=order["account"],
            source="console",
            trace_id=trace_of(event_id),
            caused_by="",
            occurred_at=now,
            observed_at=self._model.clock(f"file:{tenant}") or now,
            command_id=order["command_id"],
            kind=CommandKind(order["kind"]),
            subject_id=order["subject_id"],
            binding_hash=order["binding_hash"],
            note=order["note"],
            actor=person.subject,
            assertion="",
            received_at=now,
        )
        assertion = mint(
            self._issuer.key,
            subject=person.subject,
            tenant_id=tenant,
            roles=person.roles,
            command_hash=command_hash(command),
            issued_at_ms=now,
            expires_at_ms=now + ASSERTION_LIFE_MS,
        )
        return msgspec.structs.replace(command, assertion=assertion)

    def _answer(self, tenant_id: str, command_id: str) -> CommandResult | None:
        body = self._model.standing(tenant_id, "result", command_id)
        if body is None:
            return None
        result = codec.decode(body)
        assert isinstance(result, CommandResult)  # the projector writes nothing else under this kind
        return result
