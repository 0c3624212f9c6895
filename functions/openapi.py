"""What is the API of all functions together? Writes ``functions/openapi.json``: python -m functions.openapi

The file is deployed and served as it is, so that no function imports the routers of another.
"""

from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from functions.routers import (
    account,
    admin,
    api_keys,
    blocks,
    comparisons,
    credentials,
    executions,
    files,
    graphs,
    health,
    ingress,
    interop,
    library,
    moderation,
    notification_ways,
    notifications,
    presets,
    ratings,
    reviews,
    schedules,
    shares,
    store,
    streams,
    submissions,
    triggers,
    usage,
    users,
    webhooks,
)
from shared.http import routing

DOCUMENT = Path(__file__).with_name("openapi.json")

ROUTERS: list[APIRouter] = [
    graphs.router,
    interop.router,
    executions.router,
    streams.router,
    reviews.router,
    blocks.router,
    users.router,
    account.router,
    usage.router,
    api_keys.router,
    admin.router,
    credentials.router,
    files.router,
    schedules.router,
    webhooks.router,
    triggers.router,
    notification_ways.router,
    notifications.router,
    library.router,
    shares.router,
    comparisons.router,
    presets.router,
    ingress.router,
    store.router,
    ratings.router,
    submissions.router,
    moderation.router,
    health.router,
]


def document() -> dict[str, Any]:
    """OpenAPI 3.1 of every public route."""
    made = get_openapi(
        title="Weftly",
        version="1",
        openapi_version="3.1.0",
        description=(
            "A serverless platform for AI agents. Errors are AIP-193 (https://google.aip.dev/193); every "
            "validation error is 400."
        ),
        routes=[_documented(route) for router in ROUTERS for route in router.routes],
    )
    schemas = made["components"]["schemas"]
    for path in made["paths"].values():
        for operation in path.values():
            _name_body(operation, schemas)
    return made


def _documented(route: BaseRoute) -> BaseRoute:
    return route.documented() if isinstance(route, routing.StrictRoute) else route


def _name_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put the schema of a documented body, and what it refers to, among the components."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    if "$ref" in schema or "title" not in schema:
        return
    for name, part in {**schema.pop("$defs", {}), schema["title"]: schema}.items():
        if schemas.setdefault(name, part) != part:
            raise ValueError(f"two schemas call themselves {name}")
    content["schema"] = {"$ref": f"#/components/schemas/{schema['title']}"}


def text() -> bytes:
    """The document as it is written to the file."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2) + b"\n"


if __name__ == "__main__":
    DOCUMENT.write_bytes(text())
