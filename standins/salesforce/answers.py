"""A request comes in as a ``Call`` and goes out as an ``Answer``; ``Refused`` carries the vendor's error body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

Scalar = str | int | float | bool | None

Json = Scalar | list["Json"] | dict[str, "Json"]
"""What JSON can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: ``path`` decoded and without the query, header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response; a ``body`` of None is sent as no content at all."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The body as it goes on the wire."""
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Refused(Exception):
    """The request is refused with ``status`` and Salesforce's body ``[{message, errorCode, fields?}]``."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def answer(self) -> Answer:
        """The error as the vendor words it."""
        error: dict[str, Json] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            error["fields"] = list(self.fields)
        return Answer(self.status, [error])


def no_such_resource() -> Refused:
    """The path names nothing."""
    return Refused(404, "NOT_FOUND", "The requested resource does not exist")


def parse_object(body: bytes) -> dict[str, Json]:
    """The JSON object in ``body``; anything else is refused as JSON_PARSER_ERROR."""
    try:
        value: Json = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "JSON_PARSER_ERROR", f"The request body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise Refused(400, "JSON_PARSER_ERROR", "The request body must be a JSON object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
