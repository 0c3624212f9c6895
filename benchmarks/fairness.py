"""``python -m benchmarks.fairness``: how long does one user wait while another runs thousands of nodes?

A small execution of one user on an idle stack, then the same while executions of another user are in flight; both in
one run, beside a stack of its own.
"""

import statistics
import time
from dataclasses import dataclass

from benchmarks import running, shapes
from benchmarks.running import client

HEAVY_EXECUTIONS = 4
HEAVY_ITEMS = 2_500
LIGHT_NODES = 10
LIGHT_RUNS = 9
_DEADLINE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Seconds from the start of a small execution to its end: on an idle stack, and beside the heavy ones."""

    idle: list[float]
    beside: list[float]
    heavy_left: int

    @property
    def ratio(self) -> float:
        return statistics.median(self.beside) / statistics.median(self.idle)


def measure(heavy_executions: int = HEAVY_EXECUTIONS, heavy_items: int = HEAVY_ITEMS) -> Seen:
    """``heavy_left``: heavy node executions that were not done when the last small execution was."""
    heavy, light = running.user("heavy"), running.user("light")
    chain = shapes.chain(LIGHT_NODES)
    light_id = running.graph(light, chain.nodes, chain.links)
    wide = shapes.gather(heavy_items)
    heavy_id = running.graph(heavy, wide.nodes, wide.links)
    _latency(light, light_id)  # what is loaded once is loaded now
    idle = [_latency(light, light_id) for _ in range(LIGHT_RUNS)]
    started = [heavy.execute(heavy_id, wide.inputs) for _ in range(heavy_executions)]
    _await_work(heavy, started)
    beside = [_latency(light, light_id) for _ in range(LIGHT_RUNS)]
    left = sum(round(heavy_items * (1 - heavy.get_execution(id_)["progress"])) for id_ in started)
    return Seen(idle=idle, beside=beside, heavy_left=left)


def _latency(api: client.Api, graph_id: str) -> float:
    began = time.monotonic()
    id_ = api.execute(graph_id, {})
    while api.get_execution(id_)["status"] != "COMPLETED":
        if time.monotonic() - began > _DEADLINE_SECONDS:
            raise SystemExit(f"Execution {id_} has not completed within {_DEADLINE_SECONDS:g} s.")
        time.sleep(0.02)
    return time.monotonic() - began


def _await_work(api: client.Api, ids: list[str]) -> None:
    """Until each of them has its list in the queues."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not all("double" in api.get_execution(id_)["current_nodes"] for id_ in ids):
        if time.monotonic() > deadline:
            raise SystemExit(f"The heavy executions have not begun within {_DEADLINE_SECONDS:g} s.")
        time.sleep(0.1)


def main() -> None:
    running.beside_a_stack("benchmarks.fairness")
    seen = measure()
    print(f"{LIGHT_NODES} nodes in a row, {LIGHT_RUNS} times, median (slowest):")
    print(f"  on an idle stack: {_times(seen.idle)}")
    print(f"  beside {HEAVY_EXECUTIONS} x {HEAVY_ITEMS:,} nodes of another user: {_times(seen.beside)}")
    print(f"  {seen.ratio:.1f} times as long; {seen.heavy_left:,} of the other's nodes were still to be done")


def _times(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s ({max(seconds):.2f} s)"


if __name__ == "__main__":
    main()
