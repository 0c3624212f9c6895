"""Does the platform work?"""

from starlette.responses import Response

from shared import clock
from shared.http import routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import health as service

shapes = Shapes("functions.routers.shapes")
router = routing.router(prefix="", tags=["health"])


@router.get(
    "/health",
    summary="Read the health of the platform",
    response_model=shapes.Health,
    responses={503: {"model": shapes.Health, "description": "A dependency fails."}},
)
async def health(deep: bool = False) -> Response:
    """Whether this function answers; with ``deep``, whether what it depends on does: the database, the accounts, and
    the key that seals secrets."""
    asked = await service.here.checks() if deep else {}
    healthy = all(check.healthy for check in asked.values())
    checks = {
        name: {"status": _word(check.healthy), "duration": check.duration, "timestamp": check.timestamp}
        for name, check in asked.items()
    }
    answer = {"status": _word(healthy), "checks": checks, "timestamp": clock.now()}
    return JsonAnswer(answer, status_code=200 if healthy else 503)


def _word(healthy: bool) -> str:
    return "healthy" if healthy else "unhealthy"
