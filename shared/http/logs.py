"""How does a function log? One JSON object a line on stdout, as Cloud Logging reads it.

The names are those of https://cloud.google.com/logging/docs/structured-logging: ``severity``, ``message``,
``httpRequest``, ``logging.googleapis.com/trace``. Neither bodies nor headers nor query strings are logged,
nor what a block has opened (``shared/redaction.py``).
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

from shared import config, redaction, tracing
from shared.http import json_text, request

access = logging.getLogger("weftly.access")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON. ``extra={"fields": {...}}`` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        entry: dict[str, Any] = {
            "severity": record.levelname,
            "message": message,
            "time": datetime.fromtimestamp(record.created, UTC),
            "logger": record.name,
            **_request_fields(),
            **getattr(record, "fields", {}),
        }
        line = json_text.dumps(entry).decode()
        redactor = redaction.here()
        return redactor.text(line) if redactor else line


class _Stdout(logging.StreamHandler[Any]):
    """Writes to whatever stdout is at the time."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(JsonFormatter())

    @property
    def stream(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return sys.stdout


def configure() -> None:
    """Log JSON to stdout at the level of the setting ``log_level``. Doing it twice changes nothing."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Stdout) for handler in root.handlers):
        root.addHandler(_Stdout())
    level = config.settings().log_level
    root.setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    logging.getLogger("weftly").setLevel(level)
    for chatty in ("httpx", "google", "urllib3", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _request_fields() -> dict[str, Any]:
    context = request.current.get()
    fields: dict[str, Any] = {**tracing.about.get()}
    if context is not None:
        fields["request_id"] = context.request_id
        if context.user_id:
            fields["user_id"] = context.user_id
    place = tracing.current.get()
    if place is not None:
        project = config.settings().google_cloud_project
        fields["logging.googleapis.com/trace"] = f"projects/{project}/traces/{place.trace_id}"
        fields["logging.googleapis.com/trace_sampled"] = place.recorded
        if place.span_id:
            fields["logging.googleapis.com/spanId"] = place.span_id
    return fields
