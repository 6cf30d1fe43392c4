"""Health, status and metrics over HTTP: what an orchestrator, a person and Prometheus ask of a service."""

from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from revloop.streams.worker_thread import WorkerThread


def routes(service: str, threads: Sequence[WorkerThread]) -> list[Route]:
    """``/live``, ``/ready``, ``/status`` and ``/metrics``."""

    async def live(request: Request) -> Response:
        alive = not any(thread.stalled or thread.failed for thread in threads)
        return JSONResponse({"live": alive}, 200 if alive else 503)

    async def ready(request: Request) -> Response:
        waiting = [thread.name for thread in threads if not thread.ready]
        return JSONResponse({"ready": not waiting, "waiting_for": waiting}, 503 if waiting else 200)

    async def status(request: Request) -> Response:
        parts = [thread.status() for thread in threads]
        return JSONResponse(
            {
                "service": service,
                "lag": sum(thread.lag() for thread in threads),
                "recovered": sum(thread.recovered for thread in threads),
                "last_commit": max((thread.last_commit_s for thread in threads if thread.last_commit_s), default=None),
                "errors": sum(thread.refused for thread in threads),
                "parts": parts,
            }
        )

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/live", live), Route("/ready", ready), Route("/status", status), Route("/metrics", metrics)]
