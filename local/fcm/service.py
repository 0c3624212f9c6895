"""What does FCM answer, and what would a device show? (the HTTP v1 API)

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send, errors as in
https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode. Any token is one of a device, except those that
begin with ``dead`` (it was uninstalled: UNREGISTERED) and with ``other`` (of another project: SENDER_ID_MISMATCH).
A message with a tag takes the place of one with the same tag on the same device, as browsers show it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local import faults
from local.faults import over_http
from local.serving import HttpServer

MAX_MESSAGE = 4_096
"""Bytes of what a message may carry."""


class FcmService:
    """``folder``: where messages are put; None: nowhere but in ``shown``: (token, tag) -> message."""

    def __init__(self, folder: Path | None = None, disturbance: faults.Disturbance = faults.CALM) -> None:
        self._folder = folder
        self.shown: dict[tuple[str, str], Mapping[str, Any]] = {}
        route = Route("/v1/projects/{project}/messages:send", self._send, methods=["POST"])
        self._server = HttpServer(over_http.around(Starlette(routes=[route]), disturbance))

    async def start(self, port: int) -> int:
        return await self._server.start(port)

    async def stop(self) -> None:
        await self._server.stop()

    async def _send(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            message, token = body["message"], body["message"]["token"]
            sized = json.dumps([message.get("data", {}), message.get("notification", {})])
        except (ValueError, KeyError, TypeError, AttributeError):
            return _refused(400, "INVALID_ARGUMENT", "The message needs a token.")
        if not isinstance(token, str) or not token or len(sized.encode()) > MAX_MESSAGE:
            return _refused(400, "INVALID_ARGUMENT", "The token is none, or the message is too large.")
        if token.startswith("dead"):
            return _refused(404, "UNREGISTERED", "Requested entity was not found.")
        if token.startswith("other"):
            return _refused(403, "SENDER_ID_MISMATCH", "SenderId mismatch")
        name = f"projects/{request.path_params['project']}/messages/{hashlib.sha256(sized.encode()).hexdigest()[:20]}"
        if not body.get("validate_only"):
            self._show(token, message, name)
        return JSONResponse({"name": name})

    def _show(self, token: str, message: Mapping[str, Any], name: str) -> None:
        tag = str(message.get("webpush", {}).get("notification", {}).get("tag") or name)
        self.shown[token, tag] = message
        if self._folder is not None:
            self._folder.mkdir(exist_ok=True)
            file = hashlib.sha256(f"{token} {tag}".encode()).hexdigest()[:20]
            (self._folder / f"{file}.json").write_text(json.dumps(message, indent=2) + "\n", encoding="utf-8")


_STATUS = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


def _refused(code: int, error_code: str, message: str) -> Response:
    detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": error_code}
    error = {"code": code, "message": message, "status": _STATUS[code], "details": [detail]}
    return JSONResponse({"error": error}, status_code=code)
