"""Does a trace go on from call to call, and does it hold nothing that it must not?"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import config, metrics, telemetry, tracing

ROOT = Path(__file__).parents[2]
TRACE, SPAN = "a" * 32, "b" * 16
GIVEN = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TELEMETRY", "console")
    monkeypatch.setenv("TRACE_SAMPLE", "1")
    config.settings.cache_clear()
    metrics.waiting.clear()
    yield
    config.settings.cache_clear()
    metrics.waiting.clear()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(id_generator=telemetry._Ids(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "provider", lambda: provider)
    return exporter


@pytest.fixture
def no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "ensure_metrics", lambda: None)


def test_a_call_goes_on_with_the_trace_it_names() -> None:
    assert tracing.arrived(GIVEN) == tracing.Place(trace_id=TRACE, span_id=SPAN, recorded=True)
    by_google = tracing.arrived({"x-cloud-trace-context": f"{TRACE}/{int(SPAN, 16)};o=1"})
    assert (by_google.trace_id, by_google.span_id) == (TRACE, SPAN)


@pytest.mark.parametrize("header", ["", "00-" + "z" * 32 + f"-{SPAN}-01", f"00-{TRACE}-{SPAN}", "x" * 5000])
def test_what_names_none_begins_one(header: str) -> None:
    first, second = tracing.arrived({"traceparent": header}), tracing.arrived({"traceparent": header})
    assert first.trace_id != second.trace_id
    assert len(first.trace_id) == 32


def test_whether_it_is_recorded_follows_from_its_id_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACE_SAMPLE", "0.5")
    config.settings.cache_clear()
    low, high = "f" * 19 + "1" * 13, "0" * 19 + "f" * 13
    for flag in ("00", "01"):
        assert tracing.arrived({"traceparent": f"00-{low}-{SPAN}-{flag}"}).recorded
        assert not tracing.arrived({"traceparent": f"00-{high}-{SPAN}-{flag}"}).recorded


def test_without_a_place_to_send_it_nothing_is_recorded_and_the_trace_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TELEMETRY", "")
    config.settings.cache_clear()
    with tracing.at(tracing.arrived(GIVEN)), tracing.span("a part") as span:
        span.set(x=1)
        span.rename("other")
        span.failed("no")
        assert tracing.carried() == {"traceparent": f"00-{TRACE}-{SPAN}-00"}
    with tracing.at(tracing.arrived({})):
        assert tracing.carried(), "what begins here is found again in what it causes"
    metrics.record("http_requests_total", function="graphs", method="GET", status="200")
    assert not metrics.waiting


def test_parts_lie_in_each_other_and_the_first_begins_the_trace(spans: InMemorySpanExporter) -> None:
    place = tracing.arrived({})
    with (
        tracing.at(place),
        tracing.telling(execution_id="e1"),
        tracing.span("outer", "SERVER", n=1),
        tracing.span("inner", "PRODUCER"),
    ):
        carried = tracing.carried()["traceparent"]
    inner, outer = spans.get_finished_spans()
    assert outer.parent is None
    assert f"{outer.context.trace_id:032x}" == place.trace_id
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert carried == f"00-{place.trace_id}-{inner.context.span_id:016x}-01"
    assert dict(outer.attributes or {}) == {"execution_id": "e1", "n": 1}
    assert (outer.kind.name, inner.kind.name) == ("SERVER", "PRODUCER")


def test_an_error_is_told_by_its_kind_and_never_by_its_words(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError), tracing.at(tracing.arrived(GIVEN)), tracing.span("part"):
        raise ValueError("the secret is sesame")
    (span,) = spans.get_finished_spans()
    assert span.status.description == "ValueError"
    assert "sesame" not in span.to_json()
    assert not span.events


async def test_tasks_and_messages_carry_it(spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.gcp import pubsub, tasks

    sent: dict[str, Any] = {}

    async def create_task(**given: Any) -> None:
        sent["task"] = given["task"].http_request.headers["traceparent"]

    async def publish(**given: Any) -> None:
        sent["message"] = given["messages"][0].attributes["traceparent"]

    monkeypatch.setattr(tasks, "_client", lambda: SimpleNamespace(create_task=create_task))
    monkeypatch.setattr(pubsub, "_client", lambda: SimpleNamespace(publish=publish))
    with tracing.at(tracing.arrived(GIVEN)):
        await tasks.create(queue="interactive-0", function="run_node", body=b"{}", deadline=60)
        await pubsub.publish("events", "e1", [pubsub.Message(data=b"{}", attributes={"type": "x"})])
    task, message = spans.get_finished_spans()
    assert sent["task"] == f"00-{TRACE}-{task.context.span_id:016x}-01"
    assert sent["message"] == f"00-{TRACE}-{message.context.span_id:016x}-01"
    assert (task.name, message.name) == ("create task run_node", "publish events")


def test_every_metric_becomes_an_instrument_and_keeps_its_values(no_thread: None) -> None:
    reader = InMemoryMetricReader()
    instruments = telemetry.Instruments(reader)
    for name, metric in metrics.CATALOGUE.items():
        metrics.record(name, 2, **dict.fromkeys(metric.labels, "x"))
        metrics.record(name, 3, **dict.fromkeys(metric.labels, "x"))
    instruments.drain()
    data = json.loads(reader.get_metrics_data().to_json())
    found = {m["name"]: m["data"] for m in data["resource_metrics"][0]["scope_metrics"][0]["metrics"]}
    assert set(found) == set(metrics.CATALOGUE)
    for name, metric in metrics.CATALOGUE.items():
        (point,) = found[name]["data_points"]
        assert set(point["attributes"]) == set(metric.labels)
        assert point["value" if metric.kind == "counter" else "sum"] == 5
    instruments.shutdown()


def test_records_give_the_labels_that_the_catalogue_names() -> None:
    recorded: dict[str, set[str]] = {}
    for folder in ("shared", "functions"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "metrics.record":
                    assert isinstance(node.args[0], ast.Constant), path
                    labels = {str(keyword.arg) for keyword in node.keywords}
                    assert labels == set(metrics.CATALOGUE[str(node.args[0].value)].labels), path
                    recorded[str(node.args[0].value)] = labels
    assert set(recorded) == set(metrics.CATALOGUE), "every metric is recorded somewhere"


def test_the_sdk_is_loaded_when_something_is_recorded_and_not_before() -> None:
    for folder in ("shared", "functions"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name == "telemetry.py":
                continue
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                text = ast.unparse(node) if isinstance(node, ast.Import | ast.ImportFrom) else ""
                assert "opentelemetry" not in text, path
                assert "telemetry" not in text.replace("opentelemetry", ""), path
