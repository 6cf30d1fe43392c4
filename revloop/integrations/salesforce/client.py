"""Typed reads and conditional writes of Salesforce records; a write to a changed record is refused, none is repeated.

Every failure is a ``VendorError``; where its ``outcome_unknown`` is true the write may have happened: read back first.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote

from revloop.contracts.failures import ErrorKind, VendorError
from revloop.integrations.salesforce.records import (
    SETTLE_MS,
    VERSION_FIELDS,
    Created,
    Record,
    RecordVersion,
    Scalar,
    SubAnswer,
    SubRequest,
    mapping,
    member,
    read_record,
    read_sub_answer,
    soql_literal,
    unexpected,
    value_of,
)
from revloop.integrations.salesforce.refusals import refusal
from revloop.integrations.salesforce.session import Answer, Session

__all__ = [
    "Created",
    "Record",
    "RecordVersion",
    "SalesforceClient",
    "Scalar",
    "SubAnswer",
    "SubRequest",
    "soql_literal",
]


class SalesforceClient:
    """Records of one Salesforce organisation; ``timeout_s`` bounds each wait. Close it, or use it in a ``with``."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        api_version: str = "v59.0",
        timeout_s: float = 10.0,
    ) -> None:
        if not re.fullmatch(r"v\d{2}\.\d", api_version):
            raise ValueError(f"{api_version!r} is no API version; write v59.0")
        self._session = Session(base_url, client_id, client_secret, timeout_s=timeout_s)
        self._root = f"/services/data/{api_version}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SalesforceClient({self._session.base_url!r}, {self._root!r})"

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    @property
    def user_id(self) -> str:
        """Id of the user our writes are made as: what ``modified_by`` says of them."""
        return self._session.user_id

    @property
    def api_usage(self) -> tuple[int, int] | None:
        """Requests used and allowed today as of the last answer; None before the first."""
        found = re.search(r"api-usage=(\d+)/(\d+)", self._session.api_usage)
        return (int(found[1]), int(found[2])) if found else None

    # reading

    def get(self, object_name: str, record_id: str, fields: Sequence[str]) -> Record:
        """The record with these fields; a record that is not there is VALIDATION, a deleted one CONFLICT."""
        return self._read(self._path(object_name, record_id), fields)

    def find(self, object_name: str, external_field: str, external_value: str, fields: Sequence[str]) -> Record | None:
        """The record an external id names, None where it names none: how a create with unknown outcome is read back."""
        try:
            return self._read(self._path(object_name, external_field, external_value), fields)
        except VendorError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def query(self, soql: str) -> Iterator[Record]:
        """The records of a query, page by page; it must select Id and SystemModstamp, as each record has a version."""
        for answer in self._pages(soql):
            for item in member(answer, "records", list):
                yield read_record(mapping(item), answer, etag="")

    def query_pages(self, soql: str) -> Iterator[bytes]:
        """The bodies of a query's pages, verbatim."""
        return (answer.body for answer in self._pages(soql))

    def _pages(self, soql: str) -> Iterator[Answer]:
        answer = self._session.request("GET", f"{self._root}/query", params={"q": soql})
        seen: set[str] = set()
        while True:
            yield answer
            following = mapping(answer.json()).get("nextRecordsUrl")
            if following is None:
                return
            if not isinstance(following, str) or not following.startswith("/services/data/") or following in seen:
                raise unexpected(f"the query's next page is at {following!r:.200}")
            seen.add(following)
            answer = self._session.request("GET", following)

    def _read(self, path: str, fields: Sequence[str]) -> Record:
        names = list(dict.fromkeys((*fields, *VERSION_FIELDS)))
        answer = self._session.request("GET", path, params={"fields": ",".join(names)})
        record = read_record(mapping(answer.json()), answer, etag=answer.headers.get("etag", ""))
        values = {name: value_of(record, name) for name in fields}
        return Record(object=record.object, id=record.id, fields=values, version=record.version)

    # writing

    def update(
        self, object_name: str, record_id: str, fields: Mapping[str, Scalar], *, if_version: RecordVersion
    ) -> Record:
        """Writes the fields if the record still has that version, and reads them back.

        CONFLICT: it was changed or deleted since, nothing was written. DOWNSTREAM with ``retry_after_ms`` and without
        a status: it was read in the second of its last change and has no ETag, so the vendor could not tell a newer
        version apart; nothing was sent: read again then. Compare ``version.modified_by`` of the answer with
        ``user_id``: if they differ, somebody wrote after us.
        """
        path = self._path(object_name, record_id)
        try:
            self._session.request("PATCH", path, body=dict(fields), headers=_conditions(if_version))
        except VendorError as error:
            raise _gone(error) if error.status == HTTPStatus.NOT_FOUND else error from None
        try:
            return self._read(path, list(fields))
        except VendorError as error:
            message = f"the write was accepted, but reading it back failed: {error.message}"
            raise VendorError(ErrorKind.TIMEOUT, message, status=error.status, outcome_unknown=True) from error

    def create_by_external_id(
        self, object_name: str, external_field: str, external_value: str, fields: Mapping[str, Scalar]
    ) -> Created:
        """The record that the external id names, made from ``fields`` where there is none.

        A record that is there is left as it is: repeating a create that did happen changes nothing, even if a person
        has edited the record since. The external id must be unique in Salesforce.
        """
        known = self.find(object_name, external_field, external_value, ["Id"])
        if known is not None:
            return Created(known.id, created=False)
        # a plain create, not an upsert: should an earlier attempt reach Salesforce only now, the one that comes
        # second is refused for its duplicate id, where an upsert would write again
        try:
            answer = self._session.request(
                "POST", self._path(object_name), body={**fields, external_field: external_value}
            )
        except VendorError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            made = self.find(object_name, external_field, external_value, ["Id"])
            if made is None:
                raise
            return Created(made.id, created=False)
        return Created(member(answer, "id", str), created=True)

    def delete(self, object_name: str, record_id: str) -> bool:
        """Deletes the record; false where it was deleted before. Salesforce has no conditions here: compare first."""
        try:
            self._session.request("DELETE", self._path(object_name, record_id))
        except VendorError as error:
            if error.kind is ErrorKind.CONFLICT and error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def composite(self, requests: Sequence[SubRequest], *, all_or_none: bool = True) -> list[SubAnswer]:
        """Up to 25 requests in one; with ``all_or_none`` the first refused part is raised, and nothing was done."""
        parts = [self._part(request) for request in requests]
        body = {"allOrNone": all_or_none, "compositeRequest": parts}
        answer = self._session.request("POST", f"{self._root}/composite", body=body)
        answers = [read_sub_answer(mapping(item)) for item in member(answer, "compositeResponse", list)]
        if all_or_none:
            _raise_first(answers)
        return answers

    def _part(self, request: SubRequest) -> dict[str, object]:
        part: dict[str, object] = {
            "method": request.method,
            "url": f"{self._root}/{request.path}",
            "referenceId": request.reference,
        }
        if request.body is not None:
            part["body"] = dict(request.body)
        return {**part, "httpHeaders": dict(request.headers)} if request.headers else part

    def _path(self, *steps: str) -> str:
        for step in steps:
            if step in ("", ".", ".."):
                raise VendorError(ErrorKind.VALIDATION, f"{step!r} names no object, field or record; nothing was sent")
        return "/".join((self._root, "sobjects", *(quote(step, safe="") for step in steps)))


def _conditions(version: RecordVersion) -> dict[str, str]:
    """The headers that make a write conditional; refuses a version that they could not tell from a newer one."""
    if not version.etag and not version.settled:
        raise VendorError(
            ErrorKind.DOWNSTREAM,
            "the record was read in the very second of its last change; read it again before writing, nothing was sent",
            retry_after_ms=SETTLE_MS,
        )
    moment = datetime.fromtimestamp(version.modified_at_ms // 1_000, UTC)
    headers = {"If-Unmodified-Since": format_datetime(moment, usegmt=True)}
    return {**headers, "If-Match": version.etag} if version.etag else headers


def _gone(error: VendorError) -> VendorError:
    message = f"the record is not there any more: {error.message}"
    return VendorError(ErrorKind.CONFLICT, message, status=error.status)


def _raise_first(answers: Sequence[SubAnswer]) -> None:
    """Raises what made an all-or-none composite fail; the other parts were only taken back with it."""
    refused = [item for item in answers if item.status >= HTTPStatus.MULTIPLE_CHOICES]
    if not refused:
        return
    first = next((item for item in refused if "PROCESSING_HALTED" not in json.dumps(item.body)), refused[0])
    raise refusal(first.status, {}, json.dumps(first.body).encode(), writing=False)
