"""How does clamd answer over HTTP? A POST is sent on as INSTREAM, and clamd's line is the answer.

For Cloud Run, which passes HTTP only and lets in nobody without a token for it. Standard library alone: the image is
ClamAV's own. ``GET /`` asks clamd whether it is there. The other end is ``shared/gcp/clamd.py``.
"""

import os
import socket
import struct
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 128 * 1024
MAX_BYTES = 32 * 1024 * 1024
SECONDS = 240.0


class Handler(BaseHTTPRequestHandler):
    """``clamd``: the path of its socket."""

    clamd = ""
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def do_GET(self) -> None:
        try:
            answer = ask(self.clamd, b"zPING\0")
        except OSError:
            answer = b""
        self._say(HTTPStatus.OK if answer == b"PONG" else HTTPStatus.SERVICE_UNAVAILABLE, answer)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BYTES:
            self.close_connection = True
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"")
            return
        data = self.rfile.read(int(length))
        try:
            self._say(HTTPStatus.OK, ask(self.clamd, b"zINSTREAM\0", data))
        except OSError as error:
            print(f"clamd does not answer: {error}", file=sys.stderr)
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, b"")

    def _say(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Cloud Run logs requests itself."""


def ask(path: str, command: bytes, data: bytes | None = None) -> bytes:
    """clamd's answer without its end mark. OSError: there is none."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        connection.sendall(command)
        try:
            if data is not None:
                for start in range(0, len(data), PIECE):
                    piece = data[start : start + PIECE]
                    connection.sendall(struct.pack(">I", len(piece)) + piece)
                connection.sendall(struct.pack(">I", 0))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has said why
        answer = b""
        while not answer.endswith(b"\0") and (part := connection.recv(4096)):
            answer += part
    return answer.rstrip(b"\0")


def serve(port: int, clamd: str, host: str = "0.0.0.0") -> ThreadingHTTPServer:  # noqa: S104 - a container's only port
    """A server that listens."""
    return ThreadingHTTPServer((host, port), type("Bound", (Handler,), {"clamd": clamd}))


if __name__ == "__main__":
    serve(int(os.environ.get("PORT", "8080")), "/tmp/clamd.sock").serve_forever()  # noqa: S108 - as clamd.conf has it
