"""Which function is a call for? The first segment of the path names it; the function sees the rest.

``http://127.0.0.1:PORT/graphs/api/v1/graphs`` reaches the function ``graphs`` as ``/api/v1/graphs``, as
``https://REGION-PROJECT.cloudfunctions.net/graphs/api/v1/graphs`` does in production.
"""

from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local.gateway import answers

READY_PATH = "/_ready"


class Dispatch:
    """An ASGI application made of many: function name -> its application. ``/_ready`` answers 200."""

    def __init__(self, functions: Mapping[str, ASGIApp]) -> None:
        self._functions = functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        name = scope["path"].split("/", 2)[1]
        function = self._functions.get(name)
        if function is not None:
            await function(_without_first_segment(scope), receive, send)
        elif scope["path"] == READY_PATH:
            await JSONResponse({"functions": sorted(self._functions)})(scope, receive, send)
        else:
            message = f"No function {answers.quoted(name)!r} runs here; the manifest names those that do."
            problem = answers.Problem(code=404, status="NOT_FOUND", reason="FUNCTION_NOT_FOUND", message=message)
            await answers.send_error(scope, send, problem)


def _without_first_segment(scope: Scope) -> Scope:
    path = "/" + scope["path"][1:].partition("/")[2]
    raw_path = b"/" + scope["raw_path"][1:].partition(b"/")[2]
    return {**scope, "path": path, "raw_path": raw_path}
