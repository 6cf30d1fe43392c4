"""The HTTP API: reads the read model for the caller's own tenant, and turns a person's order into a signed command."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from revloop.artifacts.brief import brief, last_meeting, summary
from revloop.contracts import codec
from revloop.contracts.generated.events import (
    AccountState,
    Action,
    ActionState,
    Approval,
    CommandResult,
    Decision,
    Envelope,
    LedgerReceipt,
    Outcome,
    SignalChange,
    Snapshot,
    Unresolved,
)
from revloop.contracts.rows import SIGNAL_COLUMNS, signal_order, signal_row
from revloop.contracts.times import iso, parse_iso
from revloop.memory.store import Memory
from revloop.stores.identity import LocalIssuer, NotSignedIn, Person
from services.console.commands import CommandDesk, Unanswered
from services.console.core.difference import difference
from services.console.core.projection import OPEN_STATES, UNRESOLVED
from services.console.core.views import Step, evidence_of, once, option, timeline
from services.console.origins import Origins
from services.console.store import ReadModel

E = TypeVar("E", bound=Envelope)
TIMELINE = tuple(cls.EVENT_TYPE for cls in (SignalChange, AccountState, Decision, Approval, Action, Outcome))


class CommandBody(BaseModel):
    """A person's order."""

    model_config = ConfigDict(extra="forbid", strict=True)

    command_id: Annotated[
        str, Field(min_length=8, max_length=64, description="Chosen by the client; repeating it repeats nothing.")
    ]
    kind: Literal["approve", "reject", "undo"]
    subject_id: Annotated[str, Field(max_length=64, description="Approval request (approve, reject) or action (undo).")]
    account: Annotated[str, Field(max_length=1024)]
    binding_hash: Annotated[str, Field(max_length=64, description="What the person saw; needed to approve.")] = ""
    note: Annotated[str, Field(max_length=2000)] = ""


class Reader:
    """Reads typed events of one tenant."""

    def __init__(self, model: ReadModel, tenant_id: str) -> None:
        self.model = model
        self.tenant_id = tenant_id

    def one(self, kind: str, identity: str, expected: type[E]) -> E:
        """What stands of one thing; 404 when the tenant has no such thing."""
        body = self.model.standing(self.tenant_id, kind, identity)
        if body is None:
            raise HTTPException(404, f"no {kind} {identity!r}: list with /v1/top or /v1/accounts")
        return _typed(body, expected)

    def name_of(self, account: str) -> str:
        """What people call an account; empty where no record says."""
        body = self.model.standing(self.tenant_id, "state", account)
        return "" if body is None else _typed(body, AccountState).name

    def state_at(self, account: str, at: int) -> AccountState | None:
        """The account's state that was current at a moment (ms)."""
        body = self.model.as_of(self.tenant_id, account, AccountState.EVENT_TYPE, at)
        return None if body is None else _typed(body, AccountState)

    def states_between(self, account: str, after: int, until: int) -> Iterator[AccountState]:
        """The account's states published after one moment (ms), up to another, in order."""
        for body in self.model.between(self.tenant_id, account, AccountState.EVENT_TYPE, after, until):
            yield _typed(body, AccountState)

    def many(self, bodies: list[bytes], expected: type[E]) -> list[E]:
        """Decode a list."""
        return [_typed(body, expected) for body in bodies]

    def receipts(self, decision: str) -> list[LedgerReceipt]:
        """Receipts of everything that belongs to a decision."""
        found: list[LedgerReceipt] = []
        for reference in self._subjects(decision):
            found += self.many(self.model.about(self.tenant_id, LedgerReceipt.EVENT_TYPE, reference), LedgerReceipt)
        return sorted(found, key=lambda receipt: receipt.index)

    def approval_of(self, action: Action) -> Approval | None:
        """The action's approval as it stands."""
        body = self.model.standing(self.tenant_id, "approval", action.request_id) if action.request_id else None
        return None if body is None else _typed(body, Approval)

    def all_of(self, expected: type[E]) -> Iterator[E]:
        """Every event of one kind."""
        for body in self.model.every(self.tenant_id, expected.EVENT_TYPE):
            yield _typed(body, expected)

    def story(self, action: Action) -> list[Step]:
        """From the signals behind an action to its outcome."""
        model, tenant = self.model, self.tenant_id
        signal_ids = dict.fromkeys(name for statement in action.proposal.why for name in statement.signal_ids)
        bodies = [body for name in signal_ids for body in model.about(tenant, SignalChange.EVENT_TYPE, name)]
        bodies += model.about(tenant, Decision.EVENT_TYPE, action.decision_id)
        if action.request_id:
            bodies += model.about(tenant, Approval.EVENT_TYPE, action.request_id)
        bodies += model.about(tenant, Action.EVENT_TYPE, action.action_id)
        bodies += model.about(tenant, Outcome.EVENT_TYPE, action.action_id)
        return timeline(self.many(bodies, Envelope), self.receipts(action.decision_id))

    def _subjects(self, decision: str) -> list[str]:
        actions = self.many(self.model.of_decision(self.tenant_id, decision, Action.EVENT_TYPE), Action)
        names = {
            name
            for a in actions
            for name in (a.action_id, a.request_id, f"{a.action_id}:do", f"{a.action_id}:undo")
            if name
        }
        return [decision, *sorted(names)]


def create_api(
    model: ReadModel, issuer: LocalIssuer, desk: CommandDesk, origins: Origins, memory: Memory | None = None
) -> FastAPI:
    """The application; every route reads the tenant from the verified token and from nowhere else."""
    app = FastAPI(title="Revloop console", version="0.1.0", redoc_url=None)
    app.state.model, app.state.issuer, app.state.desk, app.state.origins = model, issuer, desk, origins
    app.state.memory = memory
    app.include_router(overview)
    app.include_router(details)
    app.include_router(written)
    app.include_router(orders)
    return app


def caller(request: Request) -> Person:
    """Who calls, from the bearer token; 401 with what to do otherwise."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, "send `Authorization: Bearer <token>`", {"WWW-Authenticate": "Bearer"})
    issuer: LocalIssuer = request.app.state.issuer
    try:
        return issuer.verify(token)
    except NotSignedIn as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": "Bearer"}) from error


Caller = Annotated[Person, Depends(caller)]


def reader(request: Request, person: Caller) -> Reader:
    """The read model, narrowed to the caller's tenant."""
    return Reader(request.app.state.model, person.tenant_id)


Known = Annotated[Reader, Depends(reader)]
Limit = Annotated[int, Query(ge=1, le=1000)]


def _ms(text: object) -> object:
    """Milliseconds of an ISO 8601 moment or day; pydantic answers 422 with the reason for anything else."""
    return parse_iso(text) if isinstance(text, str) else text


Iso = Annotated[int, BeforeValidator(_ms, json_schema_input_type=str)]
Moment = Annotated[Iso | None, Query(description="ISO 8601, for example 2018-03-01T00:00:00Z.")]
From = Annotated[Iso, Query(alias="from", description="ISO 8601.")]
Until = Annotated[Iso, Query(alias="to", description="ISO 8601.")]

overview = APIRouter(prefix="/v1", tags=["overview"])


@overview.get("/whoami")
def whoami(person: Caller) -> Response:
    """Who the token says you are."""
    return _json(person)


@overview.get("/accounts-of-law-4")
def law_4(known: Known) -> Response:
    """Deliveries and items by what became of them, per connector; each row says whether it adds up."""
    return _json(known.model.accounts_of_law_4(known.tenant_id))


@overview.get("/counts")
def counts(known: Known) -> Response:
    """Events by kind, actions and signals by status, and where the tenant's clock stands."""
    model, tenant = known.model, known.tenant_id
    return _json(
        {
            "events": model.counts(tenant),
            "actions": model.statuses(tenant, "action"),
            "signals": model.statuses(tenant, "signal"),
            "postures": model.statuses(tenant, "state"),
            "clock": model.clock(f"file:{tenant}") or model.clock("wall"),
        }
    )


@overview.get("/top")
def top(known: Known, account: str | None = None, state: ActionState | None = None, limit: Limit = 10) -> Response:
    """What to do, best first: open actions unless a state is asked for."""
    wanted = [state] if state else sorted(OPEN_STATES)
    bodies = [
        body for name in wanted for body in known.model.standings(known.tenant_id, "action", name.value, account, limit)
    ]
    actions = sorted(known.many(bodies, Action), key=lambda a: (-a.proposal.score, a.account_id, a.action_id))[:limit]
    lines = [option(action, known.approval_of(action), known.name_of(action.account_id)) for action in actions]
    return _json(lines)


@overview.get("/accounts")
def accounts(known: Known, posture: str | None = None, limit: Limit = 100) -> Response:
    """Accounts, least healthy first."""
    states = known.many(known.model.standings(known.tenant_id, "state", posture, None, limit), AccountState)
    return _json(
        [
            {
                "account": s.account_id,
                "name": s.name or s.account_id,
                "posture": s.posture,
                "health": s.health,
                "risks": [r.finding for r in s.risks],
            }
            for s in states
        ]
    )


@overview.get("/parked")
def parked(known: Known, limit: Limit = 100) -> Response:
    """Records that name no account yet, the newest first; one that found its account is no longer among them."""
    return _json(known.many(known.model.standings(known.tenant_id, UNRESOLVED, None, None, limit), Unresolved))


@overview.get("/dead")
def dead(known: Known, limit: Limit = 100) -> Response:
    """The newest dead letters, each with its reason and what to do."""
    return _json(known.model.dead_letters(known.tenant_id, limit))


@overview.get("/signals.csv")
def signals(known: Known) -> StreamingResponse:
    """Every signal change in the form and order of the backtest's signals.csv."""
    rows = sorted((signal_row(event) for event in known.all_of(SignalChange)), key=signal_order)
    return StreamingResponse(_csv(SIGNAL_COLUMNS, rows), media_type="text/csv")


details = APIRouter(prefix="/v1", tags=["details"])


@details.get("/accounts/{account:path}/state")
def state(known: Known, account: str, at: Moment = None) -> Response:
    """The account's situation now, or the very one that was current at a moment."""
    if at is None:
        return _json(known.one("state", account, AccountState))
    found = known.state_at(account, at)
    if found is None:
        raise HTTPException(404, f"nothing was known of {account!r} at {iso(at)}: its timeline tells when it began")
    return _json(found)


@details.get("/accounts/{account:path}/diff")
def diff(known: Known, account: str, since: From, until: Until) -> Response:
    """What changed of the account from one moment to another, and why."""
    if since > until:
        raise HTTPException(422, "`from` is later than `to`: swap them")
    before, after = known.state_at(account, since), known.state_at(account, until)
    if after is None:
        raise HTTPException(404, f"nothing was known of {account!r} at {iso(until)}: its timeline tells when it began")
    return _json(difference(before, known.states_between(account, since, until), after))


@details.get("/accounts/{account:path}/timeline")
def account_timeline(known: Known, account: str, limit: Limit = 50) -> Response:
    """What happened, newest first."""
    bodies = known.model.of_account(known.tenant_id, account, TIMELINE, limit)
    return _json(timeline(known.many(bodies, Envelope), ()))


@details.get("/decisions/{decision_id}")
def decision(known: Known, decision_id: str) -> Response:
    """A decision with its basis."""
    return _json(known.one("decision", decision_id, Decision))


@details.get("/decisions/{decision_id}/receipts")
def receipts(known: Known, decision_id: str) -> Response:
    """Where the ledger holds everything that belongs to a decision."""
    return _json(known.receipts(decision_id))


@details.get("/actions/{action_id}")
def action(known: Known, action_id: str) -> Response:
    """An action, its approval and its outcome."""
    found = known.one("action", action_id, Action)
    outcomes = known.many(known.model.about(known.tenant_id, Outcome.EVENT_TYPE, action_id), Outcome)
    return _json({"action": found, "approval": known.approval_of(found), "outcomes": outcomes})


@details.get("/actions/{action_id}/evidence")
def action_evidence(known: Known, action_id: str) -> Response:
    """Every record behind the action's sentences."""
    return _json(evidence_of(known.one("action", action_id, Action)))


@details.get("/actions/{action_id}/timeline")
def action_timeline(known: Known, action_id: str) -> Response:
    """From the signals to the outcome, in order, with ledger indexes."""
    return _json(known.story(known.one("action", action_id, Action)))


@details.get("/signals/{signal_id}/evidence")
def signal_evidence(known: Known, signal_id: str) -> Response:
    """Every record that a signal rested on, in the order of its changes."""
    changes = known.many(known.model.about(known.tenant_id, SignalChange.EVENT_TYPE, signal_id), SignalChange)
    if not changes:
        raise HTTPException(404, f"no signal {signal_id!r}: an account's timeline and an action's sentences name them")
    return _json(once(item for change in changes for item in change.evidence))


@details.get("/evidence/{snapshot_id}")
def evidence(request: Request, known: Known, snapshot_id: str) -> Response:
    """The normalised record, the verbatim vendor body it came from, and where in it each field was read."""
    found = known.many(known.model.about(known.tenant_id, Snapshot.EVENT_TYPE, snapshot_id), Snapshot)
    if not found:
        raise HTTPException(404, f"no record {snapshot_id!r}: evidence names its snapshot_id")
    record, tenant = found[0], known.tenant_id
    body = known.model.body(tenant, record.delivery_id)
    answer = {"record": record, "delivery_id": record.delivery_id, "item": record.item, "body": None, "fields": {}}
    if body is not None:
        origins: Origins = request.app.state.origins
        resource = known.model.resource(tenant, record.delivery_id)
        answer["body"] = body.decode("utf-8", "replace")
        answer["fields"] = origins.of(tenant, record.entity.connector, resource, body, record.item)
    return _json(answer)


written = APIRouter(prefix="/v1", tags=["written"])


@written.get("/accounts/{account:path}/brief")
def meeting_brief(known: Known, account: str, at: Moment = None) -> Response:
    """What to know before the account's next meeting, now or as it was to be known at a moment."""
    found = known.one("state", account, AccountState) if at is None else known.state_at(account, at)
    if found is None:
        raise HTTPException(404, f"nothing was known of {account!r} then: its timeline tells when it began")
    met = last_meeting(found)
    return _json(brief(found, None if met is None else known.state_at(account, met)))


@written.get("/accounts/{account:path}/summary")
def account_summary(known: Known, account: str, at: Moment = None) -> Response:
    """The account in a few sentences, each bound to its records."""
    found = known.one("state", account, AccountState) if at is None else known.state_at(account, at)
    if found is None:
        raise HTTPException(404, f"nothing was known of {account!r} then: its timeline tells when it began")
    return _json(summary(found))


@written.get("/memory/search")
def search(
    request: Request,
    person: Caller,
    q: Annotated[str, Query(min_length=1, max_length=1000)],
    account: str | None = None,
    kind: Annotated[list[str] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """Passages of what people wrote, found by words and by meaning, best first."""
    memory: Memory | None = request.app.state.memory
    if memory is None:
        raise HTTPException(503, "this console keeps no texts: it was started without a memory")
    return _json(memory.search(person.tenant_id, q, account, kind, limit))


orders = APIRouter(prefix="/v1/commands", tags=["commands"])


@orders.post("")
async def command(request: Request, person: Caller, body: CommandBody) -> Response:
    """Give an order: 200 with the answer, or 202 when it is on its way and the answer must be fetched."""
    desk: CommandDesk = request.app.state.desk
    try:
        return _json(await desk.order(person, body.model_dump()))
    except Unanswered as waiting:
        return _json({"command_id": body.command_id, "status": "pending", "detail": str(waiting)}, 202)


@orders.get("/{command_id}")
def result(known: Known, command_id: str) -> Response:
    """The answer to a command."""
    return _json(known.one("result", command_id, CommandResult))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def _typed(body: bytes, expected: type[E]) -> E:
    event = codec.decode(body)
    if not isinstance(event, expected):
        raise TypeError(f"the read model holds {type(event).__name__} where {expected.__name__} belongs")
    return event
