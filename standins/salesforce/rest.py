"""A ``Call`` of a signed-in user comes in, the ``Answer`` of the REST API goes out; a refusal is an answer too."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from standins.salesforce.answers import Answer, Call, Json, Refused, no_such_resource, parse_object
from standins.salesforce.clock import http_date, parse_http_date
from standins.salesforce.objects import described
from standins.salesforce.org import Org, Page, Preconditions, Writer, etag
from standins.salesforce.store import Row

_ROOT = re.compile(r"/services/data/v(\d{2}\.\d)/(.+)")
_REFERENCE = re.compile(r"@\{(\w+)\.([\w.\[\]]+)\}")
_BODY_SINCE_VERSION = 46.0
_MOST_SUBREQUESTS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the stand-in differs from org to org: which objects have ETags (empty: all), and records a query page."""

    etag_objects: frozenset[str] = frozenset({"Account"})
    page_records: int = 200


@dataclass(frozen=True, slots=True)
class _Request:
    call: Call
    user: str
    version: float

    def writer(self, external: Mapping[str, Json] | None = None) -> Writer:
        return Writer(user=self.user, method=self.call.method, external=external or {})


class Rest:
    """The REST resources over one organisation."""

    def __init__(self, org: Org, manners: Manners) -> None:
        self._org = org
        self._manners = manners

    def answer(self, call: Call, user: str) -> Answer:
        """What the vendor would answer to ``user``."""
        try:
            return self._route(call, user)
        except Refused as refusal:
            return refusal.answer()

    def _route(self, call: Call, user: str) -> Answer:
        found = _ROOT.fullmatch(call.path.rstrip("/"))
        if found is None:
            raise no_such_resource()
        request = _Request(call, user, float(found[1]))
        match found[2].split("/"):
            case ["query"]:
                return self._query(request)
            case ["query", locator]:
                return self._query_more(request, locator)
            case ["composite"]:
                return self._composite(request)
            case ["sobjects", sobject]:
                return self._create(request, sobject)
            case ["sobjects", sobject, "describe"]:
                _allow(call, "GET")
                return Answer(200, dict(described(self._org.catalogue.sobject(sobject))))
            case ["sobjects", sobject, record]:
                return self._row(request, sobject, record)
            case ["sobjects", sobject, name, *value]:
                return self._external(request, sobject, name, "/".join(value))
            case _:
                raise no_such_resource()

    # one record

    def _create(self, request: _Request, sobject: str) -> Answer:
        _allow(request.call, "POST")
        record = self._org.create(sobject, parse_object(request.call.body), request.writer())
        return self._created(request, sobject, record)

    def _row(self, request: _Request, sobject: str, record: str) -> Answer:
        _allow(request.call, "GET", "PATCH", "DELETE")
        if request.call.method == "GET":
            return self._shown(request, self._org.live(sobject, record))
        if request.call.method == "DELETE":
            self._org.delete(sobject, record, request.writer())
            return Answer(204)
        values, wanted = parse_object(request.call.body), self._preconditions(request.call, sobject)
        self._org.update(sobject, record, values, request.writer(), wanted)
        return Answer(204, None, self._tags(self._org.live(sobject, record)))

    def _external(self, request: _Request, sobject: str, name: str, value: str) -> Answer:
        """Rows by external id: read, delete, and the upsert that creates or updates."""
        _allow(request.call, "GET", "PATCH", "DELETE")
        record = self._org.by_external(sobject, name, value)
        if request.call.method == "PATCH":
            return self._upsert(request, sobject, (name, value), record)
        if record is None:
            raise no_such_resource()
        return self._row(request, sobject, record)

    def _upsert(self, request: _Request, sobject: str, key: tuple[str, str], record: str | None) -> Answer:
        name, value = key
        values = parse_object(request.call.body)
        if name in values or "Id" in values:
            raise Refused(400, "INVALID_FIELD", f"{name} and Id belong in the path, not in the body")
        writer = request.writer({"field": name, "value": value})
        if record is None:
            return self._created(request, sobject, self._org.create(sobject, {**values, name: value}, writer))
        self._org.update(sobject, record, values, writer, self._preconditions(request.call, sobject))
        if request.version < _BODY_SINCE_VERSION:
            return Answer(204)
        return Answer(200, {"id": record, "success": True, "errors": [], "created": False})

    def _created(self, request: _Request, sobject: str, record: str) -> Answer:
        body: dict[str, Json] = {"id": record, "success": True, "errors": []}
        if request.call.method == "PATCH" and request.version >= _BODY_SINCE_VERSION:
            body["created"] = True
        return Answer(201, body, {"Location": f"/services/data/v{request.version}/sobjects/{sobject}/{record}"})

    def _shown(self, request: _Request, row: Row) -> Answer:
        names = [name.strip() for name in request.call.query.get("fields", "").split(",") if name.strip()]
        headers = {"Last-Modified": http_date(row.modified_ms), **self._tags(row)}
        return Answer(200, self._org.shown(row, names or None), headers)

    def _tags(self, row: Row) -> dict[str, str]:
        return {"ETag": etag(row)} if self._has_etags(row.object) else {}

    def _has_etags(self, sobject: str) -> bool:
        return not self._manners.etag_objects or sobject in self._manners.etag_objects

    def _preconditions(self, call: Call, sobject: str) -> Preconditions:
        since = call.headers.get("if-unmodified-since")
        tags = call.headers.get("if-match", "") if self._has_etags(sobject) else ""
        try:
            since_ms = None if since is None else parse_http_date(since)
        except ValueError as error:
            raise Refused(400, "INVALID_HEADER", f"If-Unmodified-Since is not an HTTP date: {since}") from error
        return Preconditions(
            etags=tuple(tag.strip() for tag in tags.split(",") if tag.strip()), unmodified_since_ms=since_ms
        )

    # queries

    def _query(self, request: _Request) -> Answer:
        _allow(request.call, "GET")
        soql = request.call.query.get("q")
        if not soql:
            raise Refused(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
        return self._page(self._org.query(soql, self._page_records(request.call)), request)

    def _query_more(self, request: _Request, locator: str) -> Answer:
        _allow(request.call, "GET")
        found = re.fullmatch(r"01g(\d{12})-(\d{1,9})", locator)
        if found is None:
            raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(self._org.query_more(int(found[1]), int(found[2]), self._page_records(request.call)), request)

    def _page_records(self, call: Call) -> int:
        found = re.search(r"batchSize=(\d{1,6})", call.headers.get("sforce-query-options", ""))
        return min(max(int(found[1]), 200), 2_000) if found else self._manners.page_records

    def _page(self, page: Page, request: _Request) -> Answer:
        body: dict[str, Json] = {"totalSize": page.total, "done": not page.next_offset}
        if page.next_offset:
            body["nextRecordsUrl"] = f"/services/data/v{request.version}/query/01g{page.cursor:012d}-{page.next_offset}"
        body["records"] = page.records
        return Answer(200, body)

    # composite

    def _composite(self, request: _Request) -> Answer:
        _allow(request.call, "POST")
        body = parse_object(request.call.body)
        parts = body.get("compositeRequest")
        if not isinstance(parts, list) or not 0 < len(parts) <= _MOST_SUBREQUESTS:
            raise Refused(400, "INVALID_FIELD", f"compositeRequest must list 1 to {_MOST_SUBREQUESTS} requests")
        try:
            with self._org.store.transaction():
                done = self._run_parts(parts, request.user, halt=body.get("allOrNone") is True)
        except _Halted as halted:
            done = halted.done
        return Answer(200, {"compositeResponse": list(done)})

    def _run_parts(self, parts: list[Json], user: str, *, halt: bool) -> list[Json]:
        done: list[Json] = []
        bodies: dict[str, Json] = {}
        for part in parts:
            reference, answer = self._run_part(part, user, bodies)
            bodies[reference] = answer.body
            done.append(_part_result(reference, answer))
            if halt and answer.status >= HTTPStatus.BAD_REQUEST:
                raise _Halted(_rolled_back(parts, len(done) - 1, answer))
        return done

    def _run_part(self, part: Json, user: str, bodies: Mapping[str, Json]) -> tuple[str, Answer]:
        if not isinstance(part, dict) or not all(
            isinstance(part.get(key), str) for key in ("method", "url", "referenceId")
        ):
            raise Refused(400, "INVALID_FIELD", "each subrequest needs method, url and referenceId")
        reference = str(part["referenceId"])
        try:
            call = _part_call(_filled(part, bodies))
            if call.path.rstrip("/").endswith("/composite"):
                raise Refused(400, "INVALID_FIELD", "a composite request cannot hold another")
            return reference, self.answer(call, user)
        except Refused as refusal:
            return reference, refusal.answer()


class _Halted(Exception):
    """A part of an all-or-none composite failed: everything is taken back."""

    def __init__(self, done: list[Json]) -> None:
        super().__init__("rolled back")
        self.done = done


def _rolled_back(parts: list[Json], failed: int, answer: Answer) -> list[Json]:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    halted = Refused(400, "PROCESSING_HALTED", message).answer()
    references = [str(part.get("referenceId", "")) if isinstance(part, dict) else "" for part in parts]
    return [_part_result(name, answer if place == failed else halted) for place, name in enumerate(references)]


def _part_result(reference: str, answer: Answer) -> dict[str, Json]:
    headers: dict[str, Json] = dict(answer.headers)
    return {"body": answer.body, "httpHeaders": headers, "httpStatusCode": answer.status, "referenceId": reference}


def _part_call(part: Mapping[str, Json]) -> Call:
    parts = urlsplit(str(part["url"]))
    headers = part.get("httpHeaders")
    body = part.get("body")
    return Call(
        method=str(part["method"]),
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query)),
        headers={name.lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {},
        body=b"" if body is None else Answer(200, body).encoded(),
    )


def _filled(part: dict[str, Json], bodies: Mapping[str, Json]) -> dict[str, Json]:
    """The subrequest with each ``@{reference.path}`` replaced by what the earlier part answered."""

    def fill(value: Json) -> Json:
        if isinstance(value, str):
            return _REFERENCE.sub(lambda found: str(_looked_up(bodies, found[1], found[2])), value)
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        return [fill(inner) for inner in value] if isinstance(value, list) else value

    return {name: fill(value) for name, value in part.items()}


def _looked_up(bodies: Mapping[str, Json], reference: str, path: str) -> Json:
    found = bodies.get(reference)
    for step in re.findall(r"\w+", path):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = None
    if found is None or isinstance(found, dict | list):
        message = f"Invalid reference specified. No value for {reference}.{path} found in {reference}"
        raise Refused(400, "PROCESSING_HALTED", message)
    return found


def _allow(call: Call, *methods: str) -> None:
    if call.method not in methods:
        message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(methods)}"
        raise Refused(405, "METHOD_NOT_ALLOWED", message)
