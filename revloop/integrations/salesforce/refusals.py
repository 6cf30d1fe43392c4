"""An error answer of Salesforce comes in, a classified ``VendorError`` goes out; secrets never reach its text."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from revloop.contracts.failures import ErrorKind, VendorError

_BY_CODE: Mapping[str, ErrorKind] = {
    "REQUEST_LIMIT_EXCEEDED": ErrorKind.RATE_LIMIT,
    "INVALID_SESSION_ID": ErrorKind.AUTH,
    "UNABLE_TO_LOCK_ROW": ErrorKind.DOWNSTREAM,  # another transaction holds the row for a moment
    "SERVER_UNAVAILABLE": ErrorKind.DOWNSTREAM,
    "QUERY_TIMEOUT": ErrorKind.TIMEOUT,
    "ENTITY_IS_DELETED": ErrorKind.CONFLICT,
    "DUPLICATE_VALUE": ErrorKind.CONFLICT,
}
_BY_STATUS: Mapping[int, ErrorKind] = {
    300: ErrorKind.CONFLICT,  # an external id that names several records
    401: ErrorKind.AUTH,
    403: ErrorKind.AUTH,
    408: ErrorKind.TIMEOUT,
    409: ErrorKind.CONFLICT,
    412: ErrorKind.CONFLICT,
    429: ErrorKind.RATE_LIMIT,
    504: ErrorKind.TIMEOUT,
    **dict.fromkeys((400, 404, 405, 410, 413, 414, 415, 422, 428, 431), ErrorKind.VALIDATION),
}
_NEXT_STEPS: Mapping[ErrorKind, str] = {
    ErrorKind.AUTH: "check the connected app's credentials and its user's permissions",
    ErrorKind.RATE_LIMIT: "wait, or raise the organisation's API limit",
    ErrorKind.VALIDATION: "the request itself is wrong; repeating it will not help",
    ErrorKind.CONFLICT: "read the record again before deciding",
    ErrorKind.DOWNSTREAM: "Salesforce has a problem; try again later",
    ErrorKind.TIMEOUT: "read back before repeating a write",
    ErrorKind.UNKNOWN: "look at the answer; it is none that this adapter knows",
}
_LONGEST_MESSAGE = 300
_LONGEST_WAIT_MS = 86_400_000


def kind_of(status: int, code: str) -> ErrorKind:
    """What an answer with this HTTP status and Salesforce error code means for the one who asked."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    server_side = HTTPStatus.INTERNAL_SERVER_ERROR <= status < 600
    return ErrorKind.DOWNSTREAM if server_side else ErrorKind.UNKNOWN


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, writing: bool) -> VendorError:
    """The error behind an answer; ``writing`` says that the request could have changed a record.

    ``headers`` needs lower-case names, or a mapping that does not care.
    """
    code, message = _code_and_message(body)
    kind = kind_of(status, code)
    may_have_happened = kind in (ErrorKind.DOWNSTREAM, ErrorKind.TIMEOUT) and code not in _BY_CODE
    return VendorError(
        kind,
        f"Salesforce answered {status} {code or 'without a code'}: {message[:_LONGEST_MESSAGE]} ({_NEXT_STEPS[kind]})",
        status=status,
        retry_after_ms=_retry_after_ms(headers),
        outcome_unknown=writing and may_have_happened,
    )


def _code_and_message(body: bytes) -> tuple[str, str]:
    """Code and message of the vendor's error list, or of an OAuth error; the body's beginning where it is neither."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return "", body[:_LONGEST_MESSAGE].decode("utf-8", "replace")
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return "", str(first)
    code = first.get("errorCode") or first.get("error") or ""
    return str(code), str(first.get("message") or first.get("error_description") or "no message")


def _retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """The wish in Retry-After, seconds or a date measured against the answer's own Date; None where there is none."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(int(text) * 1_000, _LONGEST_WAIT_MS)
    until_ms, now_ms = http_date_ms(text), http_date_ms(headers.get("date", ""))
    return None if not until_ms or not now_ms else min(max(until_ms - now_ms, 0), _LONGEST_WAIT_MS)


def http_date_ms(text: str) -> int:
    """Milliseconds since the epoch of an HTTP date; 0 where the text is none."""
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 1_000
    except ValueError:
        return 0
