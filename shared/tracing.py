"""Which trace is this part of, and how is a part of it recorded? Spans of OpenTelemetry, from the client's request
through tasks and events to what they cause.

A trace goes on by ``traceparent`` (https://www.w3.org/TR/trace-context/): a header of requests and tasks, an
attribute of messages. Whether it is recorded is decided by its id alone, so every function decides alike, and nobody
can ask for it from outside. What is not recorded costs a comparison and imports nothing: the SDK is loaded when an
instance first records. A span carries ids, names and counts; never a value, a text or the message of an error.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from shared import clock, config

Kind = Literal["SERVER", "CLIENT", "PRODUCER", "CONSUMER", "INTERNAL"]

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_CLOUD_TRACE = re.compile(r"([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``trace_id`` 32, ``span_id`` 16 hexadecimal digits; no ``span_id``: a recorded trace begins here."""

    trace_id: str
    span_id: str = ""
    recorded: bool = False


current: ContextVar[Place | None] = ContextVar("weftly_place", default=None)
about: ContextVar[Mapping[str, str]] = ContextVar("weftly_about", default=MappingProxyType({}))
"""What every line that is logged and every span says beside: ids of the execution and node execution."""


class Span:
    """What is being recorded, or nothing."""

    def __init__(self, recording: Any = None) -> None:
        self._recording = recording

    def set(self, **attributes: str | int | float | bool) -> None:
        if self._recording is not None:
            self._recording.set_attributes(attributes)

    def rename(self, name: str) -> None:
        if self._recording is not None:
            self._recording.update_name(name)

    def failed(self, kind: str) -> None:
        """``kind``: of the error, not what it says."""
        if self._recording is not None:
            from opentelemetry.trace import Status, StatusCode

            self._recording.set_status(Status(StatusCode.ERROR, kind))


_NOTHING = Span()


def arrived(headers: Mapping[str, str]) -> Place:
    """Where a call comes from, by its headers in lower case; one that says nothing begins a trace."""
    if match := _TRACEPARENT.fullmatch(headers.get("traceparent", "")):
        return _place(match[1], match[2])
    if match := _CLOUD_TRACE.fullmatch(headers.get("x-cloud-trace-context", "")):
        return _place(match[1].lower(), f"{int(match[2] or 0) & 0xFFFFFFFFFFFFFFFF:016x}")
    begun = _place(clock.random_bytes(16).hex(), "")
    return begun if begun.recorded else replace(begun, span_id=clock.random_bytes(8).hex())


def _place(trace_id: str, span_id: str) -> Place:
    settings = config.settings()
    share = int(trace_id[-13:], 16) / 16**13
    recorded = bool(settings.telemetry) and share < settings.trace_sample
    return Place(trace_id=trace_id, span_id=span_id if span_id.strip("0") else "", recorded=recorded)


def carried() -> dict[str, str]:
    """What a task's headers or a message's attributes carry, so that what they cause belongs to this trace."""
    place = current.get()
    if place is None or not place.span_id:
        return {}
    return {"traceparent": f"00-{place.trace_id}-{place.span_id}-{'01' if place.recorded else '00'}"}


@contextmanager
def at(place: Place) -> Generator[None]:
    """What happens inside belongs to that place."""
    token = current.set(place)
    try:
        yield
    finally:
        current.reset(token)


@contextmanager
def telling(**fields: str) -> Generator[None]:
    """What is logged and recorded inside says these as well."""
    token = about.set({**about.get(), **fields})
    try:
        yield
    finally:
        about.reset(token)


@contextmanager
def span(name: str, kind: Kind = "INTERNAL", **attributes: str | int | float | bool) -> Generator[Span]:
    """A part of the trace that is here, if it is recorded."""
    place = current.get()
    if place is None or not place.recorded:
        yield _NOTHING
        return
    from shared import telemetry

    recording = telemetry.start(place, name, kind, {**about.get(), **attributes})
    made = Span(recording)
    inside = Place(trace_id=place.trace_id, span_id=f"{recording.get_span_context().span_id:016x}", recorded=True)
    token = current.set(inside)
    try:
        yield made
    except BaseException as error:
        made.failed(type(error).__name__)
        raise
    finally:
        current.reset(token)
        recording.end()
