"""Export, import, export: the same file but for the ids of graphs; and what was imported is what was exported."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.blocks import catalog
from shared.domain.graph import Graph, GraphId, Link, Node, NodeId
from shared.interop import exporting
from shared.interop.exporting import Exported, Reference
from tests.interop import made

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, max_size=3)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12).filter(
    str.strip
)
HEADERS = st.dictionaries(st.sampled_from(["Accept", "Authorization", "X-Api-Key", "Idempotency-Key"]), st.text())
INPUTS: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "AGENT_INPUT": st.fixed_dictionaries(
        {"name": st.sampled_from("abc")}, optional={"value": JSON, "optional": st.booleans(), "secret": st.booleans()}
    ),
    "AGENT_OUTPUT": st.fixed_dictionaries({"name": NAMES}, optional={"value": JSON, "secret": st.booleans()}),
    "STORE_VALUE": st.fixed_dictionaries({}, optional={"input": JSON, "data": JSON}),
    "CREATE_DICTIONARY": st.fixed_dictionaries({}, optional={"values": OBJECTS, "values_#_key": JSON}),
    "SEND_WEB_REQUEST": st.fixed_dictionaries({"url": st.just("https://a.example")}, optional={"headers": HEADERS}),
    "LLM": st.fixed_dictionaries({}, optional={"max_tokens": st.integers(1, 99), "credentials_id": st.text()}),
    "GATHER": st.just({}),
    "PLACEHOLDER": st.fixed_dictionaries(
        {"missing_block": st.sampled_from(["n8n-nodes-base.code", made.LIST["CONDITION"]["id"], "weftly:LLM"])},
        optional={"data": OBJECTS, "reason": st.text(), "another": JSON},
    ),
    "AGENT_EXECUTOR": st.fixed_dictionaries(
        {"graph_id": st.sampled_from(["g0", "g1", "g2", "elsewhere"])},
        optional={"graph_version": st.sampled_from([1, 2]), "inputs": st.dictionaries(st.sampled_from("abc"), JSON)},
    ),
}


@st.composite
def _nodes(draw: st.DrawFn, id_: str) -> Node:
    block_type = draw(st.sampled_from(sorted(INPUTS)))
    return Node(
        id=NodeId(id_),
        block_type=block_type,
        input_data=draw(INPUTS[block_type]),
        position=draw(st.dictionaries(st.sampled_from("xyz"), st.floats(-1e6, 1e6))),
        metadata=draw(st.dictionaries(st.sampled_from(["customized_name", "position", "weftly", "set_aside"]), JSON)),
        max_attempts=draw(st.none() | st.integers(1, 10)),
        backoff=draw(st.none() | st.floats(0.5, 60)),
        timeout=draw(st.none() | st.integers(1, 60)),
        cache=draw(st.booleans()),
    )


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    nodes = [draw(_nodes(f"n{n}")) for n in range(draw(st.integers(0, 4)))]
    links: list[Link] = []
    for n in range(draw(st.integers(0, 3)) if nodes else 0):
        source, sink = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        pins = catalog.specs()[sink.block_type].inputs
        sink_name = draw(st.sampled_from(sorted(pins)))
        links.append(
            Link(id=f"l{n}", source_id=source.id, source_name="error", sink_id=sink.id, sink_name=sink_name,
                 is_static=draw(st.booleans()))
        )  # fmt: skip
    return Graph(nodes=nodes, links=links, on_error=draw(st.sampled_from(["continue", "stop"])))


TEXTS = st.fixed_dictionaries(
    {"name": NAMES, "description": NAMES, "instructions": st.just(""), "is_active": st.booleans()}
)
LIBRARIES = st.lists(st.tuples(TEXTS, graphs()), min_size=3, max_size=3)


def _exported(version: tuple[Mapping[str, Any], Graph], graph_id: str, number: int) -> Exported:
    return Exported(graph_id=GraphId(graph_id), number=number, texts=version[0], graph=version[1])


def _file(root: Exported, find: Callable[[Reference], Exported | None]) -> dict[str, Any]:
    """As the service collects it."""
    found: dict[Reference, Exported] = {}
    left = exporting.references(root.graph)
    while left:
        reference = left.pop(0)
        if reference not in found and (child := find(reference)) is not None:
            found[reference] = child
            left += exporting.references(child.graph)
    return json.loads(json.dumps(exporting.file(root, found, catalog.specs())))


def _again(file: Mapping[str, Any]) -> tuple[dict[str, Any], list[Graph]]:
    """Import a file, and export what came of it."""
    imported = made.imported(file, catalog.specs())
    texts = [{name: one.body[name] for name in ("name", "description", "instructions", "is_active")}
             for one in imported.graphs]  # fmt: skip
    saved = [made.checked(one.body, catalog.specs())[0] for one in imported.graphs]
    library = {
        one.id: _exported((text, graph), one.id, 1)
        for one, text, graph in zip(imported.graphs, texts, saved, strict=True)
    }
    return _file(library[imported.graphs[0].id], lambda reference: library.get(reference[0])), saved


def _plain(file: Mapping[str, Any]) -> Any:
    """A file with its graphs' ids counted."""
    text = json.dumps(file)
    for position, graph in enumerate([file, *file["sub_graphs"]]):
        text = text.replace(json.dumps(graph["id"]), f'"graph {position}"')
    return json.loads(text)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(library=LIBRARIES)
def test_an_exported_file_is_the_same_after_an_import(library: list[tuple[dict[str, Any], Graph]]) -> None:
    def find(reference: Reference) -> Exported | None:
        graph_id, number = reference
        if graph_id == "elsewhere":
            return None
        return _exported(library[int(graph_id[1])], graph_id, number or 2)

    first = _file(_exported(library[0], "g0", 2), find)
    second, _ = _again(first)
    assert _plain(second) == _plain(first)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=graphs())
def test_what_is_imported_is_what_was_exported_but_for_its_secrets(graph: Graph) -> None:
    file = _file(Exported(graph_id=GraphId("g"), number=5, texts={"name": "x"}, graph=graph), lambda _: None)
    _, [back] = _again({**file, "description": "", "instructions": "", "is_active": True})
    assert (back.links, back.on_error) == (graph.links, graph.on_error)
    for here, there in zip(back.nodes, graph.nodes, strict=True):
        assert here == dataclasses.replace(there, input_data=without_secrets(there))


def without_secrets(node: Node) -> dict[str, Any]:
    kept = {pin: value for pin, value in node.input_data.items() if pin != "credentials_id"}
    if kept.get("secret"):
        kept.pop("value", None)
    if "headers" in kept:
        kept["headers"] = {n: v for n, v in kept["headers"].items() if n in ("Accept", "Idempotency-Key")}
    return kept
