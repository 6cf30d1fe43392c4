"""The console's HTTP API as the command line sees it: typed errors that tell the reader what to do."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx

from revloop.cli.home import Home
from revloop.contracts.failures import RevloopError


class ApiError(RevloopError):
    """A service refused, or there is no token for it; the message tells what to do."""


class NotAnswering(ApiError):
    """Nothing answers, or nothing was ever started; the message tells what to do."""


class Api:
    """Calls as one person of one tenant."""

    def __init__(self, home: Home, tenant: str, person: str) -> None:
        self._client = httpx.Client(
            base_url=home.url("console"),
            timeout=30,
            headers={"authorization": f"Bearer {token_of(home, tenant, person)}"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int | None) -> object:
        """JSON of a reading route."""
        return self._call("GET", path, query).json()

    def text(self, path: str) -> str:
        """Text of a reading route, for example a CSV."""
        return self._call("GET", path, {}).text

    def order(
        self,
        kind: str,
        subject_id: str,
        account: str,
        *,
        binding_hash: str = "",
        note: str = "",
        command_id: str | None = None,
    ) -> Mapping[str, object]:
        """Give an order; the answer says whether it took effect."""
        body = {
            "command_id": command_id or uuid4().hex,
            "kind": kind,
            "subject_id": subject_id,
            "account": account,
            "binding_hash": binding_hash,
            "note": note,
        }
        answer = self._call("POST", "/v1/commands", {}, body).json()
        if not isinstance(answer, dict):
            raise ApiError(f"the console answered {answer!r} to an order")
        return answer

    def _call(
        self, method: str, path: str, query: Mapping[str, str | int | None], body: object = None
    ) -> httpx.Response:
        params = {name: value for name, value in query.items() if value is not None}
        try:
            response = self._client.request(method, path, params=params, json=body)
        except httpx.TransportError as error:
            raise not_answering("the console", error) from error
        if response.is_error:
            raise ApiError(reason_of(response))
        return response


def token_of(home: Home, tenant: str, person: str) -> str:
    """The token of a person of this home; raises ApiError, or NotAnswering where nothing was ever started."""
    name = f"{person} of {tenant}"
    return _read(home, Path("tokens", tenant, f"{person}.token"), f"{name}: name another with --tenant and --as")


def feed_token(home: Home) -> str:
    """What lets a command feed and poll; raises as ``token_of``."""
    return _read(home, Path("feed.token"), "feeding: start ingest with `revloop up`")


def known_tenants(home: Home, person: str) -> list[str]:
    """Tenants of which ``person`` has a token here, sorted; raises NotAnswering where nothing was ever started."""
    return sorted(path.parent.name for path in (_identity(home) / "tokens").glob(f"*/{person}.token"))


def _read(home: Home, name: Path, whose: str) -> str:
    path = _identity(home) / name
    if not path.exists():
        raise ApiError(f"there is no token at {path} for {whose}")
    return path.read_text()


def _identity(home: Home) -> Path:
    identity = home.directory / "identity"
    if not identity.exists():
        raise NotAnswering(
            f"nothing was ever started in {home.directory}: start with `revloop up` or `revloop run`,"
            " or set REVLOOP_HOME to where it was"
        )
    return identity


def not_answering(who: str, error: httpx.TransportError) -> NotAnswering:
    """What to say when a service is not there, or takes too long."""
    what = "took too long" if isinstance(error, httpx.TimeoutException) else "does not answer"
    return NotAnswering(f"{who} {what}: start it with `revloop up`, look with `revloop status`")


def reason_of(response: httpx.Response) -> str:
    """Status and detail of a refusal."""
    try:
        detail = response.json().get("detail", response.text)
    except ValueError:
        detail = response.text
    return f"{response.status_code}: {detail}"
