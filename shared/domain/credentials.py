"""Which credentials do the nodes of a graph use, and which of them lack one?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from shared.domain import pins
from shared.domain.graph import Graph, Node
from shared.domain.spec import Catalog, CredentialsPin

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


def chosen_id(chosen: Any) -> str:
    """The id on a credentials pin: a text, or an object with ``id``, as exports have it; empty where none is."""
    if isinstance(chosen, Mapping):
        chosen = cast(Mapping[str, Any], chosen).get("id")
    return chosen.strip() if isinstance(chosen, str) else ""
