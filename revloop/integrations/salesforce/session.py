"""Requests to one Salesforce organisation go out signed in, whole answers come in; a failure is a ``VendorError``."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from revloop.contracts.failures import ErrorKind, VendorError
from revloop.integrations.salesforce.refusals import refusal

_MAX_ANSWER_BYTES = 32 * 1_048_576
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Secret:
    """A text that shows itself only to the one who asks with ``reveal``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def hide_in(self, text: str) -> str:
        """``text`` without the secret."""
        return text.replace(self._text, "***") if self._text else text

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer below 300; header names do not care about case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The parsed body; raises VendorError (UNKNOWN) where it is not JSON."""
        try:
            parsed: object = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise VendorError(
                ErrorKind.UNKNOWN,
                f"Salesforce answered {self.status} with what is not JSON: {error}",
                status=self.status,
            ) from error
        return parsed


@dataclass(frozen=True, slots=True)
class _Token:
    secret: Secret
    user_id: str


class Session:
    """One connected app at one organisation: keeps its token, asks for a new one once when it is refused.

    ``timeout_s`` bounds each wait for the vendor and the arrival of a whole answer. Nothing is repeated but a request
    that was refused with 401, which changed nothing. Safe to use from several threads.
    """

    def __init__(self, base_url: str, client_id: str, client_secret: str, *, timeout_s: float) -> None:
        self.base_url = _checked(base_url)
        self.api_usage = ""
        self._client_id = client_id
        self._client_secret = Secret(client_secret)
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._http = httpx.Client(
            base_url=self.base_url,
            timeout=httpx.Timeout(timeout_s),
            follow_redirects=False,
            trust_env=not _is_loopback(self.base_url),
        )

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __repr__(self) -> str:
        return f"Session({self.base_url!r}, {self._client_id!r})"

    @property
    def user_id(self) -> str:
        """Id of the user this app acts as; signs in where it has not yet."""
        return self._signed_in().user_id

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to one request; raises VendorError for any status from 300 on and for any failure on the way."""
        token = self._signed_in()
        answer = self._once(method, path, params, body, headers, token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._forget(token)
            answer = self._once(method, path, params, body, headers, self._signed_in())
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._hidden(refusal(answer.status, answer.headers, answer.body, writing=_writes(method)))
        return answer

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: object,
        headers: Mapping[str, str] | None,
        token: _Token,
    ) -> Answer:
        request = self._http.build_request(
            method,
            path,
            params=dict(params) if params else None,
            json=body,
            headers={**(headers or {}), "Authorization": f"Bearer {token.secret.reveal()}"},
        )
        answer = self._exchange(request, writing=_writes(method))
        self.api_usage = answer.headers.get("sforce-limit-info", self.api_usage)
        return answer

    # signing in

    def _signed_in(self) -> _Token:
        with self._lock:
            if self._token is None:
                self._token = self._new_token()
            return self._token

    def _forget(self, token: _Token) -> None:
        with self._lock:
            if self._token is token:
                self._token = None

    def _new_token(self) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
        }
        answer = self._exchange(self._http.build_request("POST", "/services/oauth2/token", data=form), writing=False)
        if answer.status != HTTPStatus.OK:
            raise self._hidden(_sign_in_error(answer))
        match answer.json():
            case {"access_token": str(token), "id": str(identity)}:
                return _Token(Secret(token), identity.rsplit("/", 1)[-1])
            case _:
                raise VendorError(ErrorKind.AUTH, "Salesforce signed the app in without an access_token and id")

    def _hidden(self, error: VendorError) -> VendorError:
        """The error without any secret that the vendor may have echoed."""
        secrets = [self._client_secret, *([self._token.secret] if self._token else [])]
        message = error.message
        for secret in secrets:
            message = secret.hide_in(message)
        return VendorError(
            error.kind,
            message,
            status=error.status,
            retry_after_ms=error.retry_after_ms,
            outcome_unknown=error.outcome_unknown,
        )

    # the wire

    def _exchange(self, request: httpx.Request, *, writing: bool) -> Answer:
        """Sends once and reads the whole answer; an answer that does not come leaves a write's outcome unknown."""
        what = f"{request.method} {request.url.path}"
        try:
            return self._read(self._http.send(request, stream=True))
        except _NEVER_SENT as error:
            raise VendorError(
                ErrorKind.DOWNSTREAM, f"cannot reach Salesforce for {what} ({type(error).__name__}); nothing was sent"
            ) from error
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.DecodingError, OverflowError) as error:
            message = f"{what} cannot be exchanged with Salesforce: {type(error).__name__}"
            raise VendorError(ErrorKind.UNKNOWN, message, outcome_unknown=writing) from error
        except (httpx.TransportError, TimeoutError) as error:
            happened = "it may have been carried out: read back" if writing else "nothing was to be changed: ask again"
            raise VendorError(
                ErrorKind.TIMEOUT,
                f"no whole answer to {what} ({type(error).__name__}); {happened}",
                outcome_unknown=writing,
            ) from error

    def _read(self, response: httpx.Response) -> Answer:
        """The whole body; TimeoutError where it takes too long, OverflowError where it is too long."""
        deadline = time.monotonic() + self._timeout_s
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    raise OverflowError(f"longer than {_MAX_ANSWER_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not whole after {self._timeout_s} s")
        finally:
            response.close()
        return Answer(response.status_code, response.headers, bytes(body))


def _sign_in_error(answer: Answer) -> VendorError:
    """The token endpoint's refusal: a bad request there means bad credentials."""
    error = refusal(answer.status, answer.headers, answer.body, writing=False)
    kind = ErrorKind.AUTH if error.kind is ErrorKind.VALIDATION else error.kind
    return VendorError(
        kind, f"signing in failed: {error.message}", status=error.status, retry_after_ms=error.retry_after_ms
    )


def _writes(method: str) -> bool:
    return method not in ("GET", "HEAD")


def _checked(base_url: str) -> str:
    """The organisation's address; ValueError where a secret would travel unencrypted."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{base_url!r} is no address; write https://<my-domain>.my.salesforce.com")
    if parts.scheme == "http" and not _is_loopback(base_url):
        raise ValueError(f"{base_url!r} is not encrypted; use https (http is for loopback only)")
    return base_url.rstrip("/")


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
