"""What of the functions' output does a person at the terminal need to see? Warnings and errors.

Everything goes to the log. The functions log JSON lines with a ``severity``, as Cloud Logging reads them
(https://cloud.google.com/logging/docs/structured-logging); whatever else they print to stderr is an error of
the process itself.
"""

import json
import logging
import sys
from typing import Any

log = logging.getLogger("local.functions_output")

_SHOWN = frozenset(["WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"])


def take(stream: str, line: str) -> None:
    """Log a line that the functions wrote to ``stream`` (stdout or stderr), and show it if it matters."""
    log.info("%s", line)
    shown = for_terminal(stream, line)
    if shown:
        sys.stderr.write(shown + "\n")


def for_terminal(stream: str, line: str) -> str | None:
    """The line as a person should see it, or None if it is only for the log."""
    entry = _structured(line)
    if entry is None:
        return line if stream == "stderr" else None
    if entry.get("severity") not in _SHOWN:
        return None
    trace = entry.get("stack_trace") or entry.get("exception")
    text = f"{entry['severity']} functions: {entry.get('message', line)}"
    return f"{text}\n{trace}" if trace else text


def _structured(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
