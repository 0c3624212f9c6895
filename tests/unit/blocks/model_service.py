"""A language model for tests: a service on a free port that keeps what it was asked and answers as it is told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-3.5-turbo-0125",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "blue"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks up",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
    },
}
ASKED = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "What is a ship?"}]


class Service:
    """A language model on a free port: keeps what it was asked, and gives its answers in turn, the last for ever."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answers: list[tuple[int, Any, dict[str, str]]] = [(200, ANSWER, {})]
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                service.asked.append(json.loads(body))
                service.paths.append(self.path)
                service.headers.append({name.lower(): value for name, value in self.headers.items()})
                status, answer, headers = service.answers[0] if len(service.answers) == 1 else service.answers.pop(0)
                payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                kind = "application/json"
                if isinstance(answer, list):  # the events of a stream
                    pieces = [b"data: %s\n\n" % json.dumps(event).encode() for event in answer]
                    payload, kind = b"".join(pieces), "text/event-stream"
                if "x-stream" in headers:  # the answer is the one piece of a stream
                    payload, kind = b"data: " + payload + b"\n\ndata: [DONE]\n\n", "text/event-stream"
                self.send_response(status)
                for name, value in {
                    **headers,
                    "content-length": str(len(payload)),
                    "content-type": kind,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def said(text: str | None, *, calls: list[dict[str, Any]] | None = None, finish: str = "stop") -> Any:
    """An answer of 100 and 10 tokens for ``Service.answers``."""
    message = {"role": "assistant", "content": text, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return 200, {**ANSWER, "choices": [choice], "usage": usage}, {}


def responded(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An answer of the Responses API, of 100 tokens and 10."""
    usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
    head = {"id": "resp_1", "object": "response", "status": "completed", "error": None, "incomplete_details": None}
    return {**head, "model": "gpt-6.1-sol", "output": list(items), "usage": usage, **more}


def written(text: str, **more: Any) -> dict[str, Any]:
    """An item of such an answer: a message."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part], **more}


def called(id_: str, name: str, arguments: Any = "{}") -> dict[str, Any]:
    """An item of such an answer: a call."""
    return {"id": f"fc_{id_}", "type": "function_call", "call_id": id_, "name": name, "arguments": arguments}


def thought(id_: str, content: str | None = "sealed") -> dict[str, Any]:
    """An item of such an answer: what was thought, encrypted."""
    return {"id": id_, "type": "reasoning", "summary": [], "encrypted_content": content}
