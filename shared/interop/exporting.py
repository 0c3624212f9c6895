"""Which file is a graph, so that it can be imported elsewhere? With the graphs that it runs, and without secrets.

Left out are values on credentials pins, values of inputs and outputs that say ``secret``, pins whose schema says so,
and headers that carry keys. Everything else stays: ``max_tokens`` is no secret.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.domain import analysis, identity, pins
from shared.domain.graph import Graph, Node
from shared.domain.spec import BlockSpec, Catalog
from shared.interop import autogpt_pins, own_file, secrets
from shared.interop.autogpt_nodes import EXECUTOR

Reference = tuple[str, int | None]
"""A graph that a node runs, and its version; None: the active one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A version to be written down. ``texts``: name, description, instructions, is_active."""

    graph_id: str
    number: int
    texts: Mapping[str, Any]
    graph: Graph


def references(graph: Graph) -> list[Reference]:
    """The graphs that a graph's nodes run, as its literals say."""
    return list(dict.fromkeys(one for node in graph.nodes if (one := reference(node)) is not None))


def reference(node: Node) -> Reference | None:
    graph_id = node.input_data.get("graph_id")
    version = node.input_data.get("graph_version")
    if node.block_type != EXECUTOR or not isinstance(graph_id, str):
        return None
    return graph_id, version if isinstance(version, int) and not isinstance(version, bool) else None


def file(root: Exported, found: Mapping[Reference, Exported], catalog: Catalog) -> dict[str, Any]:
    """The file. ``found``: what the references of all graphs lead to; one that leads nowhere stays as it is."""
    children = list({(one.graph_id, one.number): one for one in found.values()}.values())
    others = [one for one in children if (one.graph_id, one.number) != (root.graph_id, root.number)]
    graphs = [_graph(one, root, found, catalog) for one in [root, *others]]
    return {**graphs[0], "sub_graphs": graphs[1:]}


def _graph(shown: Exported, root: Exported, found: Mapping[Reference, Exported], catalog: Catalog) -> dict[str, Any]:
    nodes = [_node(node, root, found, catalog) for node in shown.graph.nodes]
    return own_file.graph_file(dataclasses.replace(shown.graph, nodes=nodes), shown.texts, _file_id(shown, root))


def _file_id(shown: Exported, root: Exported) -> str:
    if (shown.graph_id, shown.number) == (root.graph_id, root.number):
        return root.graph_id
    return identity.derive(shown.graph_id, "version", str(shown.number))


def _node(node: Node, root: Exported, found: Mapping[Reference, Exported], catalog: Catalog) -> Node:
    to = reference(node)
    child = found.get(to) if to else None
    spec = catalog.get(node.block_type)
    data = _without_secrets(node, spec, _secret_inputs(child.graph) if child else frozenset())
    if child is not None:
        data["graph_id"] = _file_id(child, root)
        if to and to[1] is not None:
            data["graph_version"] = 1
    return dataclasses.replace(node, input_data=data)


def _secret_inputs(graph: Graph) -> frozenset[str]:
    return frozenset(
        str(node.input_data.get("name"))
        for node in graph.nodes
        if analysis.is_input(node.block_type) and node.input_data.get("secret")
    )


def _without_secrets(node: Node, spec: BlockSpec | None, of_child: frozenset[str]) -> dict[str, Any]:
    hidden = set(of_child)
    if spec is not None:
        hidden |= autogpt_pins.credentials_pins(spec)
        hidden |= {pin.name for pin in spec.inputs.values() if _is_hidden(pin.schema)}
    if node.input_data.get("secret") and (analysis.is_input(node.block_type) or node.block_type == analysis.OUTPUT):
        hidden.add("value")
    kept = {
        name: _without_headers(name, value)
        for name, value in node.input_data.items()
        if pins.base_name(name) not in hidden and not _is_secret_part(name, of_child)
    }
    if node.block_type == analysis.PLACEHOLDER and "data" in kept:
        kept["data"] = secrets.without(kept["data"])
    if of_child and isinstance(kept.get("inputs"), Mapping):
        kept["inputs"] = {name: value for name, value in kept["inputs"].items() if name not in of_child}
    return kept


def _is_hidden(schema: Mapping[str, Any]) -> bool:
    options = cast(Sequence[Mapping[str, Any]], schema.get("anyOf") or ())
    return any(
        one.get("writeOnly") or one.get("secret") or one.get("format") == "password" for one in (schema, *options)
    )


def _without_headers(name: str, value: Any) -> Any:
    if name != "headers" or not isinstance(value, Mapping):
        return value
    headers = cast(Mapping[str, Any], value)
    return {header: one for header, one in headers.items() if not secrets.is_secret_header(header)}


def _is_secret_part(name: str, of_child: frozenset[str]) -> bool:
    base, steps = pins.split(name)
    if not steps:
        return False
    if base == "headers":
        return secrets.is_secret_header(steps[0].key)
    return base == "inputs" and steps[0].key in of_child
