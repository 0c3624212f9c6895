"""Does the platform work?"""

from starlette.responses import Response

from functions.routers import shapes
from shared import clock
from shared.domain.errors import WeftlyError
from shared.firestore import client
from shared.http import routing
from shared.http.answers import JsonAnswer

DEEP_SECONDS = 5.0

router = routing.router(prefix="", tags=["health"])


@router.get(
    "/health",
    summary="Read the health of the platform",
    response_model=shapes.Health,
    responses={503: {"model": shapes.Health, "description": "A dependency fails."}},
)
async def health(deep: bool = False) -> Response:
    """Whether this function answers; with ``deep``, whether the database does."""
    checks = {"database": await _database()} if deep else {}
    healthy = all(check["status"] == "healthy" for check in checks.values())
    answer = {"status": _word(healthy), "checks": checks, "timestamp": clock.now()}
    return JsonAnswer(answer, status_code=200 if healthy else 503)


async def _database() -> dict[str, object]:
    started, now = clock.monotonic(), clock.now()
    try:
        await client.check(DEEP_SECONDS)
        healthy = True
    except WeftlyError:
        healthy = False
    return {"status": _word(healthy), "duration": clock.monotonic() - started, "timestamp": now}


def _word(healthy: bool) -> str:
    return "healthy" if healthy else "unhealthy"
