"""What does an exported workflow of n8n say, and where is it not one? Every violation has its place in the file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shared.domain.fields import Fields, at, kind
from shared.interop import reading
from shared.interop.n8n_fragments import N8nNode

MAX_NODES = 500
"""Of one workflow: each becomes several here."""
MAX_CONNECTIONS = 5_000
MAX_OUTPUTS = 20
MAX_NAME = 150
NAMELESS = "Imported workflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """From an output of a node to an input of another, both by name."""

    place: str
    source: str
    output: int
    sink: str
    input: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    name: str
    nodes: Sequence[N8nNode]
    connections: Sequence[Connection]
    by_name: Mapping[str, N8nNode] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {node.name: node for node in self.nodes})


def is_workflow(raw: Mapping[str, Any]) -> bool:
    """Whether a file is of n8n: its nodes have types, and connections stand beside them."""
    nodes = raw.get("nodes")
    typed = isinstance(nodes, list) and any(
        isinstance(one, Mapping) and "type" in one and "block_id" not in one for one in cast(list[Any], nodes)
    )
    return typed or "connections" in raw


def read(raw: Mapping[str, Any], fields: Fields) -> Workflow:
    """Only to be used where ``fields`` has no violations."""
    nodes = raw.get("nodes")
    if isinstance(nodes, list) and len(cast(list[Any], nodes)) > MAX_NODES:
        fields.wrong("nodes", f"A workflow may have {MAX_NODES} nodes.")
        return Workflow(name="", nodes=[], connections=[])
    made = [_node(fields, place, one) for place, _, one in fields.objects(raw, "nodes")]
    for what in ("id", "name"):
        seen: dict[str, str] = {}
        for node in made:
            found = node.id if what == "id" else node.name
            if found and found in seen:
                fields.wrong(at(node.place, what), f"{found!r} is the {what} of {seen[found]} too; they must differ.")
            seen.setdefault(found, node.place)
    connections = list(_connections(fields, raw, {node.name for node in made}))
    if len(connections) > MAX_CONNECTIONS:
        fields.wrong("connections", f"A workflow may have {MAX_CONNECTIONS:,} connections.")
    name = " ".join(fields.text(raw, "name", most=10_000, lines=True).split())[: reading.MAX_ID]
    return Workflow(name=name or NAMELESS, nodes=made, connections=connections)


def _node(fields: Fields, place: str, raw: Mapping[str, Any]) -> N8nNode:
    name = fields.text(raw, "name", place, least=1, most=MAX_NAME)
    position = raw.get("position")
    x, y = _position(fields, place, position)
    return N8nNode(
        place=place,
        id=fields.text(raw, "id", place, most=MAX_NAME) or name,
        name=name,
        type=fields.text(raw, "type", place, least=1, most=reading.MAX_ID),
        version=fields.number(raw, "typeVersion", place, above=0, most=1_000) or 1,
        parameters=fields.object(raw, "parameters", place),
        position={"x": x, "y": y},
        raw=raw,
    )


def _position(fields: Fields, place: str, position: Any) -> tuple[float, float]:
    if position is None:
        return 0, 0
    if isinstance(position, list):
        listed = cast(list[Any], position)
        if len(listed) == 2 and all(isinstance(one, int | float) and not isinstance(one, bool) for one in listed):
            return listed[0], listed[1]
    fields.wrong(at(place, "position"), "It must be a list of two numbers.")
    return 0, 0


def _connections(fields: Fields, raw: Mapping[str, Any], names: set[str]) -> Iterator[Connection]:
    for source, kinds in fields.object(raw, "connections", "").items():
        place = at("connections", source[: reading.MAX_ID])
        if source not in names:
            fields.wrong(place, f"There is no node {source[: reading.MAX_ID]!r} in this workflow.")
        elif not isinstance(kinds, Mapping):
            fields.wrong(place, f"It must be an object, not {kind(kinds)}.")
        else:
            for type_, outputs in cast(Mapping[str, Any], kinds).items():
                yield from _outputs(fields, at(place, type_), source, outputs, names)


def _outputs(fields: Fields, place: str, source: str, outputs: Any, names: set[str]) -> Iterator[Connection]:
    if not isinstance(outputs, list):
        fields.wrong(place, f"It must be a list, not {kind(outputs)}.")
        return
    for output, several in enumerate(cast(list[Any], outputs)):
        where = f"{place}[{output}]"
        if several is None:
            continue
        if not isinstance(several, list):
            fields.wrong(where, f"It must be a list, not {kind(several)}.")
            continue
        for number, one in enumerate(cast(list[Any], several)):
            yield from _connection(fields, f"{where}[{number}]", source, output, one, names)


def _connection(
    fields: Fields, place: str, source: str, output: int, one: Any, names: set[str]
) -> Iterator[Connection]:
    if not isinstance(one, Mapping):
        fields.wrong(place, f"It must be an object, not {kind(one)}.")
        return
    raw = cast(Mapping[str, Any], one)
    sink = fields.text(raw, "node", place, least=1, most=MAX_NAME)
    number = fields.integer(raw, "index", place, least=0, most=MAX_OUTPUTS - 1) or 0
    if sink and sink not in names:
        fields.wrong(at(place, "node"), f"There is no node {sink!r} in this workflow.")
    elif output >= MAX_OUTPUTS:
        fields.wrong(place, f"A node may have {MAX_OUTPUTS} outputs.")
    elif sink:
        yield Connection(place=place, source=source, output=output, sink=sink, input=number)
