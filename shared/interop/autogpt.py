"""Which graphs does an export of AutoGPT Platform become?

Nodes and links keep their ids; graphs get new ones. A block that is not here, or that has lost a pin that a link
needs, becomes a placeholder with its data and its links: nothing runs otherwise than it was meant without saying so.
Exports of ours have the same form and a mark, and are taken as they are (``own_file``).
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.fields import Fields, at
from shared.domain.spec import Catalog
from shared.interop import (
    autogpt_gathers,
    autogpt_nodes,
    autogpt_pins,
    autogpt_triggers,
    own_file,
    reading,
    sub_agents,
)
from shared.interop.autogpt_nodes import Child, Known
from shared.interop.autogpt_pins import Side
from shared.interop.imported import IdOf, Imported, ImportedGraph
from shared.interop.reading import FileGraph, FileLink, Raw
from shared.interop.report import Report, shown

MAX_NAME = 200
MAX_TEXT = 20_000
NAMELESS = "Imported agent"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_COMPUTED = {
    *("user_id", "created_at", "updated_at", "input_schema", "output_schema", "credentials_input_schema"),
    *("has_external_trigger", "has_human_in_the_loop", "has_sensitive_action", "trigger_setup_info"),
    *("is_template", "subgraphs", "executions", "has_webhook_trigger"),
}
_TAKEN = {
    "id",
    "version",
    "name",
    "description",
    "instructions",
    "is_active",
    "nodes",
    "links",
    "sub_graphs",
    "weftly",
}
_LEFT = {
    "recommended_schedule_cron": "Schedules are made for a graph: POST /api/v1/graphs/{id}/schedules.",
    "forked_from_id": "Where it was forked from is not kept.",
    "forked_from_version": "Where it was forked from is not kept.",
}

Children = Mapping[str, Child]
"""Id of a sub-agent node -> what it runs."""


def translate(raw: Raw, catalog: Catalog, id_of: IdOf, fields: Fields) -> Imported | None:
    """The graphs of a file and the report; None where ``fields`` says what is wrong with it."""
    graphs = reading.read(raw, fields)
    if fields.violations:
        return None
    ids = [id_of(position) for position in range(len(graphs))]
    children, edges = _children(graphs, ids)
    if graphs[0].own is None and (place := sub_agents.cycle(edges)) is not None:
        fields.wrong(place, "It runs a graph of the file that runs this one again; a file may have no such circle.")
        return None
    report = Report(source="autogpt" if graphs[0].own is None else "weftly")
    made = [
        own_file.translate(graph, id_, catalog, children[position], report)
        if graph.own is not None
        else _graph(graph, id_, catalog, children[position], report)
        for position, (graph, id_) in enumerate(zip(graphs, ids, strict=True))
    ]
    return Imported(graphs=made, report=report)


def _children(
    graphs: Sequence[FileGraph], ids: Sequence[str]
) -> tuple[Sequence[Children], Mapping[int, Sequence[tuple[str, int]]]]:
    """For each graph its sub-agents, and who runs whom."""
    positions = {graph.place: position for position, graph in enumerate(graphs)}
    children: list[dict[str, Child]] = [{} for _ in graphs]
    edges: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for position, graph in enumerate(graphs):
        for node in graph.nodes:
            if not own_file.is_executor(node):
                continue
            found, message = sub_agents.find(node, graphs, by_id=graph.own is not None)
            if found is not None:
                to = positions[found.place]
                edges[position].append((node.place, to))
                inputs = sub_agents.input_names(found)
                children[position][node.id] = Child(graph_id=ids[to], inputs=inputs, message=message)
    return children, edges


def _graph(graph: FileGraph, id_: str, catalog: Catalog, children: Children, report: Report) -> ImportedGraph:
    report.understood("graph", graph.place, "", "Under a new id, as version 1.")
    body = _texts(graph, report)
    pins: dict[str, list[tuple[Side, str]]] = defaultdict(list)
    for link in graph.links:
        pins[link.source_id].append(("source", link.source_name))
        pins[link.sink_id].append(("sink", link.sink_name))
    known: dict[str, Known] = {}
    nodes: list[dict[str, Any]] = []
    for node in graph.nodes:
        known[node.id] = autogpt_nodes.known(node, catalog, children.get(node.id), pins[node.id])
        nodes.append(autogpt_nodes.translate(node, known[node.id], children.get(node.id), report))
    links = [_link(link, known, children, report) for link in graph.links]
    places = {node.id: node.place for node in graph.nodes}
    nodes, links = autogpt_gathers.inserted(nodes, links, places, report)
    nodes, links = autogpt_triggers.inserted(nodes, links, places, report)
    return ImportedGraph(
        id=id_, place=graph.place, body={**body, "nodes": nodes, "links": links}, field_of=_field_of(graph)
    )


def _texts(graph: FileGraph, report: Report) -> dict[str, Any]:
    fields = {"name": MAX_NAME, "description": MAX_TEXT, "instructions": MAX_TEXT}
    nameless = not _CONTROL.sub("", str(graph.raw.get("name") or "")).strip()
    body = {
        name: "" if nameless and name == "name" else _text(graph, name, most, report) for name, most in fields.items()
    }
    if nameless:
        report.changed("field", at(graph.place, "name"), f"It has none: {NAMELESS}.")
        body["name"] = NAMELESS
    if graph.raw.get("is_active") is False:
        report.changed("field", at(graph.place, "is_active"), "An imported graph is active.")
    for name, value in graph.raw.items():
        place = at(graph.place, shown(name))
        if name in _COMPUTED:
            report.understood("field", place, "", "Computed anew, or of no use any more.")
        elif name in _LEFT and value not in (None, ""):
            report.missing("field", place, f"{shown(str(value))}: {_LEFT[name]}")
        elif name not in _TAKEN and name not in _LEFT:
            report.missing("field", place, "Unknown; left out.")
    return body


def _text(graph: FileGraph, name: str, most: int, report: Report) -> str:
    value = graph.raw.get(name)
    if not isinstance(value, str):
        return ""
    text = _CONTROL.sub("", value)
    if name == "name":
        text = " ".join(text.split())
    place = at(graph.place, name)
    if len(text) > most:
        report.changed("field", place, f"Cut to {most:,} characters.")
    else:
        report.understood("field", place)
    return text[:most]


def _link(link: FileLink, known: Mapping[str, Known], children: Children, report: Report) -> dict[str, Any]:
    source = _end(link, "source", known[link.source_id], children, report)
    sink = _end(link, "sink", known[link.sink_id], children, report)
    report.understood("link", link.place)
    made = {
        "source_id": link.source_id,
        "source_name": source,
        "sink_id": link.sink_id,
        "sink_name": sink,
        "is_static": link.is_static,
    }
    return {"id": link.id, **made} if link.id else made


def _end(link: FileLink, side: Side, known: Known, children: Children, report: Report) -> str:
    node_id, name = (link.source_id, link.source_name) if side == "source" else (link.sink_id, link.sink_name)
    place = at(link.place, f"{side}_name")
    if known.spec is None:
        report.understood("pin", place, node_id, "Kept with the placeholder.")
        return name
    child = children.get(node_id)
    if side == "sink" and child is not None and name in child.inputs and name in known.spec.inputs:
        report.changed("pin", place, f"The input {name} of the sub-agent, told from the block's own pin.", node_id)
        return f"inputs_#_{name}"
    pin = autogpt_pins.of_link(known.spec, side, name, (link.sink_id, link.sink_name))
    if pin is None or not pin.message:
        report.understood("pin", place, node_id)
    else:
        report.changed("pin", place, pin.message, node_id)
    return pin.name if pin else name


def _field_of(graph: FileGraph) -> Any:
    def field_of(field: str) -> str:
        named = field.replace(".input_data", ".input_default", 1).replace(".block_type", ".block_id", 1)
        return at(graph.place, named)

    return field_of
