"""Does every resource have the arguments that the provider knows, and those that it asks for?"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hcl import TERRAFORM, Block, blocks, files, needs_terraform

from deploy import provider_schema

SCHEMA: Mapping[str, Any] = json.loads(provider_schema.EXTRACT.read_bytes())
TERRAFORMS_OWN = {"count", "for_each", "depends_on", "lifecycle", "provider", "__is_block__"}


def problems(block: Block) -> list[str]:
    entry = SCHEMA[block.kind].get(block.type)
    if entry is None:
        return [f"{block.type} is not in the extract: {provider_schema.__name__} says how it is made"]
    body = {name: value for name, value in block.body.items() if name not in TERRAFORMS_OWN}
    found = list(_check(body, entry["block"], block.address))
    if entry.get("beta", False) != (block.body.get("provider") == "google-beta"):
        found.append(f"{block.address}: provider = google-beta, where google has no such type, and only there")
    return found


def _check(body: Mapping[str, Any], schema: Mapping[str, Any], place: str) -> Iterator[str]:
    given = {**body}
    for entry in given.pop("dynamic", []):
        for name, dynamic in entry.items():
            if name != "__is_block__":
                given.setdefault(name, []).extend(dynamic["content"])
    given.pop("__is_block__", None)
    for name in schema:
        if schema[name].get("required") and name not in given:
            yield f"{place}: lacks {name}"
    for name, value in given.items():
        nested = schema.get(name, {}).get("block")
        if name not in schema:
            yield f"{place}: no argument {name}"
        elif (nested is not None) != _is_block(value):
            yield f"{place}.{name}: {'a block' if nested is not None else 'no block'} is expected"
        elif nested is not None:
            if len(value) > 1 and not schema[name].get("many"):
                yield f"{place}.{name}: only one is possible"
            for one in value:
                yield from _check(one, nested, f"{place}.{name}")


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "__is_block__" in v for v in value)


def test_resources_have_the_arguments_that_their_provider_knows() -> None:
    every = [*blocks("resource"), *blocks("data")]
    assert len(every) > 50
    assert [problem for block in every for problem in problems(block)] == []


def test_the_extract_has_what_is_used_and_nothing_else() -> None:
    extracted = {(kind, name) for kind, types in SCHEMA.items() for name in types}
    assert extracted == provider_schema.used(TERRAFORM)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"colour": "red"}, "no argument colour"),
        ({"location": None}, "lacks location"),
        ({"rate_limits": "${var.limits}"}, "a block is expected"),
        ({"rate_limits": [{"__is_block__": True, "per_hour": "1"}]}, "no argument per_hour"),
        ({"rate_limits": [{"__is_block__": True}] * 2}, "only one is possible"),
        ({"provider": "google-beta"}, "provider = google-beta"),
    ],
)
def test_a_mistake_is_found(change: Mapping[str, Any], problem: str) -> None:
    (queue,) = (block for block in blocks("resource") if block.type == "google_cloud_tasks_queue")
    body = {name: value for name, value in {**queue.body, **change}.items() if value is not None}
    (found,) = problems(Block(kind=queue.kind, type=queue.type, name=queue.name, body=body))
    assert problem in found


@needs_terraform
def test_files_are_formatted_and_parse() -> None:
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", str(TERRAFORM)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(files()) > 10
