"""Health, status and metrics over HTTP: what an orchestrator, a person and Prometheus ask of a service."""

from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from revloop.streams.worker_thread import WorkerThread


def routes(service: str, threads: Sequence[WorkerThread]) -> list[Route]:
    """``/live``: its threads turn. ``/ready``: recovered, assigned and getting on. ``/status`` and ``/metrics``."""

    async def live(request: Request) -> Response:
        dead = [thread.name for thread in threads if thread.stalled or thread.failed]
        return JSONResponse({"live": not dead, "dead": dead}, 503 if dead else 200)

    async def ready(request: Request) -> Response:
        waiting = [thread.name for thread in threads if not thread.ready]
        return JSONResponse({"ready": not waiting, "waiting_for": waiting}, 503 if waiting else 200)

    async def status(request: Request) -> Response:
        return JSONResponse(status_of(service, threads))

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/live", live), Route("/ready", ready), Route("/status", status), Route("/metrics", metrics)]


def status_of(service: str, threads: Sequence[WorkerThread]) -> dict[str, object]:
    """What a service says of itself: lag in records, last commit in s since the epoch, refused inputs as errors."""
    lag: dict[str, int] = {}
    for thread in threads:
        for topic, records in thread.progress.lag().items():
            lag[topic] = lag.get(topic, 0) + records
    return {
        "service": service,
        "lag": sum(lag.values()),
        "lag_by_topic": lag,
        "recovered": sum(thread.recovered for thread in threads),
        "last_commit": max((thread.last_commit_s for thread in threads if thread.last_commit_s), default=None),
        "errors": sum(thread.refused for thread in threads),
        "parts": [thread.status() for thread in threads],
    }
