"""How much CPU does the engine take for one request? Measured in the process that serves the functions, beside a
running stack: HTTP, JSON, the block (which does next to nothing) and the clients included."""

import time

from benchmarks import running, shapes
from benchmarks.shapes import Shape

EXECUTIONS = 12
_DEADLINE_SECONDS = 300.0
_FINAL = ("COMPLETED", "FAILED", "TERMINATED")


def of_a_node_execution(shape: Shape) -> float:
    """Seconds, averaged over some executions of the shape's larger size, what an execution takes itself included."""
    api = running.user("measured")
    made = shape.make(shape.large)
    graph_id = running.graph(api, made.nodes, made.links)
    _run_all(api, graph_id, made, 2)  # what is loaded once is loaded now
    before = running.functions_cpu_seconds()
    ids = _run_all(api, graph_id, made, EXECUTIONS)
    spent = running.functions_cpu_seconds() - before
    return spent / sum(len(api.node_executions(id_)) for id_ in ids)


def _run_all(api: running.client.Api, graph_id: str, made: shapes.Made, times: int) -> list[str]:
    """Ids of executions that have all completed."""
    ids = [api.execute(graph_id, made.inputs) for _ in range(times)]
    deadline = time.monotonic() + _DEADLINE_SECONDS
    for id_ in ids:
        while (found := api.get_execution(id_))["status"] not in _FINAL:
            if time.monotonic() > deadline:
                raise SystemExit(f"Execution {id_} has not ended within {_DEADLINE_SECONDS:g} s.")
            time.sleep(0.5)
        if found["status"] != "COMPLETED":
            raise SystemExit(f"Execution {id_} ended {found['status']}: {found['error']}")
    return ids
