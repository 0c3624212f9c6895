"""Where do spans and metrics go? To Cloud Trace and Monitoring, over OTLP, or to stdout, as ``TELEMETRY`` says.

Loaded when an instance first records something; what an exporter needs, only in the thread that exports. An instance
of Cloud Run has no processor between requests, so an export may wait for the next one; what is left is sent when the
instance is told to end (https://cloud.google.com/run/docs/container-contract#instance-shutdown): see ``at_end``.
"""

import atexit
import functools
import signal
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

from shared import clock, config, metrics, tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter

GOOGLE = "https://telemetry.googleapis.com"
"""Cloud Trace and Monitoring speak OTLP; their own exporters are deprecated
(https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/overview). Metrics are then called
``prometheus.googleapis.com/NAME/counter`` or ``/histogram``, of the resource ``prometheus_target``."""
DRAIN_SECONDS = 5.0
FLUSH_SECONDS = 4
"""For what is left at the end; an instance has ten, and its requests stand still meanwhile."""
METRICS_SECONDS = 60.0
"""Cloud Monitoring takes a point of a series every 5 s at most."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class _Ids(RandomIdGenerator):
    """A trace that begins here has the id by which it was decided to record it."""

    def generate_trace_id(self) -> int:
        place = tracing.current.get()
        return int(place.trace_id, 16) if place else super().generate_trace_id()


class Lazy(SpanExporter):
    """An exporter that is made, its libraries with it, when there is something to export."""

    def __init__(self, make: Callable[[], SpanExporter]) -> None:
        self._make = functools.cache(make)

    def export(self, spans: Any) -> SpanExportResult:
        return self._make().export(spans)

    def shutdown(self) -> None:
        self._make().shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


@functools.cache
def _resource() -> Resource:
    settings = config.settings()
    said = {
        "gcp.project_id": settings.google_cloud_project,
        "location": settings.region,
        "service.namespace": "weftly",
    }
    ids = {"service.name": config.service_name(), "service.instance.id": clock.random_id()}
    return Resource.create({**said, **ids})


@functools.cache
def provider() -> TracerProvider:
    """Records everything that it is asked for: ``tracing`` decided before."""
    made = TracerProvider(resource=_resource(), id_generator=_Ids(), shutdown_on_exit=True)
    made.add_span_processor(BatchSpanProcessor(Lazy(_span_exporter), schedule_delay_millis=2_000))
    at_end(lambda: made.force_flush(FLUSH_SECONDS * 1000))
    return made


def at_end(send: Callable[[], object]) -> None:
    """Have what is left sent when the process is told to end. A worker of gunicorn with uvicorn dies of the signal
    that it was sent, so that nothing of ``atexit`` is run
    (https://github.com/encode/uvicorn/blob/master/uvicorn/server.py: ``capture_signals``)."""
    atexit.register(send)
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        return

    def told(number: int, frame: Any) -> None:
        send()
        before(number, frame)

    signal.signal(signal.SIGTERM, told)


def start(place: tracing.Place, name: str, kind: tracing.Kind, attributes: Mapping[str, Any]) -> Any:
    """A span under ``place``, begun."""
    parent = None
    if place.span_id:
        ids = int(place.trace_id, 16), int(place.span_id, 16)
        context = SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        parent = set_span_in_context(NonRecordingSpan(context))
    tracer = provider().get_tracer("weftly")
    return tracer.start_span(name, context=parent, kind=SpanKind[kind], attributes=dict(attributes))


def _span_exporter() -> SpanExporter:
    if config.settings().telemetry == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(formatter=lambda span: span.to_json(indent=None) + "\n")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{_endpoint()}/v1/traces", session=_session())


def _metric_exporter() -> "MetricExporter":
    if config.settings().telemetry == "console":
        from opentelemetry.sdk.metrics.export import ConsoleMetricExporter

        return ConsoleMetricExporter(formatter=lambda data: data.to_json(indent=None) + "\n")
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter(endpoint=f"{_endpoint()}/v1/metrics", session=_session())


def _endpoint() -> str:
    settings = config.settings()
    return GOOGLE if settings.telemetry == "google" else settings.otlp_endpoint.rstrip("/")


def _session() -> Any:
    """As whom: the function's own account at Google's, nobody elsewhere."""
    if config.settings().telemetry != "google":
        return None
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    return AuthorizedSession(credentials)


class Instruments:
    """The catalogue as instruments of OpenTelemetry. ``reader``: who asks for what they hold."""

    def __init__(self, reader: Any) -> None:
        from opentelemetry.sdk.metrics import MeterProvider

        self._provider = MeterProvider([reader], resource=_resource(), shutdown_on_exit=False)
        meter = self._provider.get_meter("weftly")
        self._record: dict[str, Callable[[float, Any], None]] = {}
        for name, metric in metrics.CATALOGUE.items():
            if metric.kind == "counter":
                self._record[name] = meter.create_counter(name, metric.unit, metric.description).add
            else:
                made = meter.create_histogram(
                    name, metric.unit, metric.description, explicit_bucket_boundaries_advisory=BUCKETS
                )
                self._record[name] = made.record

    def drain(self) -> None:
        """Take in what waits."""
        while metrics.waiting:
            name, value, labels = metrics.waiting.popleft()
            self._record[name](value, labels)

    def shutdown(self) -> None:
        self.drain()
        self._provider.shutdown()


@functools.cache
def ensure_metrics() -> None:
    """Have the thread that takes in and exports metrics."""
    ending = threading.Event()
    thread = threading.Thread(target=_take_in, args=(ending,), name="weftly-metrics", daemon=True)
    thread.start()

    def end() -> None:
        ending.set()
        thread.join(FLUSH_SECONDS)

    at_end(end)


def _take_in(ending: threading.Event) -> None:
    """Begins after a pause: the instance has just started, and is about to answer somebody."""
    ended = ending.wait(DRAIN_SECONDS)
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(_metric_exporter(), export_interval_millis=METRICS_SECONDS * 1000)
    instruments = Instruments(reader)
    while not ended:
        instruments.drain()
        ended = ending.wait(DRAIN_SECONDS)
    instruments.shutdown()
