"""Is a graph well formed, and what does it still lack?

What has no structure is refused, every violation with its place. What is merely unfinished is saved, and listed
as a problem until it is mended. Links are not type-checked: values are, when they arrive.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain import analysis, credentials, pins
from shared.domain.errors import Violation
from shared.domain.fields import Fields, at
from shared.domain.graph import Graph, Link, Node, NodeId
from shared.domain.plan import Problem
from shared.domain.spec import Advice, BlockSpec, Catalog

MAX_ID = 200
MAX_PIN = 1_000
MAX_ATTEMPTS = 10
MAX_BACKOFF_SECONDS = 3_600
MAX_TIMEOUT_SECONDS = 1_740
ON_ERROR = ("continue", "stop")
ERROR_PIN = "error"

_NODE_FIELDS = [one.name for one in dataclasses.fields(Node)]
_LINK_FIELDS = [one.name for one in dataclasses.fields(Link)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """``graph`` is only to be used where there are no violations."""

    graph: Graph
    violations: Sequence[Violation]


def check(raw: Mapping[str, Any], catalog: Catalog, new_id: Callable[[], str]) -> Checked:
    """The graph in ``raw["nodes"]``, ``raw["links"]`` and ``raw["on_error"]``, JSON as the client sent it.
    ``new_id`` makes the ids of links that have none."""
    fields = Fields()
    listed = isinstance(raw.get("nodes"), list | None)
    entries = [(place, position, _node(fields, one, place)) for place, position, one in fields.objects(raw, "nodes")]
    nodes = [node for _, _, node in entries]
    _check_ids(fields, [(place, node.id) for place, _, node in entries])
    for place, _, node in entries:
        _check_block(fields, node, place, catalog)
    links = _links(fields, raw, new_id, {node.id: node for node in nodes} if listed else None, catalog)
    on_error = raw.get("on_error") or ON_ERROR[0]
    if on_error not in ON_ERROR:
        fields.wrong("on_error", f"It must be one of: {', '.join(ON_ERROR)}.")
    return Checked(graph=Graph(nodes=nodes, links=links, on_error=on_error), violations=fields.violations)


def _node(fields: Fields, raw: Mapping[str, Any], place: str) -> Node:
    fields.only(raw, _NODE_FIELDS, place)
    position = fields.object(raw, "position", place)
    for axis in position:
        fields.number(position, axis, at(place, "position"), most=float("inf"))
    return Node(
        id=NodeId(fields.text(raw, "id", place, least=1, most=MAX_ID)),
        block_type=fields.text(raw, "block_type", place, least=1, most=MAX_ID),
        input_data=fields.object(raw, "input_data", place),
        position=position,
        metadata=fields.object(raw, "metadata", place),
        max_attempts=fields.integer(raw, "max_attempts", place, least=1, most=MAX_ATTEMPTS),
        backoff=fields.number(raw, "backoff", place, above=0, most=MAX_BACKOFF_SECONDS),
        timeout=fields.number(raw, "timeout", place, above=0, most=MAX_TIMEOUT_SECONDS),
        cache=fields.flag(raw, "cache", place),
    )


def _check_ids(fields: Fields, ids: Sequence[tuple[str, str]]) -> None:
    first: dict[str, str] = {}
    for place, found in ids:
        if found and found in first:
            fields.wrong(at(place, "id"), f"{found!r} is the id of {first[found]} too; ids must differ.")
        first.setdefault(found, place)


def _check_block(fields: Fields, node: Node, place: str, catalog: Catalog) -> None:
    spec = catalog.get(node.block_type)
    if spec is None:
        if node.block_type:
            problem = f"There is no block {node.block_type!r}; GET /api/v1/blocks lists those there are."
            fields.unknown(at(place, "block_type"), problem, node.block_type.upper(), catalog)
        return
    for pin, literal in node.input_data.items():
        if reason := _literal_violation(spec, pin, literal):
            fields.wrong(at(at(place, "input_data"), pin), reason)


def input_violations(spec: BlockSpec, values: Mapping[str, Any], place: str) -> list[Violation]:
    """What keeps a block from running with these values alone: pin -> value."""
    found = [
        Violation(at(place, pin), reason)
        for pin, value in values.items()
        if (reason := _literal_violation(spec, pin, value))
    ]
    given = {pins.base_name(pin) for pin in values}
    missing = [pin.name for pin in spec.inputs.values() if pin.required and pin.name not in given]
    return [*found, *(Violation(at(place, pin), "It is missing, and has no default.") for pin in missing)]


def _literal_violation(spec: BlockSpec, pin: str, literal: Any) -> str | None:
    if reason := _pin_violation(spec, "input", pin, spec.inputs):
        return reason
    try:
        if pins.is_dynamic(pin):
            pins.merge({pin: literal})
        else:
            spec.coerce(pin, literal)
    except ValueError as error:
        return f"{error}."
    return None


def _pin_violation(spec: BlockSpec, side: str, pin: str, known: Mapping[str, Any]) -> str | None:
    if spec.open_pins or pins.base_name(pin) in known:
        return None
    names = ", ".join(sorted(known)) or "none"
    return f"{spec.block_type} has no {side} pin {pin!r}; it has: {names}."


def _links(
    fields: Fields,
    raw: Mapping[str, Any],
    new_id: Callable[[], str],
    nodes: Mapping[str, Node] | None,
    catalog: Catalog,
) -> list[Link]:
    """``nodes``: None: it cannot be said which there are."""
    links: list[Link] = []
    places: list[tuple[str, str]] = []
    for place, _, one in fields.objects(raw, "links"):
        link = _link(fields, one, place, new_id)
        links.append(link)
        places.append((place, link.id))
        for end, pin_name in (("source", link.source_name), ("sink", link.sink_name)):
            node_id = link.source_id if end == "source" else link.sink_id
            if nodes is None or not node_id:
                continue
            if node_id in nodes:
                _check_end(fields, place, end, pin_name, catalog.get(nodes[node_id].block_type))
            else:
                fields.wrong(at(place, f"{end}_id"), f"There is no node {node_id!r} in this graph.")
    _check_ids(fields, places)
    return links


def _link(fields: Fields, raw: Mapping[str, Any], place: str, new_id: Callable[[], str]) -> Link:
    fields.only(raw, _LINK_FIELDS, place)
    return Link(
        id=fields.text(raw, "id", place, most=MAX_ID) or new_id(),
        source_id=NodeId(fields.text(raw, "source_id", place, least=1, most=MAX_ID)),
        source_name=fields.text(raw, "source_name", place, least=1, most=MAX_PIN),
        sink_id=NodeId(fields.text(raw, "sink_id", place, least=1, most=MAX_ID)),
        sink_name=fields.text(raw, "sink_name", place, least=1, most=MAX_PIN),
        is_static=fields.flag(raw, "is_static", place),
    )


def _check_end(fields: Fields, place: str, end: str, pin: str, spec: BlockSpec | None) -> None:
    if spec is None or not pin:
        return
    side, known = ("output", {**spec.outputs, ERROR_PIN: {}}) if end == "source" else ("input", spec.inputs)
    reason = _pin_violation(spec, side, pin, known)
    if reason is None and end == "sink" and pins.is_dynamic(pin):
        try:
            pins.merge({pin: None})
        except ValueError as error:
            reason = f"{error}."
    if reason:
        fields.wrong(at(place, f"{end}_name"), reason)


def problems(graph: Graph, catalog: Catalog) -> list[Problem]:
    """What a well-formed graph lacks before it can be executed."""
    if not graph.nodes:
        return [Problem(field="nodes", message="The graph has no nodes; add one.")]
    linked = {(link.sink_id, pins.base_name(link.sink_name)) for link in graph.links}
    found: list[Problem] = []
    ends = {node_id for link in graph.links for node_id in (link.source_id, link.sink_id)}
    for position, node in enumerate(graph.nodes):
        if node.block_type == analysis.NOTE and node.id not in ends:
            continue  # a comment, which never runs
        found += _node_problems(f"nodes[{position}]", node, catalog.get(node.block_type), linked)
    return [*found, *_credentials_missing(graph, catalog)]


def warnings(graph: Graph, catalog: Catalog) -> Iterator[tuple[str, Node, Advice]]:
    """What the user should know of a graph that runs as it is: the place, the node, and what its block says."""
    for position, node in enumerate(graph.nodes):
        spec = catalog.get(node.block_type)
        for advice in spec.advice(node.input_data) if spec else ():
            yield f"nodes[{position}].input_data.{advice.pin}", node, advice


def _credentials_missing(graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    for use in credentials.uses(graph, catalog):
        if use.is_missing:
            kinds = " or ".join(use.pin.kinds)
            yield Problem(
                field=f"nodes[{use.position}].input_data.{use.name}",
                message=f"The node {use.node.id!r} ({use.node.block_type}) needs credentials for {use.pin.provider} "
                f"({kinds}): create them under /api/v1/credentials and put their id here; where to get one: "
                f"{use.pin.where}",
            )


def _node_problems(place: str, node: Node, spec: BlockSpec | None, linked: set[tuple[NodeId, str]]) -> list[Problem]:
    if spec is None:
        message = f"The block {node.block_type!r} is no longer there; replace the node {node.id!r}."
        return [Problem(field=at(place, "block_type"), message=message)]
    if node.block_type == analysis.PLACEHOLDER:
        message = f"The node {node.id!r} stands for a block that is not here; put another in its place."
        return [Problem(field=at(place, "block_type"), message=message, blocking=False)]
    given = {pins.base_name(pin) for pin in node.input_data}
    return [
        Problem(
            field=f"{place}.input_data.{pin.name}",
            message=f"The input {pin.name!r} of the node {node.id!r} ({spec.block_type}) has no value and no link.",
        )
        for pin in spec.inputs.values()
        if pin.required and pin.name not in given and (node.id, pin.name) not in linked
    ]
