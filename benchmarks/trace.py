"""``python -m benchmarks.trace``: one trace, from a client's request to the notification, as a picture.

A stack of its own exports every span over OTLP to this process, while one small agent runs. What came is written to
``docs/trace.json`` and drawn into ``docs/trace.svg``.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks import running, trace_picture

DATA, PICTURE = running.ROOT / "docs" / "trace.json", running.ROOT / "docs" / "trace.svg"
BEGINS = "executions POST /api/v1/graphs/{graph_id}/executions"
KINDS = ("", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
DEADLINE_SECONDS, SETTLE_SECONDS = 60, 2
"""Of the execution, and of the notification that follows its end."""
_INPUT, _OUTPUT = {"name": "text"}, {"name": "result"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Times in milliseconds after the first span began."""

    id: str
    parent: str
    name: str
    kind: str
    start: float
    end: float
    attributes: dict[str, Any]


class Receiver(ThreadingHTTPServer):
    """Takes traces as an OTLP collector does, and keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[Any] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/traces") and isinstance(self.server, Receiver):
            request = ExportTraceServiceRequest.FromString(body)
            self.server.taken += [s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing: the spans are what is wanted."""


def one_trace(taken: Sequence[Any], begins: str) -> list[Span]:
    """The trace whose first span is called ``begins``, in the order in which its spans began. StopIteration: none."""
    first = next(span for span in taken if span.name == begins and not span.parent_span_id)
    spans = sorted((s for s in taken if s.trace_id == first.trace_id), key=lambda s: s.start_time_unix_nano)
    zero = spans[0].start_time_unix_nano
    return [
        Span(
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            name=span.name,
            kind=KINDS[span.kind],
            start=(span.start_time_unix_nano - zero) / 1e6,
            end=(span.end_time_unix_nano - zero) / 1e6,
            attributes={a.key: _value(a.value) for a in span.attributes},
        )
        for span in spans
    ]


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


def run_agent() -> None:
    """Beside a stack: one execution of three nodes, until it is over."""
    api = running.user("traced")
    nodes = [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": _INPUT},
        {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": _OUTPUT},
    ]
    graph = running.graph(api, nodes, ["in.result -> up.text", "up.processed_text -> out.value"])
    execution = api.execute(graph, {"text": "traced"})
    deadline = time.monotonic() + DEADLINE_SECONDS
    while api.get_execution(execution)["completed_at"] is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"Execution {execution} was not over within {DEADLINE_SECONDS} s.")
        threading.Event().wait(0.2)
    threading.Event().wait(SETTLE_SECONDS)


def main() -> None:
    if "LOCAL_ENDPOINTS" in os.environ:
        run_agent()
        return
    receiver = Receiver()
    telemetry = {"TELEMETRY": "otlp", "TRACE_SAMPLE": "1", "OTLP_ENDPOINT": receiver.url}
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "local", "exec", *running.STACK, "--data", data, "--port", "0"]
        subprocess.run(  # noqa: S603
            [*command, "--", "python", "-m", "benchmarks.trace"],
            cwd=running.ROOT,
            env={**os.environ, **telemetry},
            check=True,
        )
    receiver.shutdown()
    spans = one_trace(receiver.taken, BEGINS)
    DATA.write_text(json.dumps([asdict(span) for span in spans], indent=1) + "\n", encoding="utf-8")
    PICTURE.write_text(trace_picture.draw(spans), encoding="utf-8")
    print(f"{len(spans)} spans in {spans[-1].end:.0f} ms: {DATA.name}, {PICTURE.name}")


if __name__ == "__main__":
    main()
