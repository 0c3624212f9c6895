"""Brings the examples to a running platform, runs one (or all) of them, and shows what comes out."""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from examples import client, library, progress
from examples.library import Example

SHOWN = "csv_report"
DEMO_USER = client.User(email="demo@weftly.example", password="weftly-demo")  # noqa: S106
RUN_SECONDS = 120.0
FIRST_POLL_SECONDS = 0.3
LONGEST_POLL_SECONDS = 2.0


class ExampleError(Exception):
    """An example did not do what it should; the message says which and what."""


def main() -> int:
    arguments = _parse_arguments()
    try:
        _run(arguments)
    except (client.ApiError, ExampleError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except httpx.HTTPError as error:
        print(f"error: the platform cannot be reached: {error!r}", file=sys.stderr)
        return 1
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__)
    endpoints = Path(os.environ.get("LOCAL_ENDPOINTS", ".local/endpoints.json"))
    parser.add_argument(
        "--endpoints", type=Path, default=endpoints, help="default: LOCAL_ENDPOINTS, else %(default)s"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--run", default=SHOWN, metavar="NAME", help="the example to execute (default: %(default)s)")
    what.add_argument("--all", action="store_true", help="execute all of them")
    return parser.parse_args()


def _run(arguments: argparse.Namespace) -> None:
    examples = library.load_all()
    chosen = examples if arguments.all else [example for example in examples if example.name == arguments.run]
    if not chosen:
        names = ", ".join(example.name for example in examples)
        raise ExampleError(f"there is no example {arguments.run!r}; there are {names}")
    endpoints = client.read_endpoints(arguments.endpoints)
    api = client.Api(endpoints["gateway"], client.sign_in(endpoints["auth"], DEMO_USER))
    print(f"\nSigned in as {DEMO_USER.email} (password {DEMO_USER.password}).")
    try:
        graph_ids = import_all(api, examples)
        for example in chosen:
            execute(api, example, graph_ids[example.name])
    finally:
        api.close()


def import_all(api: client.Api, examples: Sequence[Example]) -> dict[str, str]:
    """Have every example on the platform once, as it is here; its graph id by its name."""
    present = {graph["name"]: graph["id"] for graph in api.graphs()}
    graph_ids: dict[str, str] = {}
    for example in examples:
        graph_id, done = _import(api, example, present.get(example.graph["name"]))
        graph_ids[example.name] = graph_id
        print(f"  {done:<10} {example.graph['name']} ({graph_id})")
    return graph_ids


def _import(api: client.Api, example: Example, graph_id: str | None) -> tuple[str, str]:
    if graph_id is None:
        return api.create_graph(dict(example.graph))["id"], "imported"
    if _holds(api.get_graph(graph_id), example.graph):
        return graph_id, "unchanged"
    api.replace_graph(graph_id, dict(example.graph))
    return graph_id, "updated"


def _holds(theirs: Any, ours: Any) -> bool:
    """Whether ``theirs`` says all that ``ours`` does; the platform adds defaults."""
    if isinstance(ours, Mapping):
        return isinstance(theirs, Mapping) and all(_holds(theirs.get(key), value) for key, value in ours.items())
    if isinstance(ours, list):
        pairs = zip(theirs, ours, strict=False) if isinstance(theirs, list) else ()
        return isinstance(theirs, list) and len(theirs) == len(ours) and all(_holds(*pair) for pair in pairs)
    return theirs == ours


def execute(api: client.Api, example: Example, graph_id: str) -> None:
    """Run an example, show it, and hold its output to what is expected. ExampleError: it failed or differs."""
    print(f"\n{example.graph['name']}: {example.graph['description']}")
    if example.uses_language_model and os.environ.get("OPENAI_API_KEY") == "stub":
        print("No OPENAI_API_KEY is set: a stub makes up what the language model would answer.")
    started = time.monotonic()
    execution = _follow(api, example, api.execute(graph_id, dict(example.input_data)))
    print(f"{execution['status']} in {time.monotonic() - started:.1f} s (execution {execution['id']})\n")
    if execution["status"] != "COMPLETED":
        error = execution.get("error") or {}
        raise ExampleError(
            f"{example.name} ended {execution['status']} at node {error.get('node_id')}: {error.get('message')}"
        )
    _print_output(execution["output"])
    if example.expected is not None and execution["output"] != example.expected:
        wanted = json.dumps(example.expected, ensure_ascii=False)
        raise ExampleError(f"{example.name} gave another output than its expected.json: {wanted}")


def _follow(api: client.Api, example: Example, execution_id: str) -> dict[str, Any]:
    """Show an execution until it has ended; the execution. Asks ever less often, for the rate limit's sake."""
    deadline = time.monotonic() + RUN_SECONDS
    pause = FIRST_POLL_SECONDS
    with progress.for_output(example.graph) as shown:
        while True:
            execution = api.get_execution(execution_id)
            shown.show(api.node_executions(execution_id))
            if execution["status"] in progress.FINAL:
                return execution
            if time.monotonic() > deadline:
                raise ExampleError(f"{example.name} is {execution['status']} after {RUN_SECONDS:.0f} s; see the logs")
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)


def _print_output(output: Mapping[str, Sequence[Any]]) -> None:
    for name, values in output.items():
        print(f"{name}:")
        for value in values:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            print("\n".join(f"  {line}" for line in text.splitlines()))


if __name__ == "__main__":
    sys.exit(main())
