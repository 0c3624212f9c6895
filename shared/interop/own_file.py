"""How does a graph of ours stand in a file of AutoGPT Platform's form, and come back unchanged?

What that form has no place for is under ``weftly``: of a graph ``format`` and ``on_error``; of a node its attempts,
its time limit, its cache, and what a placeholder says. A graph with this mark is taken as it is.
"""

from collections.abc import Mapping
from typing import Any, cast

from shared.domain import analysis
from shared.domain.fields import at
from shared.domain.graph import Graph, Node
from shared.domain.spec import Catalog
from shared.interop import listed
from shared.interop.autogpt_nodes import EXECUTOR, Child
from shared.interop.imported import ImportedGraph
from shared.interop.reading import FileGraph, FileNode
from shared.interop.report import Report

FORMAT = 1

_OWN_FIELDS = ("max_attempts", "backoff", "timeout", "cache")

Body = dict[str, Any]


def is_executor(node: FileNode) -> bool:
    found = listed.find(node.block_id)
    return found is not None and found.block_type == EXECUTOR


# Into a file


def graph_file(graph: Graph, texts: Mapping[str, Any], file_id: str) -> Body:
    """``texts``: name, description, instructions, is_active. Secrets are to be taken out before."""
    return {
        "id": file_id,
        "version": 1,
        **texts,
        "nodes": [_node_file(node) for node in graph.nodes],
        "links": [_link_file(link) for link in graph.links],
        "weftly": {"format": FORMAT, "on_error": graph.on_error},
    }


def _node_file(node: Node) -> Body:
    own: Body = {name: value for name in _OWN_FIELDS if (value := getattr(node, name)) not in (None, False)}
    if "position" in node.metadata:
        own["metadata"] = node.metadata
    block_id, data = listed.id_of(node.block_type), node.input_data
    if node.block_type == analysis.PLACEHOLDER and _is_whole(node.input_data):
        block_id, data = node.input_data["missing_block"], node.input_data.get("data", {})
        own["placeholder"] = {n: v for n, v in node.input_data.items() if n not in ("missing_block", "data")}
        own["has_data"] = "data" in node.input_data
    metadata = {name: value for name, value in node.metadata.items() if name != "position"}
    if node.position:
        metadata["position"] = node.position
    made: Body = {"id": node.id, "block_id": block_id, "input_default": data, "metadata": metadata}
    return {**made, "weftly": own} if own else made


def _is_whole(input_data: Mapping[str, Any]) -> bool:
    missing = input_data.get("missing_block")
    return isinstance(missing, str) and 0 < len(missing) <= 200 and isinstance(input_data.get("data", {}), Mapping)


def _link_file(link: Any) -> Body:
    return {
        "id": link.id,
        "source_id": link.source_id,
        "source_name": link.source_name,
        "sink_id": link.sink_id,
        "sink_name": link.sink_name,
        "is_static": link.is_static,
    }


# Out of a file


def translate(
    graph: FileGraph, id_: str, catalog: Catalog, children: Mapping[str, Child], report: Report
) -> ImportedGraph:
    """A graph with the mark, as it is."""
    own = graph.own or {}
    report.understood("graph", graph.place, "", "Under a new id, as version 1.")
    nodes = [_node(node, catalog, children.get(node.id), report) for node in graph.nodes]
    links: list[Body] = []
    for link in graph.links:
        report.understood("link", link.place)
        for side, node_id in (("source", link.source_id), ("sink", link.sink_id)):
            report.understood("pin", at(link.place, f"{side}_name"), node_id)
        links.append(_link_file(link))
    body = {name: graph.raw.get(name) for name in ("name", "description", "instructions", "is_active")}
    body |= {"nodes": nodes, "links": links, "on_error": own.get("on_error")}
    return ImportedGraph(id=id_, place=graph.place, body=body, field_of=_field_of(graph))


def _node(node: FileNode, catalog: Catalog, child: Child | None, report: Report) -> Body:
    own = _object(node.raw.get("weftly"))
    found = listed.find(node.block_id)
    block_type = found.block_type if found else node.block_id.removeprefix(listed.OWN)
    input_data: Body = dict(node.input_default)
    if isinstance(own.get("placeholder"), Mapping):
        more = {"data": input_data} if own.get("has_data", True) else {}
        input_data = {"missing_block": node.block_id, **_object(own["placeholder"]), **more}
        block_type = analysis.PLACEHOLDER
    elif block_type not in catalog:
        reason = "There is no such block here."
        input_data = {"missing_block": node.block_id, "reason": reason, "data": input_data}
        block_type = analysis.PLACEHOLDER
    elif child is not None:
        input_data["graph_id"] = child.graph_id
    if block_type == analysis.PLACEHOLDER:
        report.missing("node", node.place, f"{node.block_id}: a placeholder.", node.id)
    else:
        report.understood("node", node.place, node.id, block_type)
    for name in node.input_default:
        report.understood("default", at(at(node.place, "input_default"), name), node.id)
    rest = {name: value for name, value in node.metadata.items() if name != "position"}
    return {
        "id": node.id,
        "block_type": block_type,
        "input_data": input_data,
        "position": node.metadata.get("position") or {},
        "metadata": own.get("metadata", rest),
        **{name: own.get(name) for name in _OWN_FIELDS},
    }


def _object(value: Any) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def _field_of(graph: FileGraph) -> Any:
    def field_of(field: str) -> str:
        for name in _OWN_FIELDS:
            field = field.replace(f"].{name}", f"].weftly.{name}", 1)
        field = "weftly.on_error" if field == "on_error" else field
        return at(graph.place, field.replace(".input_data", ".input_default").replace(".block_type", ".block_id"))

    return field_of
