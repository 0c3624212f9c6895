"""Does the picture in docs show a whole trace, and is it drawn from the spans beside it?"""

import json
from dataclasses import asdict

from repository import ROOT

from benchmarks import trace, trace_picture

SPANS = [trace.Span(**span) for span in json.loads((ROOT / "docs" / "trace.json").read_bytes())]


def test_it_leads_from_the_request_to_the_notification() -> None:
    by_id = {span.id: span for span in SPANS}
    (notified,) = [span for span in SPANS if span.name == "notify"]
    way = [notified.name]
    while notified.parent:
        notified = by_id[notified.parent]
        way.append(notified.name)
    node, task = "run_node POST /", "create task run_node"
    assert way[::-1] == [trace.BEGINS, *([task, node] * 3), "publish events", "notify"]
    commits = {span.parent for span in SPANS if span.name == "commit"}
    assert {span.id for span in SPANS if span.kind == "SERVER"} <= commits


def test_no_span_holds_a_value() -> None:
    told = json.dumps([asdict(span) for span in SPANS])
    assert "traced" not in told.lower()
    keys = {key for span in SPANS for key in span.attributes}
    assert keys <= {
        *("method", "status", "writes", "lost", "queue", "messages", "attempt"),
        *("execution_id", "node_execution_id", "node_id"),
    }


def test_the_picture_is_drawn_from_these_spans() -> None:
    assert (ROOT / "docs" / "trace.svg").read_text(encoding="utf-8") == trace_picture.draw(SPANS)
