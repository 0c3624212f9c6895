"""How is an answer written? As JSON by ``json_text``, with the etag in its header.

Routes return these, and not plain values: FastAPI's own encoder is slower, and writes NaN as null.
"""

from typing import Any

from starlette.responses import Response

from shared.http import json_text


class JsonAnswer(Response):
    """A JSON answer, of any value that ``json_text.dumps`` writes."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json_text.dumps(content)


def resource(content: dict[str, Any]) -> JsonAnswer:
    """A mutable resource: its ``etag`` is the ``ETag`` header too."""
    return JsonAnswer(content, headers={"ETag": f'"{content["etag"]}"'})
