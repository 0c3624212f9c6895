"""Export files as AutoGPT Platform makes them, made here: from every block of the list, with nested sub-agents,
loops, error links, tool pins, older ids and names. ``imported`` is the way in without a database."""

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.blocks import catalog
from shared.domain import analysis, validation
from shared.domain.fields import Fields
from shared.domain.graph import Graph
from shared.domain.plan import Plan
from shared.domain.spec import BlockSpec, Catalog, InputPin
from shared.interop import files, listed
from shared.interop.imported import Imported

FOLDER = Path(__file__).parent
REAL = {path.stem: json.loads(path.read_bytes()) for path in sorted((FOLDER / "exports").glob("*.json"))}
LIST: dict[str, dict[str, Any]] = {
    listed.block_type(one["name"]): one
    for one in json.loads((Path(listed.__file__).parent / "autogpt-blocks.json").read_bytes())
}
ENUMS: dict[str, list[str]] = json.loads((Path(listed.__file__).parent / "autogpt-enums.json").read_bytes())
HERE = sorted(set(LIST) & set(catalog.specs()))
"""The blocks of the list that are here; in the end all of them."""


@functools.cache
def whole_catalog() -> Catalog:
    """The library, with stand-ins that take everything for what the list has and the library does not have."""
    absent = {block_type: _stand_in(block_type) for block_type in LIST if block_type not in catalog.specs()}
    return {**catalog.specs(), **absent}


def _stand_in(block_type: str) -> BlockSpec:
    inputs = LIST[block_type]["inputs"]
    return BlockSpec(
        block_type=block_type,
        inputs={name: InputPin(name=name, required=False) for name in inputs},
        outputs={name: {} for name in [*LIST[block_type]["outputs"], "error"]},
        pure=False,
        static_output=LIST[block_type].get("static_output", False),
        max_attempts=1,
        version=1,
        many_pins=lambda _: frozenset(),
        coerce=lambda _, value: value,
    )


def node(id_: str, block_type: str, defaults: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A node of an export: ids and copies of links as real ones have them."""
    return {
        "id": id_,
        "block_id": LIST[block_type]["id"] if block_type in LIST else block_type,
        "input_default": dict(defaults or {}),
        "metadata": {"position": {"x": 10.5, "y": -3}},
        "input_links": [],
        "output_links": [],
        "graph_id": "8d5c1a9e-0000-4000-8000-000000000000",
        "graph_version": 3,
        "webhook_id": None,
        **more,
    }


def link(text: str, *, static: bool = False) -> dict[str, Any]:
    """``a.result -> b.text``."""
    source, sink = text.split(" -> ")
    source_id, _, source_name = source.partition(".")
    sink_id, _, sink_name = sink.partition(".")
    ends = {"source_id": source_id, "source_name": source_name, "sink_id": sink_id, "sink_name": sink_name}
    return {"id": f"link {text}", **ends, "is_static": static}


def export(nodes: Sequence[Any], links: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    return {
        "id": "5b1f3c0e-1111-4111-8111-111111111111",
        "version": 7,
        "is_active": True,
        "name": "Made",
        "description": "Made for a test.",
        "instructions": None,
        "recommended_schedule_cron": None,
        "forked_from_id": None,
        "forked_from_version": None,
        "nodes": list(nodes),
        "links": [link(text) for text in links],
        "sub_graphs": [],
        "user_id": "",
        "created_at": "2026-01-01T00:00:00Z",
        "input_schema": {"type": "object", "properties": {}},
        "output_schema": {"type": "object", "properties": {}},
        "has_external_trigger": False,
        **more,
    }


def schema(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"title": name} for name in names}, "required": list(names)}


def executor(
    id_: str, version: int, names: Sequence[str], outputs: Sequence[str] = (), **more: Any
) -> dict[str, Any]:
    """A sub-agent node, whose graph_id is of no graph in the file."""
    defaults = {
        "user_id": "someone",
        "graph_id": "77777777-dead-4bad-8bad-777777777777",
        "graph_version": version,
        "inputs": {},
        "input_schema": schema(*names),
        "output_schema": schema(*outputs),
    }
    return node(id_, "AGENT_EXECUTOR", {**defaults, **more})


def imported(raw: Any, specs: Catalog | None = None) -> Imported:
    """The import of a file that is one. Each of its graphs has to be one that can be saved."""
    fields = Fields()
    made = files.translate(raw, specs or whole_catalog(), lambda position: f"graph-{position}", fields)
    assert fields.violations == []
    assert made is not None
    for one in made.graphs:
        checked(one.body, specs)
    return made


def checked(body: Mapping[str, Any], specs: Catalog | None = None) -> tuple[Graph, Plan]:
    found = validation.check(body, specs or whole_catalog(), iter(map(str, range(100_000))).__next__)
    assert list(found.violations) == [], list(found.violations)
    return found.graph, analysis.analyse(found.graph, specs or whole_catalog())


def refused(raw: Any) -> list[str]:
    """The places of what is wrong with a file."""
    fields = Fields()
    made = files.translate(raw, whole_catalog(), lambda position: f"graph-{position}", fields)
    assert made is None
    return [one.field for one in fields.violations]


def assert_accounted(raw: Mapping[str, Any], made: Imported) -> None:
    """Every node, link, pin and default of the file stands in the report, exactly once."""
    expected = Counter[tuple[str, str]]()
    for place, graph in [("", raw), *((f"sub_graphs[{n}].", one) for n, one in enumerate(raw.get("sub_graphs", [])))]:
        expected["graph", place.rstrip(".")] += 1
        for n, one in enumerate(graph["nodes"]):
            expected["node", f"{place}nodes[{n}]"] += 1
            for pin in one.get("input_default") or {}:
                expected["default", f"{place}nodes[{n}].input_default.{pin}"] += 1
        for n in range(len(graph["links"])):
            expected["link", f"{place}links[{n}]"] += 1
            expected["pin", f"{place}links[{n}].source_name"] += 1
            expected["pin", f"{place}links[{n}].sink_name"] += 1
    told = Counter((one.kind, one.place) for one in made.report.entries if one.kind != "field")
    assert told == expected
    assert [place for place, times in Counter(one.place for one in made.report.entries).items() if times > 1] == []


def types_of(made: Imported) -> list[str]:
    return [one["block_type"] for graph in made.graphs for one in graph.body["nodes"]]
