"""``python -m benchmarks.model``: what binds first, from 1 to 1,000,000 node executions a second, at what price?

A model, not a measurement: what one node execution in a chain takes is counted (``benchmarks.counting``), its
processor time is measured (``benchmarks.cost`` prints it; ``--cpu`` gives another), and the rest is what Google
publishes, each figure with its source. ``--write`` puts it into docs/capacity.md. ``--check`` runs a chain beside a
stack with the latencies of the profile ``gcp``, and compares its pace with the model's.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks import prices, running, shapes
from benchmarks.counting import Counts
from local.faults import latency
from shared.firestore import executions

PAGE = running.ROOT / "docs" / "capacity.md"
SIZES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
CPU_SECONDS = 0.02
"""Of the engine for a node execution, on the machine that measured it (``benchmarks.cost``)."""
LENGTH = 20
MANIFEST = yaml.safe_load((running.ROOT / "functions" / "manifest.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """``most``: node executions a second that it lets through, as this is deployed, of what one needs."""

    name: str
    most: Callable[["Need"], float]
    source: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one node execution takes. ``indexed``: writes of fields whose index rises with time."""

    tasks: float
    writes: float
    indexed: float
    bytes_published: float
    cpu_seconds: float


_QUEUES = MANIFEST["queues"]["interactive"]["count"]
_INSTANCES = 100
"""``max_instances`` where the manifest says none, terraform/functions.tf."""

LIMITS = (
    Limit(
        name=f"dispatches of {_QUEUES} queues, 500 a second each",
        most=lambda need: 500 * _QUEUES / need.tasks,
        source="https://cloud.google.com/tasks/docs/quotas",
        change="`count` of the queue and `QUEUES_PER_KIND`: 1,000 queues a region at most",
    ),
    Limit(
        name=f"{_INSTANCES} instances of run_node, a vCPU each",
        most=lambda need: _INSTANCES * prices.BUSY / need.cpu_seconds,
        source="https://cloud.google.com/run/docs/configuring/max-instances",
        change="`max_instances` in the manifest, and the region's quota of CPU",
    ),
    Limit(
        name=f"the index of due_at, {executions.SHARDS} shards of 500 writes a second",
        most=lambda need: executions.SHARDS * 500 / need.indexed,
        source="https://cloud.google.com/firestore/docs/best-practices#hotspots",
        change="more shards of `due_at`, which `tick` asks one by one",
    ),
    Limit(
        name="1,000 queues of a region",
        most=lambda need: 500 * 1_000 / need.tasks,
        source="https://cloud.google.com/tasks/docs/quotas",
        change="a cell more: projects of their own, each with its users",
    ),
    Limit(
        name="200 MB published a second in a large region",
        most=lambda need: 2e8 / need.bytes_published,
        source="https://cloud.google.com/pubsub/quotas",
        change="ask: it is a quota, and the smallest that a copy of the page shows; then a cell more",
    ),
)


def need_of(counts: Counts, cpu_seconds: float) -> Need:
    """Of one node execution more. Each task is an operation twice: made, and delivered. Every node execution's
    document carries ``due_at`` while it is active: set once, removed once."""
    return Need(
        tasks=counts.task_operations / 2,
        writes=counts.writes,
        indexed=2.0,
        bytes_published=counts.bytes_published,
        cpu_seconds=cpu_seconds,
    )


def table(counts: Counts, cpu_seconds: float) -> str:
    need = need_of(counts, cpu_seconds)
    rows = [
        "| node executions a second | writes a second | queues | instances | dollars a day | over its limit |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for size in SIZES:
        over = [limit.name for limit in sorted(LIMITS, key=lambda one: one.most(need)) if limit.most(need) < size]
        dollars = counts.dollars(cpu_seconds) * size * 86_400
        queues, instances = -(-size * need.tasks // 500), -(-size * cpu_seconds // prices.BUSY)
        cells = f"{size:,}", f"{size * need.writes:,.0f}", f"{queues:,.0f}", f"{instances:,.0f}", f"{dollars:,.2f}"
        rows.append("| " + " | ".join((*cells, "; ".join(over) or "nothing")) + " |")
    return "\n".join(rows)


def limits(counts: Counts, cpu_seconds: float) -> str:
    need = need_of(counts, cpu_seconds)
    rows = [
        "| limit, in the order in which they bind | node executions a second | what to change |",
        "| --- | --- | --- |",
    ]
    rows += [
        f"| [{limit.name}]({limit.source}) | {limit.most(need):,.0f} | {limit.change} |"
        for limit in sorted(LIMITS, key=lambda one: one.most(need))
    ]
    return "\n".join(rows)


def pace(cpu_seconds: float) -> float:
    """Seconds on average from one node of a chain to the next: commit, make the task, have it delivered, work."""
    profile = latency.PROFILES["gcp"]
    calls = (
        profile["firestore"].methods["Commit"],
        profile["tasks"].methods["CreateTask"],
        profile["tasks"].methods["Dispatch"],
    )
    return sum(_mean(*call) for call in calls) / 1000 + cpu_seconds


def _mean(median: float, p99: float) -> float:
    """Of a log-normal distribution with this median and 99th percentile."""
    return median * math.exp((math.log(p99 / median) / 2.3263) ** 2 / 2)


def measured_pace() -> float:
    """The same, of a chain of twenty beside a stack with that profile."""
    with tempfile.TemporaryDirectory() as data:
        result = Path(data) / "pace"
        command = [sys.executable, "-m", "local", "exec", *running.STACK, "--data", f"{data}/stack", "--port", "0"]
        environment = {**os.environ, "RATE_LIMIT_PER_MINUTE": "0", "PACE": str(result)}
        subprocess.run(  # noqa: S603
            [*command, "--profile", "gcp", "--", "python", "-m", "benchmarks.model"],
            cwd=running.ROOT,
            env=environment,
            check=True,
        )
        return float(result.read_text())


def _run_chain() -> None:
    api = running.user("model")
    made = shapes.chain(LENGTH)
    execution = api.execute(running.graph(api, made.nodes, made.links), made.inputs)
    deadline = time.monotonic() + 120
    while api.get_execution(execution)["completed_at"] is None and time.monotonic() < deadline:
        threading.Event().wait(0.5)
    at = sorted(node["completed_at"] for node in api.node_executions(execution))
    first, last = (
        time.mktime(time.strptime(t[:19], "%Y-%m-%dT%H:%M:%S")) + float(t[19:-1] or 0) for t in (at[0], at[-1])
    )
    Path(os.environ["PACE"]).write_text(str((last - first) / (len(at) - 1)))


def main(arguments: list[str]) -> None:
    if "LOCAL_ENDPOINTS" in os.environ:
        _run_chain()
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model")
    parser.add_argument("--cpu", type=float, default=CPU_SECONDS, help="seconds of the engine for a node execution")
    parser.add_argument("--write", action="store_true", help="the page in docs")
    parser.add_argument("--check", action="store_true", help="against a stack with the latencies of the profile gcp")
    given = parser.parse_args(arguments)
    if given.check:
        print(f"from node to node: {pace(given.cpu):.3f} s in the model, {measured_pace():.3f} s beside a stack")
        return
    from benchmarks import counting

    counts = counting.count_all()["chain"]
    text = f"{table(counts, given.cpu)}\n\n{limits(counts, given.cpu)}\n"
    print(text)
    if given.write:
        head = PAGE.read_text(encoding="utf-8").partition("| node executions a second")[0]
        PAGE.write_text(head + text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
