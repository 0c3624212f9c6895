"""How is an answer written? As JSON by ``json_text``, with the etag in its header.

Routes return these, and not plain values: FastAPI's own encoder is slower, and writes NaN as null.
"""

from collections.abc import Mapping
from typing import Any, cast

from starlette.responses import Response

from shared.http import json_text, request


class JsonAnswer(Response):
    """A JSON answer, of any value that ``json_text.dumps`` writes."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        request.context().resource_id = _id_of(content)
        return json_text.dumps(content)


def _id_of(content: Any) -> str:
    """Of the resource in an answer."""
    if not isinstance(content, Mapping):
        return ""
    found = cast(Mapping[str, Any], content)
    id_ = found.get("id", found.get("execution_id", ""))
    return id_ if isinstance(id_, str) else ""


def resource(content: dict[str, Any]) -> JsonAnswer:
    """A mutable resource: its ``etag`` is the ``ETag`` header too."""
    return JsonAnswer(content, headers={"ETag": f'"{content["etag"]}"'})
