"""Schemas come in under a subject and get a number; the number gives the schema back: the part of the API we use."""

import base64
import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

NOT_FOUND = 40403
INCOMPATIBLE = 409
INVALID = 42201


class Schemas:
    """Schemas by number, as text; equal texts have one number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.subjects: dict[str, list[int]] = {}

    def add(self, subject: str, text: str) -> int:
        """The number of ``text``, which is a version of ``subject`` from now on."""
        number = self._numbers.setdefault(text, len(self._numbers) + 1)
        versions = self.subjects.setdefault(subject, [])
        if number not in versions:
            versions.append(number)
        return number

    def text(self, number: int) -> str | None:
        """The schema with this number."""
        return next((text for text, known in self._numbers.items() if known == number), None)


def create(user: str = "", refuse: str = "") -> Starlette:
    """The application; ``user`` is name and password, ``refuse`` a subject that takes nothing."""
    schemas = Schemas()

    async def register(request: Request) -> Response:
        if not _is_allowed(request, user):
            return _error(401, 401, "Unauthorized")
        subject = str(request.path_params["subject"])
        try:
            text = str((await request.json())["schema"])
            json.loads(text)
        except (ValueError, KeyError, TypeError):
            return _error(422, INVALID, "Invalid schema")
        if subject == refuse:
            return _error(409, INCOMPATIBLE, "Schema being registered is incompatible with an earlier schema")
        return _answer({"id": schemas.add(subject, text)})

    async def by_id(request: Request) -> Response:
        if not _is_allowed(request, user):
            return _error(401, 401, "Unauthorized")
        text = schemas.text(int(request.path_params["number"]))
        return _error(404, NOT_FOUND, "Schema not found") if text is None else _answer({"schema": text})

    async def subjects(_request: Request) -> Response:
        return _answer(sorted(schemas.subjects))

    return Starlette(
        routes=[
            Route("/subjects", subjects),
            Route("/subjects/{subject}/versions", register, methods=["POST"]),
            Route("/schemas/ids/{number:int}", by_id),
        ]
    )


def _is_allowed(request: Request, user: str) -> bool:
    wanted = "Basic " + base64.b64encode(user.encode()).decode()
    return not user or request.headers.get("authorization") == wanted


def _answer(body: object) -> Response:
    return JSONResponse(body, media_type="application/vnd.schemaregistry.v1+json")


def _error(status: int, code: int, message: str) -> Response:
    return JSONResponse({"error_code": code, "message": message}, status)
