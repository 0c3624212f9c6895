"""Which credentials do the nodes of a graph use, and which of them lack one?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from shared.domain import pins
from shared.domain.graph import Graph, Node
from shared.domain.spec import BlockSpec, Catalog, CredentialsPin

OPTIONAL = "credentials_optional"
"""In the metadata of a node: it may be passed over where it has no credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A node and a pin of it that names a credential. ``position``: of the node. ``is_missing``: the block cannot do
    without, and neither a value nor a link names one."""

    position: int
    node: Node
    name: str
    pin: CredentialsPin
    is_missing: bool


def uses(graph: Graph, catalog: Catalog) -> Iterator[Use]:
    """In the order of the nodes. A pin that a link supplies is left out: what comes decides."""
    linked = {(link.sink_id, pins.base_name(link.sink_name)) for link in graph.links}
    for position, node in enumerate(graph.nodes):
        spec = catalog.get(node.block_type)
        for name, pin in (spec.credentials(node.input_data) if spec else {}).items():
            if (node.id, name) in linked:
                continue
            needed = pin.required and node.metadata.get(OPTIONAL) is not True
            missing = needed and not chosen_id(node.input_data.get(name))
            yield Use(position=position, node=node, name=name, pin=pin, is_missing=missing)


def keys(node: Node, pin: CredentialsPin) -> tuple[str, ...]:
    """By which names an execution may choose a credential for a node: its id, and those of ``credentials_schema``."""
    return node.id, pin.provider, f"{pin.provider}_{'_or_'.join(pin.kinds)}"


def chosen(node: Node, spec: BlockSpec, choices: Mapping[str, str]) -> dict[str, str]:
    """Credentials pin -> id, as far as ``choices`` (of an execution) has one for this node. Of several the sharpest
    counts: the node's own."""
    found: dict[str, str] = {}
    for name, pin in spec.credentials(node.input_data).items():
        named = [choices[key] for key in keys(node, pin) if key in choices]
        if named:
            found[name] = named[0]
    return found


def with_choices(graph: Graph, catalog: Catalog, choices: Mapping[str, str]) -> Graph:
    """The graph as if its nodes named the credentials that an execution chooses."""
    if not choices:
        return graph

    def of(node: Node) -> Node:
        spec = catalog.get(node.block_type)
        return replace(node, input_data={**node.input_data, **chosen(node, spec, choices)}) if spec else node

    return replace(graph, nodes=[of(node) for node in graph.nodes])


def chosen_id(chosen: Any) -> str:
    """The id on a credentials pin: a text, or an object with ``id``, as exports have it; empty where none is."""
    if isinstance(chosen, Mapping):
        chosen = cast(Mapping[str, Any], chosen).get("id")
    return chosen.strip() if isinstance(chosen, str) else ""
