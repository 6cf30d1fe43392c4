"""Confluent Schema Registry: our schemas in, a codec that frames records with the registry's ids out."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import TypeVar

import httpx

from revloop.contracts.codec import Codec, Framing
from revloop.contracts.failures import Retry, RevloopError
from revloop.contracts.fingerprint import fingerprint_of
from revloop.contracts.generated.schemas import SCHEMAS
from revloop.contracts.generated.topics import TOPICS

V = TypeVar("V", int, str)

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
TIMEOUT_S = 5.0
NO_SUCH_SCHEMA = 404
DEAD_LETTER = "dead/dead_letter.v1"


class RegistryFailed(RevloopError):
    """The registry refused a schema, or gave an answer that is none; the message names the subject."""


class Registry:
    """One registry; ``user_info`` is ``user:password`` or empty."""

    def __init__(self, url: str, user_info: str = "") -> None:
        user, _, password = user_info.partition(":")
        self._url = url
        self._client = httpx.Client(
            base_url=url,
            auth=(user, password) if user_info else None,
            headers={"content-type": CONTENT_TYPE, "accept": CONTENT_TYPE},
            timeout=TIMEOUT_S,
        )

    def register(self, subject: str, schema: str) -> int:
        """Make ``schema`` a version of ``subject``, which it may be already; gives its id.

        Raises RegistryFailed when the registry does not allow it, Retry when it does not answer.
        """
        response = self._asked("POST", f"/subjects/{subject}/versions", {"schema": schema})
        if response.status_code != httpx.codes.OK:
            raise RegistryFailed(f"the registry refused {subject}: {response.status_code} {response.text[:300]}")
        return _field(response, "id", int)

    def schema(self, number: int) -> str | None:
        """Text of the schema with this id; None when there is none. Raises RegistryFailed, Retry."""
        response = self._asked("GET", f"/schemas/ids/{number}", None)
        if response.status_code == NO_SUCH_SCHEMA:
            return None
        if response.status_code != httpx.codes.OK:
            raise RegistryFailed(f"the registry refused id {number}: {response.status_code} {response.text[:300]}")
        return _field(response, "schema", str)

    def _asked(self, method: str, path: str, body: dict[str, str] | None) -> httpx.Response:
        try:
            response = self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            raise Retry(f"the schema registry at {self._url} does not answer: {error}") from error
        if response.is_server_error:
            raise Retry(f"the schema registry at {self._url} is not well: {response.status_code}")
        return response


def registry_codec(url: str, user_info: str = "") -> Codec:
    """Register every event of every topic and give the codec that uses the ids. Raises RegistryFailed, Retry."""
    registry = Registry(url, user_info)
    ids = {fingerprint_of(SCHEMAS[name]): registry.register(subject, SCHEMAS[name]) for subject, name in subjects()}
    return Codec(Framing.CONFLUENT, ids, registry.schema)


def reading_codec(environment: Mapping[str, str] | None = None) -> Codec:
    """Reads what this deployment writes and registers nothing: what it must know of a registry, it asks when it must.

    The registry is named by the variables that services have.
    """
    found = os.environ if environment is None else environment
    url = found.get("REVLOOP_SCHEMA_REGISTRY_URL") or found.get("SCHEMA_REGISTRY_URL")
    if not url:
        return Codec()
    return Codec(text_of=Registry(url, found.get("REVLOOP_SCHEMA_REGISTRY_USER_INFO", "")).schema)


def subjects() -> Iterator[tuple[str, str]]:
    """Subject and schema name of what is written to each topic: ``<topic>-<record>``, as for several events a topic."""
    for topic in TOPICS.values():
        for name in topic.events:
            yield f"{topic.name}-{record_name(name)}", name
        if topic.dead:
            yield f"{topic.dead}-{record_name(DEAD_LETTER)}", DEAD_LETTER


def record_name(schema: str) -> str:
    """Full name of a schema's record: ``raw/tick.v1`` is ``revloop.raw.v1.Tick``."""
    found = json.loads(SCHEMAS[schema])
    return f"{found['namespace']}.{found['name']}"


def _field(response: httpx.Response, name: str, kind: type[V]) -> V:
    try:
        found = response.json().get(name)
    except (ValueError, AttributeError) as error:
        raise RegistryFailed(f"the registry's answer is no JSON object: {response.text[:300]}") from error
    if not isinstance(found, kind):
        raise RegistryFailed(f"no {name} in the registry's answer: {response.text[:300]}")
    return found
