"""What is the app of a function that people call? One of FastAPI, made of routers and resources.

app = create_app("graphs", [Resource("functions.routers.graphs", "/api/v1/graphs/**"), …])

@functions_framework.aio.http
async def graphs(request): return app
"""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from shared.http import app as apps
from shared.http import errors as wire
from shared.http.answers import JsonAnswer
from shared.http.resources import Resource


def create_app(title: str, parts: Sequence[APIRouter | Resource]) -> FastAPI:
    """The app of one function. It serves no docs of its own: one OpenAPI document covers all functions."""
    app = FastAPI(
        title=title,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        default_response_class=JsonAnswer,
    )
    app.add_exception_handler(RequestValidationError, _validation_error)
    # Including the routers would build each route a second time.
    apps.dress(app, title, [route for part in parts for route in _routes(part)])
    return app


def _routes(part: APIRouter | Resource) -> Sequence[BaseRoute]:
    return [part] if isinstance(part, Resource) else part.routes


async def _validation_error(request: Request, error: Any) -> Response:
    return wire.answer(wire.from_pydantic(error.errors()))
