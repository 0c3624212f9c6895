"""What follows from the shape of a version? The plan by which the engine runs it."""

from collections.abc import Mapping

from shared.domain import pins, plan, shape
from shared.domain.graph import Graph, Node
from shared.domain.plan import Kind, Plan, PlanLink, PlanNode, Problem
from shared.domain.spec import BlockSpec, Catalog

GATHER = "GATHER"
NOTE = "NOTE"
OUTPUT = "AGENT_OUTPUT"


def is_input(block_type: str) -> bool:
    """AGENT_INPUT and its typed kin: AGENT_NUMBER_INPUT, AGENT_DATE_INPUT, …"""
    return block_type.startswith("AGENT_") and block_type.endswith("_INPUT")


def analyse(graph: Graph, catalog: Catalog) -> Plan:
    """The plan of a graph that ``validation`` has found well formed: its blocks, nodes and pins exist."""
    nodes: dict[str, Node] = {n.id: n for n in graph.nodes}
    many: dict[str, frozenset[str]] = {n.id: catalog[n.block_type].many_pins(n.input_data) for n in graph.nodes}
    fed = {link.sink_id for link in graph.links}
    constants = frozenset(n.id for n in graph.nodes if is_input(n.block_type) and n.id not in fed)
    made = _shape(graph, nodes, many, constants, catalog)
    links = [_link(arc, made, nodes, constants) for arc in made.arcs]
    named = any(n.block_type == OUTPUT for n in graph.nodes)
    ranks = made.ranks()
    kinds = {n.id: _kind(n, made, links, constants) for n in graph.nodes}
    return Plan(
        nodes={
            n.id: PlanNode(
                kind=kinds[n.id],
                rank=ranks[n.id],
                ordinary=made.pins(n.id, static=False),
                constants=[
                    a.position for a in made.into[n.id] if links[a.position].static and links[a.position].constant
                ],
                links=[a.position for a in made.out[n.id]],
                many=sorted(many[n.id]),
                error_linked=any(a.pin_out == "error" for a in made.out[n.id]),
                output=n.block_type == OUTPUT if named else not made.out[n.id] and kinds[n.id] is not Kind.COMMENT,
            )
            for n in graph.nodes
        },
        links=links,
        named_outputs=named,
        problems=[p for i, n in enumerate(graph.nodes) if (p := _problem(i, n, made, links)) is not None],
    )


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
        way=ways.index(arc) if len(ways) > 1 else None,
        secret=arc.source in constants and bool(nodes[arc.source].input_data.get("secret")),
    )


def _kind(node: Node, made: shape.Shape, links: list[PlanLink], constants: frozenset[str]) -> plan.Kind:
    if node.id in constants:
        return Kind.CONSTANT
    if node.block_type == NOTE and not made.into[node.id] and not made.out[node.id]:
        return Kind.COMMENT
    if not made.into[node.id]:
        return Kind.ENTRY
    if _gate(node, made, links) is not None:
        return Kind.GATE
    return Kind.JOIN if len(made.pins(node.id, static=False)) > 1 else Kind.SINGLE


def _gate(node: Node, made: shape.Shape, links: list[PlanLink]) -> str | None:
    """Why what fires this node depends on what may still come; None: it does not."""
    join = len(made.pins(node.id, static=False)) > 1
    if node.block_type == GATHER:
        return "it gathers a list"
    if node.id in made.heads:
        return "a cycle begins at it"
    if join and node.id in made.mixed:
        return "its pins come out of different lists or cycles"
    if join and node.id in made.merged:
        return "two tokens may rival for one of its pins, since several links lead into one pin, there or before"
    if any(a.static and not links[a.position].constant for a in made.into[node.id]):
        return "a static link supplies it with a value that is computed in the execution"
    return None


def _problem(index: int, node: Node, made: shape.Shape, links: list[PlanLink]) -> Problem | None:
    why = _gate(node, made, links)
    if why is None:
        return None
    return Problem(
        field=f"nodes[{index}]",
        message=f"Node {node.id!r} ({node.block_type}) must wait for what may still come, because {why}. "
        "This version of the engine does not run such nodes yet; change the links so that it does not need to.",
    )
