"""What follows from the shape of a version? The plan by which the engine runs it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from shared.domain import pins, shape
from shared.domain.graph import Graph, Node
from shared.domain.plan import Kind, Plan, PlanLink, PlanNode
from shared.domain.spec import BlockSpec, Catalog

GATHER = "GATHER"
NOTE = "NOTE"
OUTPUT = "AGENT_OUTPUT"
PLACEHOLDER = "PLACEHOLDER"


def is_input(block_type: str) -> bool:
    """AGENT_INPUT and its typed kin: AGENT_NUMBER_INPUT, AGENT_DATE_INPUT, …"""
    return block_type.startswith("AGENT_") and block_type.endswith("_INPUT")


def analyse(graph: Graph, catalog: Catalog) -> Plan:
    """The plan of a graph that ``validation`` has found well formed: its blocks, nodes and pins exist."""
    nodes: dict[str, Node] = {n.id: n for n in graph.nodes}
    many = _many(graph, catalog)
    fed = {link.sink_id for link in graph.links}
    constants = frozenset(n.id for n in graph.nodes if is_input(n.block_type) and n.id not in fed)
    made = _shape(graph, nodes, many, constants, catalog)
    links = [_link(arc, made, nodes, constants) for arc in made.arcs]
    named = any(n.block_type == OUTPUT for n in graph.nodes)
    kinds: dict[str, Kind] = {n.id: _kind(n, made, links, constants) for n in graph.nodes}
    ranks = made.ranks()
    gates = {n for n, kind in kinds.items() if kind is Kind.GATE}
    asked = gates | {a.source for a in made.arcs if a.sink in gates} | set[str]().union(*made.closes.values())
    return Plan(
        nodes={n.id: _node(n, made, links, kinds, asked, ranks[n.id], many[n.id], named) for n in graph.nodes},
        links=links,
        named_outputs=named,
        problems=[],
    )


def _many(graph: Graph, catalog: Catalog) -> dict[str, frozenset[str]]:
    """Node id -> the pins that may emit many, by its literals; of a linked pin anything may come."""
    linked: dict[str, dict[str, Any]] = defaultdict(dict)
    sent: dict[str, set[str]] = defaultdict(set)
    for link in graph.links:
        linked[link.sink_id][pins.base_name(link.sink_name)] = ...
        sent[link.source_id].add(pins.base_name(link.source_name))

    def many(node: Node) -> frozenset[str]:
        spec = catalog[node.block_type]
        if spec.open_pins:
            return frozenset(sent[node.id] - {"error"})
        return spec.many_pins({**node.input_data, **linked[node.id]})

    return {node.id: many(node) for node in graph.nodes}


def _node(
    node: Node,
    made: shape.Shape,
    links: list[PlanLink],
    kinds: Mapping[str, Kind],
    asked: set[str],
    rank: int,
    many: frozenset[str],
    named: bool,
) -> PlanNode:
    id_ = node.id
    statics = _statics(id_, made, links)
    fixed = [a.position for a in made.into[id_] if a.static and a.pin not in statics]
    last = not made.out[id_] and kinds[id_] is not Kind.COMMENT
    outside = [a.pin for a in made.into_from_outside(id_) if not a.static]
    seeds = list(dict.fromkeys(outside)) if made.answers(id_) else []
    return PlanNode(
        kind=kinds[id_],
        rank=rank,
        ordinary=made.pins(id_, static=False),
        constants=fixed,
        statics=statics,
        into=[a.position for a in made.into[id_]],
        links=[a.position for a in made.out[id_]],
        many=sorted(many),
        error_linked=any(a.pin_out == "error" for a in made.out[id_]),
        output=node.block_type == OUTPUT if named else last,
        cycle=made.cycle_of.get(id_),
        reaches=frozenset(made.reach[id_] & asked),
        gather=id_ in made.gathers,
        head=id_ in made.heads,
        mixed=id_ in made.mixed,
        merged=id_ in made.merged and len(made.pins(id_, static=False)) > 1,
        opens=[g for g, lists in made.closes.items() if id_ in lists],
        gates=[n for n in made.nodes if kinds[n] is Kind.GATE and n in made.reach[id_]],
        answers=made.answers(id_),
        seeds=seeds,
        later=frozenset(made.later(id_) & made.merged) if id_ in made.cyclic else frozenset(),
        entry=bool(made.answers(id_)) and not made.into_from_outside(id_),
    )


def _statics(node: str, made: shape.Shape, links: list[PlanLink]) -> list[str]:
    """Static pins with a link that is not from a constant, in order."""
    pins_ = [a.pin for a in made.into[node] if a.static and not links[a.position].constant]
    return list(dict.fromkeys(pins_))


def _shape(
    graph: Graph,
    nodes: Mapping[str, Node],
    many: Mapping[str, frozenset[str]],
    constants: frozenset[str],
    catalog: Catalog,
) -> shape.Shape:
    def spec(node_id: str) -> BlockSpec:
        return catalog[nodes[node_id].block_type]

    return shape.Shape(
        nodes=[n.id for n in graph.nodes],
        arcs=[
            shape.Arc(
                position=position,
                source=link.source_id,
                pin_out=link.source_name,
                sink=link.sink_id,
                pin=link.sink_name,
                static=link.is_static or spec(link.source_id).static_output,
                many=pins.base_name(link.source_name) in many[link.source_id],
            )
            for position, link in enumerate(graph.links)
        ],
        gathers=frozenset(n.id for n in graph.nodes if n.block_type == GATHER),
        constants=constants,
        feedback={n.id: fed for n in graph.nodes if (fed := spec(n.id).feedback)},
    )


def _link(arc: shape.Arc, made: shape.Shape, nodes: Mapping[str, Node], constants: frozenset[str]) -> PlanLink:
    ways = [] if arc.static else made.ways(arc)
    return PlanLink(
        position=arc.position,
        source=arc.source,
        source_pin=arc.pin_out,
        sink=arc.sink,
        sink_pin=arc.pin,
        static=arc.static,
        constant=arc.source in constants,
        cycle=made.cycle_of[arc.sink] if arc.position in made.back else None,
        loop=made.same_cycle(arc.source, arc.sink),
        way=ways.index(arc) if len(ways) > 1 else None,
        secret=arc.source in constants and bool(nodes[arc.source].input_data.get("secret")),
    )


def _kind(node: Node, made: shape.Shape, links: list[PlanLink], constants: frozenset[str]) -> Kind:
    if node.id in constants:
        return Kind.CONSTANT
    if node.block_type == NOTE and not made.into[node.id] and not made.out[node.id]:
        return Kind.COMMENT
    if not made.into[node.id]:
        return Kind.ENTRY
    if _is_gate(node, made, links):
        return Kind.GATE
    return Kind.JOIN if len(made.pins(node.id, static=False)) > 1 else Kind.SINGLE


def _is_gate(node: Node, made: shape.Shape, links: list[PlanLink]) -> bool:
    """Whether what fires this node depends on what may still come: gathers, heads of cycles, joins whose pins come
    out of different lists or cycles, joins on which two tokens of one key may arrive, and whatever a static link
    supplies with a value that is computed in the execution."""
    join = len(made.pins(node.id, static=False)) > 1
    return (
        node.block_type == GATHER
        or node.id in made.heads
        or (join and (node.id in made.mixed or node.id in made.merged))
        or bool(_statics(node.id, made, links))
    )
