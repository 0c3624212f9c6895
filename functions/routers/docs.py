"""Where is the API described? One OpenAPI document for all functions, and Swagger UI to read it with.

Swagger UI's files come from the package fastapi-offline, which carries them; its module is never imported.
"""

import functools
import importlib.util
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from shared.domain import errors

router = APIRouter(include_in_schema=False)

HERE = Path(__file__).parent.parent
DOCUMENT = HERE / "openapi.json"

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DAY = {"Cache-Control": "public, max-age=86400"}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png"}


@router.get("/openapi.json")
async def openapi() -> Response:
    return Response(_read(DOCUMENT), media_type="application/json")


@router.get("/docs")
async def docs() -> Response:
    page = _read(HERE / "static" / "docs.html")
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": _CSP})


@router.get("/static/{name}")
async def static(name: str) -> Response:
    path = _files().get(name)
    if path is None:
        raise errors.NotFound(f"There is no file /static/{name}.", reason="UNKNOWN_PATH")
    return Response(_read(path), media_type=_TYPES[path.suffix], headers=_DAY)


@functools.cache
def _files() -> dict[str, Path]:
    """The files that are served: name -> where it is. Nothing else can be asked for."""
    spec = importlib.util.find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise errors.Internal("The package fastapi-offline is not installed; it is in requirements.txt.")
    bundled = Path(spec.origin).parent / "static"
    return {
        "docs.js": HERE / "static" / "docs.js",
        "swagger-ui-bundle.js": bundled / "swagger-ui-bundle.js",
        "swagger-ui.css": bundled / "swagger-ui.css",
        "favicon.png": bundled / "favicon.png",
    }


@functools.cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
