"""How does a benchmark run against everything? Beside a stack of its own, which is started first if there is none."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from examples import client

ROOT = Path(__file__).parents[1]
STACK = ("--functions", "functions/manifest.yaml", "--indexes", "terraform/firestore.indexes.json")


def beside_a_stack(module: str) -> None:
    """Go on if this runs beside a stack; else start one, run ``module`` beside it, and exit as it does."""
    if "LOCAL_ENDPOINTS" in os.environ:
        return
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "local", "exec", *STACK, "--data", data, "--port", "0"]
        environment = {**os.environ, "RATE_LIMIT_PER_MINUTE": "0", "MAX_NODE_EXECUTIONS": "20000"}
        done = subprocess.run([*command, "--", "python", "-m", module], cwd=ROOT, env=environment, check=False)  # noqa: S603
    sys.exit(done.returncode)


def user(name: str) -> client.Api:
    """The API as a user of that name sees it."""
    endpoints = client.read_endpoints(Path(os.environ["LOCAL_ENDPOINTS"]))
    one = client.User(email=f"{name}@weftly.example", password="correct horse")  # noqa: S106
    return client.Api(endpoints["gateway"], client.sign_in(endpoints["auth"], one))


def graph(api: client.Api, nodes: list[dict[str, Any]], links: list[str]) -> str:
    """The id of a new graph. A link reads ``a.pin -> b.pin``."""
    body = {"name": "Measured", "description": "", "nodes": nodes, "links": [_link(text) for text in links]}
    return api.create_graph(body)["id"]


def _link(text: str) -> dict[str, str]:
    source, _, sink = text.partition(" -> ")
    source_id, _, source_name = source.partition(".")
    sink_id, _, sink_name = sink.partition(".")
    return {"source_id": source_id, "source_name": source_name, "sink_id": sink_id, "sink_name": sink_name}


def functions_cpu_seconds() -> float:
    """The CPU time so far of the process that serves the functions (Linux)."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            command = stat.with_name("cmdline").read_text()
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if "local.functions_host" in command and f"--parent\0{_launcher()}\0" in command + "\0":
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _launcher() -> int:
    """The process beside which this one runs."""
    return os.getppid()
