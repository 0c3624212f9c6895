"""What of a graph may everybody see, when its owner publishes it? The agent, and nothing that is the owner's own.

Beside what ``exporting`` leaves out of every file, these go: the values of inputs, which are what the owner runs it
with, unless the owner says that they may be seen; whatever stands under the name of a secret, at any depth; and what
clients keep with nodes. A key that stands in the middle of a text cannot be taken out without breaking the agent:
``keys_in`` finds it, by its form (``key_forms``).
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.domain import analysis, pins
from shared.domain.graph import Graph, Node
from shared.interop import key_forms, secrets
from shared.interop.exporting import Exported, Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that looks like a key: where it stands, and what it looks like."""

    field: str
    what: str


def cleaned(one: Exported, kept: Collection[str]) -> Exported:
    """A graph without what is its owner's own. ``kept``: names of inputs whose values may be seen."""
    nodes = [_cleaned(node, kept) for node in one.graph.nodes]
    return dataclasses.replace(
        one, texts={**one.texts, "is_active": True}, graph=dataclasses.replace(one.graph, nodes=nodes)
    )


def left_out(graph: Graph, kept: Collection[str]) -> list[str]:
    """The names of the inputs that lose their values."""
    names = [
        str(node.input_data.get("name") or node.id)
        for node in graph.nodes
        if analysis.is_input(node.block_type) and node.input_data.get("value") is not None
        if not _keeps_value(node, kept)
    ]
    return list(dict.fromkeys(names))


def unknown(graphs: Sequence[Exported], found: Collection[Reference], references: Collection[Reference]) -> list[str]:
    """The ids of graphs that are run and are not among those found: their owner's no longer, or another's."""
    known = {one.graph_id for one in graphs}
    return sorted({graph_id for graph_id, _ in set(references) - set(found)} - known)


def keys_in(one: Exported, place: str) -> list[Found]:
    """What looks like a key in the texts and literals of a graph that is cleaned; ``place``: the graph's, in what is
    told."""
    found: list[Found] = []
    parts = {f"{place}{name}": value for name, value in one.texts.items()}
    parts |= {
        f"{place}nodes[{position}].input_data": node.input_data for position, node in enumerate(one.graph.nodes)
    }
    for part, value in parts.items():
        for field, text in _texts(place + part, value):
            if what := key_forms.looks_like(text):
                found.append(Found(field=field, what=what))
    return found


def _cleaned(node: Node, kept: Collection[str]) -> Node:
    data = {
        name: secrets.without(value)
        for name, value in node.input_data.items()
        if isinstance(value, bool) or not _is_secret(name)
    }
    if analysis.is_input(node.block_type):
        hides = not _keeps_value(node, kept)
    else:
        hides = secrets.names_secret(node.input_data)
    if hides:
        data.pop("value", None)
    position = {name: node.position[name] for name in ("x", "y") if name in node.position}
    return dataclasses.replace(node, input_data=data, metadata={}, position=position)


def _keeps_value(node: Node, kept: Collection[str]) -> bool:
    return node.input_data.get("name") in kept and not node.input_data.get("secret")


def _is_secret(pin: str) -> bool:
    """Whether a pin, or the part of one that a literal is for, has the name of a secret."""
    base, steps = pins.split(pin)
    return any(secrets.is_secret(str(name)) for name in (base, *(step.key for step in steps)))


def _texts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a value, the keys of objects among them, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, one in cast(Mapping[str, Any], value).items():
            yield place, str(name)
            yield from _texts(f"{place}.{name}", one)
    elif isinstance(value, list):
        for position, one in enumerate(cast(list[Any], value)):
            yield from _texts(f"{place}[{position}]", one)
