"""HTTP in, HTTP out: the part of the vendor's data API (2026-07) that Revloop uses."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from standins.pinecone.index import Index, Refused

Body = Mapping[str, object]
Answering = Callable[[Request, Body], Response]


class Api:
    """Every request brings the key, those of the stand-in itself aside."""

    def __init__(self, index: Index, key: str) -> None:
        self._index = index
        self._key = key
        self._failures: list[int] = []

    def upsert(self, _request: Request, body: Body) -> Response:
        """Write."""
        vectors = body.get("vectors")
        if not isinstance(vectors, list):
            raise Refused("vectors must be a list")
        return JSONResponse({"upsertedCount": self._index.upsert(_namespace(body), vectors)})

    def query(self, _request: Request, body: Body) -> Response:
        """Find."""
        wanted = body.get("filter")
        found = self._index.query(
            _namespace(body), body.get("vector"), body.get("topK"), wanted if isinstance(wanted, Mapping) else None
        )
        matches = [{"id": name, "score": score, "metadata": metadata} for name, score, metadata in found]
        return JSONResponse({"matches": matches, "namespace": _namespace(body), "usage": {"readUnits": 1}})

    def delete(self, _request: Request, body: Body) -> Response:
        """Remove what passes a filter."""
        wanted = body.get("filter")
        if not isinstance(wanted, Mapping):
            raise Refused("This stand-in deletes by filter")
        if _namespace(body) not in self._index.namespaces:
            return _absent()
        self._index.delete(_namespace(body), wanted)
        return JSONResponse({})

    def namespaces(self, request: Request, _body: Body) -> Response:
        """All that begin with a prefix."""
        prefix = request.query_params.get("prefix", "")
        found = [self._described(name) for name in sorted(self._index.namespaces) if name.startswith(prefix)]
        return JSONResponse({"namespaces": found})

    def namespace(self, request: Request, _body: Body) -> Response:
        """Describe or remove one."""
        name = str(request.path_params["name"])
        if name not in self._index.namespaces:
            return _absent()
        if request.method == "DELETE":
            self._index.delete_namespace(name)
            return JSONResponse({})
        return JSONResponse(self._described(name))

    async def settle(self, _request: Request) -> Response:
        """Make every write seen."""
        return JSONResponse({"settled": self._index.settle()})

    async def fail(self, request: Request) -> Response:
        """Answer the next requests with these statuses."""
        self._failures.extend(int(status) for status in (await request.json())["statuses"])
        return JSONResponse({"waiting": len(self._failures)})

    def signed_in(self, answer: Answering) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint that asks for the key first."""

        async def answered(request: Request) -> Response:
            if request.headers.get("api-key") != self._key:
                return _error(401, "UNAUTHENTICATED", "Invalid API Key")
            if self._failures:
                return _error(self._failures.pop(0), "UNAVAILABLE", "As ordered")
            try:
                return answer(request, await request.json() if request.method == "POST" else {})
            except (Refused, ValueError) as refusal:
                return _error(400, "INVALID_ARGUMENT", str(refusal))

        return answered

    def _described(self, name: str) -> dict[str, object]:
        return {"name": name, "record_count": len(self._index.namespaces[name])}


def create(index: Index, key: str) -> Starlette:
    """The application."""
    api = Api(index, key)
    return Starlette(
        routes=[
            Route("/vectors/upsert", api.signed_in(api.upsert), methods=["POST"]),
            Route("/query", api.signed_in(api.query), methods=["POST"]),
            Route("/vectors/delete", api.signed_in(api.delete), methods=["POST"]),
            Route("/namespaces", api.signed_in(api.namespaces)),
            Route("/namespaces/{name:path}", api.signed_in(api.namespace), methods=["GET", "DELETE"]),
            Route("/__standin__/settle", api.settle, methods=["POST"]),
            Route("/__standin__/fail", api.fail, methods=["POST"]),
        ]
    )


def _namespace(body: Body) -> str:
    return str(body.get("namespace", ""))


def _absent() -> Response:
    return _error(404, "NOT_FOUND", "Namespace not found")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "error": {"code": code, "message": message}, "message": message}, status)
