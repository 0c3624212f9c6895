"""Random graphs: lists within lists, branches that meet again, joins, loops, gathers, failures, absent inputs."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

from shared.domain.graph import Graph, Link, Node, NodeId


@dataclass(frozen=True, slots=True)
class Out:
    """A pin to link from. ``depth``: how many lists lie in its value."""

    node: str
    pin: str
    depth: int


@dataclass(frozen=True, slots=True)
class Case:
    """A graph and what it is started with."""

    graph: Graph
    inputs: dict[str, Any]


@dataclass
class Maker:
    random: random.Random
    nodes: list[Node] = field(default_factory=list[Node])
    links: list[Link] = field(default_factory=list[Link])
    outs: list[Out] = field(default_factory=list[Out])

    def node(self, id_: str, type_: str, *outs: tuple[str, int], **input_data: Any) -> str:
        if type_ not in ("GATHER", "AGENT_INPUT", "AGENT_OUTPUT"):
            type_ = f"{'E' if self.chance(0.15) else 'T'}_{type_}"
        self.nodes.append(Node(id=NodeId(id_), block_type=type_, input_data=input_data))
        self.outs += [Out(id_, pin, depth) for pin, depth in outs]
        return id_

    def link(self, source: Out, sink: str, pin: str, static: bool = False) -> None:
        self.links.append(Link(
            id="", source_id=NodeId(source.node), source_name=source.pin, sink_id=NodeId(sink), sink_name=pin,
            is_static=static,
        ))  # fmt: skip

    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def any(self) -> Out:
        return self.random.choice(self.outs)

    def feed(self, node: str, source: Out, pin: str = "x", static: float = 0.1) -> None:
        """Link a pin, now and then statically, now and then from two sides."""
        self.link(source, node, pin, self.chance(static))
        if self.chance(0.12):
            same = [out for out in self.outs if out.depth == source.depth and out.node != node]
            self.link(self.random.choice(same), node, pin, self.chance(static))


def case(seed: int) -> Case:
    """The same for the same seed."""
    maker = Maker(random.Random(f"graph {seed}"))
    inputs = _begin(maker)
    for n in range(maker.random.randint(2, 8)):
        source = maker.any()
        kinds = _LISTS if source.depth == 2 or (source.depth == 1 and maker.chance(0.5)) else _KINDS
        maker.random.choices(list(kinds), list(kinds.values()))[0](maker, f"n{n}", source)
    if maker.chance(0.08):
        _back_link(maker)
    if maker.chance(0.85):
        _end(maker)
    links = [replace(link, id=f"l{i}") for i, link in enumerate(dict.fromkeys(maker.links))]
    return Case(Graph(nodes=maker.nodes, links=links), inputs)


def _begin(maker: Maker) -> dict[str, Any]:
    r = maker.random
    rows = [[f"{i}{j}" for j in range(r.randint(0, 2))] for i in range(r.randint(0, 4))]
    inputs: dict[str, Any] = {}
    if maker.chance(0.4):
        maker.node("s", "AGENT_INPUT", ("result", 2), name="rows")
        inputs["rows"] = rows
    else:
        maker.node("s", "SOURCE", ("o", 2), value=rows)
    maker.node("k", "SOURCE", ("o", 0), value="K")
    if maker.chance(0.5):
        maker.node("in", "AGENT_INPUT", ("result", 0), name="word", optional=True)
        if maker.chance(0.7):
            inputs["word"] = "W"
    return inputs


def _step(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "STEP", ("o", source.depth - 1), ("o", source.depth - 1), ("n", 0))
    maker.feed(name, source)


def _fail_step(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "FAIL_STEP", ("o", source.depth - 1), *_error(maker), tag=name)
    maker.feed(name, source)
    if maker.chance(0.5):
        maker.node(f"{name}all", "GATHER", ("items", source.depth))
        maker.link(Out(name, "o", source.depth - 1), f"{name}all", "item")


def _error(maker: Maker) -> list[tuple[str, int]]:
    return [("error", 0)] if maker.chance(0.6) else []


def _map(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "MAP", ("o", 0), tag=name)
    maker.feed(name, source)


def _nest(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "NEST", ("o_#_all", source.depth), ("o_#_odd", 0))
    maker.feed(name, source)


def _drop(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "DROP", ("o", source.depth), tag=name)
    maker.feed(name, source)


def _either(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "EITHER", ("yes", source.depth), ("no", source.depth), tag=name)
    maker.feed(name, source)


def _merged(maker: Maker, name: str, source: Out) -> None:
    """A condition whose branches meet again, one of them by a detour."""
    maker.node(f"{name}if", "EITHER", tag=name)
    maker.feed(f"{name}if", source)
    maker.node(f"{name}no", "PASS")
    maker.link(Out(f"{name}if", "no", 0), f"{name}no", "x")
    maker.node(name, "PASS", ("o", source.depth))
    maker.link(Out(f"{name}if", "yes", 0), name, "x")
    maker.link(Out(f"{name}no", "o", 0), name, "x")


def _fail(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "FAIL", ("o", source.depth), ("before", source.depth), *_error(maker), tag=name)
    maker.feed(name, source)


def _store(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "STORE", ("o", source.depth))
    maker.feed(name, source)


def _join(maker: Maker, name: str, source: Out) -> None:
    pins = maker.random.choice([("a", "b"), ("a", "b", "b"), ("a", "b", "c"), ("v_#_a", "v_#_b"), ("a", "a", "b")])
    feeds = [(pins[0], source, 0.1), *((pin, maker.any(), 0.25) for pin in pins[1:])]
    maker.node(name, "JOIN", ("o", 0))
    for pin, out, static in feeds:
        maker.link(out, name, pin, maker.chance(static))


def _loop(maker: Maker, name: str, source: Out) -> None:
    """Adds to a list, one entry a turn; the way back may part and join, or be a condition. The list begins empty,
    or with any value, of which there may be several."""
    extra = maker.any() if maker.chance(0.3) else None
    seed = maker.any() if maker.chance(0.4) else Out(maker.node(f"{name}s", "SOURCE", value=[]), "o", 1)
    maker.node(name, "ADD", ("o", 0))
    maker.link(seed, name, "list")
    maker.link(source, name, "entry")
    maker.random.choice([_straight, _straight, _diamond, _meeting, _conditional])(maker, name)
    if extra:
        maker.link(extra, name, "extra", static=True)


def _straight(maker: Maker, name: str) -> None:
    maker.link(Out(name, "o", 1), name, "list")


def _diamond(maker: Maker, name: str) -> None:
    for pin, part in (("a", f"{name}p"), ("b", f"{name}q")):
        maker.node(part, "PASS")
        maker.link(Out(name, "o", 1), part, "x")
        maker.link(Out(part, "o", 1), f"{name}j", pin)
    maker.node(f"{name}j", "JOIN")
    maker.link(Out(f"{name}j", "o", 1), name, "list")


def _meeting(maker: Maker, name: str) -> None:
    """The way back waits for a value from outside the cycle."""
    maker.node(f"{name}j", "JOIN", ("o", 0))
    maker.link(Out(name, "o", 1), f"{name}j", "a")
    maker.link(maker.random.choice(maker.outs[:3]), f"{name}j", "b", maker.chance(0.6))
    maker.link(Out(f"{name}j", "o", 1), name, "list")


def _conditional(maker: Maker, name: str) -> None:
    maker.node(f"{name}if", "EITHER", ("no", 0), tag=name)
    maker.link(Out(name, "o", 1), f"{name}if", "x")
    maker.link(Out(f"{name}if", "yes", 1), name, "list")
    if maker.chance(0.5):
        maker.link(Out(f"{name}if", "no", 1), name, "list")


def _count(maker: Maker, name: str, source: Out) -> None:
    maker.node(name, "COUNT", ("o", 0))
    maker.link(source, name, "x")
    maker.link(Out(name, "again", 0), name, "x")


def _while(maker: Maker, name: str, source: Out) -> None:
    """Goes round, over another node or a join."""
    maker.node(name, "WHILE", ("o", 0), tag=name)
    maker.link(source, name, "x")
    if maker.chance(0.5):
        maker.link(Out(name, "again", 0), name, "x")
        return
    maker.node(f"{name}w", maker.random.choice(["PASS", "MAP", "DROP"]), ("o", 0), tag=f"{name}w")
    maker.link(Out(name, "again", 0), f"{name}w", "x")
    maker.link(Out(f"{name}w", "o", 0), name, "x")


def _gather(maker: Maker, name: str, source: Out) -> None:
    other = maker.any() if maker.chance(0.15) else None
    maker.node(name, "GATHER", ("items", source.depth + 1), ("items", 1))
    maker.link(source, name, "item")
    if other:
        maker.link(other, name, "item")


def _back_link(maker: Maker) -> None:
    """Anything to anything before it."""
    sinks = [link for link in maker.links if link.sink_name == "x"]
    if sinks:
        sink = maker.random.choice(sinks)
        maker.link(maker.any(), sink.sink_id, sink.sink_name)


def _end(maker: Maker) -> None:
    for n, out in enumerate(maker.outs):
        if maker.chance(0.4) or n == len(maker.outs) - 1:
            maker.node(f"out{n}", "AGENT_OUTPUT", name=maker.random.choice([f"out{n}", "shared"]))
            maker.link(out, f"out{n}", "value")


_LISTS = {_step: 8, _fail_step: 1.5, _drop: 1}
_KINDS = {
    _map: 10, _drop: 8, _either: 6, _merged: 6, _fail: 6, _store: 5, _nest: 5, _join: 25, _loop: 8, _count: 3,
    _while: 4, _gather: 12,
}  # fmt: skip
