"""Client credentials come in, tokens go out; calls without a valid token or above the daily limit are refused."""

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from standins.salesforce.answers import Answer, Call, Json, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The one connected app: its credentials, and the integration user its tokens act as."""

    client_id: str
    client_secret: str = field(repr=False)
    user: str


@dataclass(slots=True)
class Access:
    """Tokens and the count of requests; both live in memory, so a restart ends all sessions."""

    application: Application
    base_url: str
    token_seconds: float = 7_200
    daily_limit: int = 15_000
    monotonic: Callable[[], float] = time.monotonic
    used: int = 0
    _tokens: dict[str, float] = field(default_factory=dict)

    def token(self, call: Call, now_ms: int) -> Answer:
        """The answer of the OAuth token endpoint."""
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        if call.method != "POST" or form.get("grant_type") != "client_credentials":
            return _oauth_error("unsupported_grant_type", "grant type not supported")
        if not self._is_application(*_credentials(form, call.headers.get("authorization", ""))):
            return _oauth_error("invalid_client", "invalid client credentials")
        token = f"00DRL0000000001!{secrets.token_urlsafe(48)}"
        self._tokens[token] = self.monotonic() + self.token_seconds
        return Answer(
            200,
            {
                "access_token": token,
                "scope": "api",
                "instance_url": self.base_url,
                "id": f"{self.base_url}/id/00DRL0000000001EAA/{self.application.user}",
                "token_type": "Bearer",
                "issued_at": str(now_ms),
            },
            {"Cache-Control": "no-store"},
        )

    def admit(self, call: Call) -> str:
        """The user behind the call; refused as INVALID_SESSION_ID or REQUEST_LIMIT_EXCEEDED."""
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or self._tokens.get(token.strip(), 0.0) <= self.monotonic():
            raise Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.daily_limit:
            raise Refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1
        return self.application.user

    def revoke(self) -> int:
        """Ends all sessions; how many there were."""
        ended = len(self._tokens)
        self._tokens.clear()
        return ended

    def limits(self) -> dict[str, Json]:
        """The body of the limits resource."""
        return {"DailyApiRequests": {"Max": self.daily_limit, "Remaining": self.daily_limit - self.used}}

    def usage_header(self) -> str:
        """``api-usage=18/15000``."""
        return f"api-usage={self.used}/{self.daily_limit}"

    def _is_application(self, client_id: str, client_secret: str) -> bool:
        same_id = hmac.compare_digest(client_id.encode(), self.application.client_id.encode())
        return hmac.compare_digest(client_secret.encode(), self.application.client_secret.encode()) and same_id


def _credentials(form: dict[str, str], header: str) -> tuple[str, str]:
    """Client id and secret from the Basic header, or from the form."""
    if not header.lower().startswith("basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, client_secret


def _oauth_error(code: str, description: str) -> Answer:
    return Answer(400, {"error": code, "error_description": description})
