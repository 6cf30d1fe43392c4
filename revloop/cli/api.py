"""The console's HTTP API as the command line sees it: typed errors that tell the reader what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from revloop.cli.home import Home


class ApiError(Exception):
    """The console could not be reached, or refused; the message tells what to do."""


class Api:
    """Calls as one person of one tenant."""

    def __init__(self, home: Home, tenant: str, person: str) -> None:
        self._client = httpx.Client(
            base_url=home.url("console"),
            timeout=30,
            headers={"authorization": f"Bearer {_token(home.directory, tenant, person)}"},
        )

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
        with _explained():
            params = {name: value for name, value in query.items() if value is not None}
            response = self._client.request(method, path, params=params, json=body)
        if response.is_error:
            raise ApiError(_reason(response))
        return response


def _token(home: Path, tenant: str, person: str) -> str:
    path = home / "identity" / "tokens" / tenant / f"{person}.token"
    if not path.exists():
        raise ApiError(
            f"no token for {person} of {tenant} at {path}: start with `revloop up`,"
            " or name another with --tenant and --as"
        )
    return path.read_text()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except httpx.ConnectError as error:
        raise ApiError("the console does not answer: start it with `revloop up`, look with `revloop status`") from error
    except httpx.TimeoutException as error:
        raise ApiError("the console took too long: look with `revloop status`") from error


def _reason(response: httpx.Response) -> str:
    try:
        detail = response.json().get("detail", response.text)
    except ValueError:
        detail = response.text
    return f"{response.status_code}: {detail}"
