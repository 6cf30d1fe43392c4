"""The edge over HTTP: webhooks and delivery files are in Kafka before they are acknowledged; pollers are asked."""

import hmac
import os
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from secrets import compare_digest, token_hex

import msgspec
from fastapi import FastAPI, Header, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from revloop.contracts.failures import Reject, Retry, VendorError
from revloop.contracts.generated import topics
from revloop.contracts.generated.events import Delivery, Tick
from revloop.contracts.times import parse_iso
from revloop.integrations.salesforce.client import SalesforceClient
from revloop.stage import Emit
from revloop.streams import EdgeProducer
from revloop.tenants import Profile, Registry, UnknownTenant
from services.ingest.core.feed import delivery, tick
from services.ingest.poll import Clock, Poller
from services.ingest.settings import Settings

DELIVERY_ID_HEADERS = ("x-atlassian-webhook-identifier", "x-delivery-id", "x-request-id")
"""Where vendors put the id that stays the same when they send a delivery again."""


class FeedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a feed: a delivery, or a tick where ``tick`` is set."""

    at: str
    seq: int = 0
    connector: str = ""
    mode: str = "webhook"
    resource: str = ""
    request: str = ""
    body: str = ""
    tick: bool = False


_feed_item = msgspec.json.Decoder(FeedItem).decode


def create_edge(settings: Settings, registry: Registry, producer: EdgeProducer, clock: Clock) -> FastAPI:
    """The routes of ingest."""
    app = FastAPI(title="Revloop ingest", version="0.1.0", redoc_url=None)
    secret = local_secret(settings.home)
    poller = Poller(producer, _client(settings), clock)

    @app.post("/v1/webhooks/{tenant}/{connector}", status_code=202)
    async def webhook(tenant: str, connector: str, request: Request) -> dict[str, str]:
        """A vendor's push: 202 once it is in Kafka."""
        profile = _profile(registry, tenant, connector)
        body = await _body(request, settings.max_body_bytes)
        _signed(profile, connector, body, request.headers.get("x-hub-signature-256", ""))
        nonce = next((request.headers[name] for name in DELIVERY_ID_HEADERS if name in request.headers), "")
        at = 0 if nonce else int(time.time() * 1000)
        event = delivery(
            at=at,
            seq=0,
            tenant_id=tenant,
            connector=connector,
            mode="webhook",
            resource=_resource(request),
            request="",
            body=body,
            nonce=nonce,
        )
        now = int(time.time() * 1000)
        event = msgspec.structs.replace(event, occurred_at=now, observed_at=now)
        await _send(producer, [event])
        return {"delivery_id": event.event_id}

    @app.post("/v1/feed/{tenant}")
    async def feed(tenant: str, request: Request, authorization: str = Header("")) -> dict[str, int]:
        """Deliveries and ticks of a file, one JSON object a line, in order; answered when Kafka holds them all."""
        if not compare_digest(authorization, f"Bearer {secret}"):
            raise HTTPException(401, "feeding needs the local feed token: run `revloop feed` on this machine")
        profile = _profile(registry, tenant)
        body = await _body(request, settings.max_body_bytes * 4)
        events = [_fed(profile, number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
        await _send(producer, events)
        return {"accepted": len(events)}

    @app.post("/v1/poll/{tenant}/{connector}")
    async def poll(tenant: str, connector: str, authorization: str = Header("")) -> dict[str, int]:
        """Ask the vendor for what changed since the last poll."""
        if not compare_digest(authorization, f"Bearer {secret}"):
            raise HTTPException(401, "polling by hand needs the local feed token: run `revloop poll` on this machine")
        profile = _profile(registry, tenant, connector)
        try:
            return {"deliveries": await run_in_threadpool(poller.poll, profile, connector)}
        except Reject as error:
            raise HTTPException(409, error.detail) from error
        except VendorError as error:
            raise HTTPException(502, f"{connector} did not answer: {error}") from error

    return app


def local_secret(home: Path) -> str:
    """The token with which this machine's own command line may feed; created once, readable by the owner only."""
    path = home / "identity" / "feed.token"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token_hex(32))
    return path.read_text()


def _client(settings: Settings) -> SalesforceClient | None:
    if not settings.salesforce_url:
        return None
    return SalesforceClient(
        settings.salesforce_url, settings.salesforce_client_id, settings.salesforce_client_secret.get_secret_value()
    )


def _profile(registry: Registry, tenant: str, connector: str | None = None) -> Profile:
    try:
        profile = registry.get(tenant)
    except UnknownTenant as error:
        raise HTTPException(404, error.detail) from error
    if connector is not None and connector not in profile.connectors:
        raise HTTPException(404, f"tenant {tenant!r} has no connector {connector!r}: add it to its profile")
    return profile


async def _body(request: Request, limit: int) -> bytes:
    """The body, read in pieces and given up as soon as it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise HTTPException(413, f"the body announces {announced} bytes; at most {limit} are taken: send it in parts")
    pieces: list[bytes] = []
    size = 0
    async for piece in _stream(request):
        size += len(piece)
        if size > limit:
            raise HTTPException(413, f"the body has more than {limit} bytes: send it in parts")
        pieces.append(piece)
    return b"".join(pieces)


async def _stream(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        yield piece


def _signed(profile: Profile, connector: str, body: bytes, signature: str) -> None:
    name = profile.connectors[connector].webhook_secret_env
    if not name:
        return
    key = os.environ.get(name, "")
    if not key:
        raise HTTPException(503, f"the secret of this webhook is not set: set {name}")
    wanted = "sha256=" + hmac.new(key.encode(), body, sha256).hexdigest()
    if not compare_digest(wanted, signature):
        raise HTTPException(401, "the signature does not fit the body: check the secret on both sides")


def _resource(request: Request) -> str:
    return request.query_params.get("resource", "issue")


def _fed(profile: Profile, number: int, line: bytes) -> Delivery | Tick:
    try:
        item = _feed_item(line)
        at = parse_iso(item.at)
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise HTTPException(422, f"line {number}: {error}") from error
    if item.tick:
        return tick(profile.clock_id, profile.tenant, at)
    try:
        return delivery(
            at=at,
            seq=item.seq,
            tenant_id=profile.tenant,
            connector=item.connector,
            mode=item.mode,
            resource=item.resource,
            request=item.request,
            body=item.body.encode(),
        )
    except ValueError as error:
        raise HTTPException(422, f"line {number}: {error}") from error


async def _send(producer: EdgeProducer, events: list[Delivery | Tick]) -> None:
    try:
        await run_in_threadpool(producer.send_emits, [Emit(topics.RAW_DELIVERIES, event) for event in events])
    except Retry as error:
        raise HTTPException(503, f"not stored: {error}. Send it again.", {"Retry-After": "5"}) from error
