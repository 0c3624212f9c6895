"""What is counted and measured? Every metric, by its name; alerts and dashboards refer to these.

Whoever records only appends to a list. A thread of its own, started with the first record, takes the list every few
seconds into instruments of OpenTelemetry (``shared/telemetry.py``): so neither a cold start nor a node execution
waits for it. Where the setting ``TELEMETRY`` is empty nothing is kept.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared import config


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """``labels``: the names that a record of it may give; each has few values."""

    kind: Literal["counter", "histogram"]
    unit: str
    labels: tuple[str, ...]
    description: str


CATALOGUE: Mapping[str, Metric] = {
    "http_requests_total": Metric(
        kind="counter", unit="1", labels=("function", "method", "status"), description="Requests that were answered."
    ),
    "http_request_duration_seconds": Metric(
        kind="histogram", unit="s", labels=("function", "method"), description="How long they took."
    ),
    "agent_executions_total": Metric(
        kind="counter", unit="1", labels=("status",), description="Executions that ended, by how."
    ),
    "node_execution_duration_seconds": Metric(
        kind="histogram", unit="s", labels=("block_type", "failed"), description="How long blocks ran."
    ),
    "task_delay_seconds": Metric(
        kind="histogram",
        unit="s",
        labels=("queue",),
        description="From when a task was due to when it was delivered.",
    ),
    "recovery_repairs_total": Metric(
        kind="counter", unit="1", labels=("what",), description="What was lost and dispatched again."
    ),
    "llm_tokens_total": Metric(
        kind="counter", unit="1", labels=("provider", "kind"), description="Tokens of language models."
    ),
    "llm_cost_dollars_total": Metric(
        kind="counter", unit="USD", labels=("provider",), description="What language models cost, by the price table."
    ),
}

KEPT = 100_000
"""Records that wait for the thread at most; of more, the oldest are lost."""

Record = tuple[str, float, Mapping[str, str]]
waiting: deque[Record] = deque(maxlen=KEPT)


def record(name: str, value: float = 1, /, **labels: str) -> None:
    """KeyError: there is no such metric. A label that it does not have is a mistake that the tests find."""
    if not config.settings().telemetry:
        return
    waiting.append((name, value, labels))
    from shared import telemetry

    telemetry.ensure_metrics()
