"""Who may send to the edge, and how much: bodies within the limit and true signatures pass, the rest is refused."""

import contextlib
import os
from ipaddress import ip_address
from pathlib import Path
from secrets import compare_digest, token_hex

from fastapi import HTTPException, Request

from revloop.integrations.signature import Push, Signature
from revloop.tenants import ConnectorProfile


async def limited_body(request: Request, limit_bytes: int) -> bytes:
    """The body, read in pieces and given up with 413 as soon as it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise HTTPException(
            413, f"the body announces {announced} bytes; at most {limit_bytes} are taken: send it in parts"
        )
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit_bytes:
            raise HTTPException(413, f"the body has more than {limit_bytes} bytes: send it in parts")
        pieces.append(piece)
    return b"".join(pieces)


def as_push(request: Request, body: bytes, public_url: str, now: int) -> Push:
    """A webhook as its vendor sent it at ``now`` (ms): where a proxy stands before us, it called ``public_url``."""
    scope = request.scope
    base = public_url.rstrip("/") or f"{scope['scheme']}://{request.headers.get('host', '')}"
    query = scope["query_string"]
    path = scope["raw_path"] + (b"?" + query if query else b"")  # as it came: what was decoded cannot be signed again
    return Push(
        method=request.method, url=base + path.decode("latin-1"), headers=dict(request.headers), body=body, now=now
    )


def require_signature(connector: ConnectorProfile, signature: Signature, push: Push, host: str) -> None:
    """Refuse a webhook that its vendor did not sign; one that needs no signature is taken on loopback alone."""
    name = connector.webhook_secret_env
    if not name:
        if not is_loopback(host):
            raise HTTPException(403, "unsigned webhooks are taken on loopback only: name webhook_secret_env")
        return
    secret = os.environ.get(name, "")
    if not secret:
        raise HTTPException(503, f"the secret of this webhook is not set: set {name}")
    if fault := signature.fault(secret, push):
        raise HTTPException(401, fault)


def require_token(authorization: str, secret: str) -> None:
    """Refuse what does not come from this machine's own command line."""
    if not compare_digest(authorization.encode(), f"Bearer {secret}".encode()):
        raise HTTPException(401, "this needs the local feed token: use `revloop feed` or `revloop poll` here")


def is_loopback(host: str) -> bool:
    """Whether an address to bind can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def local_secret(home: Path) -> str:
    """The token of this machine's own command line; made once, readable by its owner only."""
    path = home / "identity" / "feed.token"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(token_hex(32))
        with contextlib.suppress(FileExistsError):  # another process was first: its token counts
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text()
