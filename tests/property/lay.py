"""The rules of docs/ARCHITECTURE.md, "Pairing", on how the nodes of a graph lie to each other.

What the reference interpreter needs, computed as plainly as can be.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from shared.domain import pins
from shared.domain.graph import Graph

LIST, WAY = -1, -2  # kinds of components of a label: (ordinal, LIST), (turn, cycle), (which link of a pin, WAY)

Origin = frozenset[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """A link. ``static``: whether it is in effect. ``many``: whether its pin may emit many."""

    position: int
    source: str
    pin_out: str
    sink: str
    pin: str
    static: bool
    many: bool


class Lay:
    """``many``: node -> pins that may emit many; ``supplying``: nodes all whose links are static."""

    def __init__(self, graph: Graph, many: Mapping[str, frozenset[str]], supplying: set[str]) -> None:
        self.many = many
        self.nodes = [str(n.id) for n in graph.nodes]
        self.index([
            Arc(position=i, source=link.source_id, pin_out=link.source_name, sink=link.sink_id, pin=link.sink_name,
                static=link.is_static or link.source_id in supplying,
                many=pins.base_name(link.source_name) in many[link.source_id])
            for i, link in enumerate(graph.links)
        ])  # fmt: skip
        self.gathers: set[str] = {n.id for n in graph.nodes if n.block_type == "GATHER"}
        inputs: set[str] = {
            n.id for n in graph.nodes if n.block_type.startswith("AGENT_") and n.block_type.endswith("_INPUT")
        }
        self.constants = {n for n in inputs if not self.into[n]}
        self.reach = {n: self._reach(n) for n in self.nodes}
        self.cyclic = {n for n in self.nodes if n in self.reach[n]}
        self.cycle_of = {n: min(i for i, m in enumerate(self.nodes) if self.same_cycle(m, n)) for n in self.cyclic}
        self.closes = {g: self._innermost_lists(g) for g in self.gathers}
        self._ordinary_where_mixed()
        self._fire_all_static_sinks()
        self.heads = {n for n in self.cyclic if len(self.pins(n, static=False)) > 1 and self._is_fed(n)}
        self.back = self._back()
        origin = self._origins(lambda arc: not arc.static)
        joins = set(self.nodes) - self.heads
        self.mixed = {n for n in joins if len(set(self._by_pin(n, origin, static=False).values())) > 1}
        self.merged = {n for n in joins & self._after_merge() if len(self.pins(n, static=False)) > 1}
        self.rank = self._ranks()
        self.later = {n: self._later(n) for n in self.nodes}

    def index(self, arcs: list[Arc]) -> None:
        self.arcs = arcs
        self.out = {n: [a for a in arcs if a.source == n] for n in self.nodes}
        self.into = {n: [a for a in arcs if a.sink == n] for n in self.nodes}

    def _make(self, chosen: Callable[[Arc], bool]) -> None:
        self.index([replace(a, static=False) if chosen(a) else a for a in self.arcs])

    def _reach(self, node: str) -> set[str]:
        seen: set[str] = set()
        todo = [a.sink for a in self.out[node]]
        while todo:
            n = todo.pop()
            if n not in seen:
                seen.add(n)
                todo += [a.sink for a in self.out[n]]
        return seen

    def _later(self, node: str) -> set[str]:
        """What a node of the same cycle gets of it in a later turn alone, where no list lies in the cycle."""
        cycle = {n for n in self.reach[node] if self.same_cycle(node, n)}
        if cycle & self.gathers or any(a.many for a in self.arcs if {a.source, a.sink} <= cycle):
            return set()
        soon: set[str] = set()
        todo = [node]
        while todo:
            n = todo.pop()
            new = {a.sink for a in self.out[n] if a.position not in self.back and a.sink in cycle} - soon
            soon |= new
            todo += new
        return cycle - soon

    def same_cycle(self, a: str, b: str) -> bool:
        return a in self.reach[b] and b in self.reach[a]

    def _is_fed(self, node: str) -> bool:
        return any(not a.static and not self.same_cycle(a.source, node) for a in self.into[node])

    def pins(self, node: str, *, static: bool) -> set[str]:
        return {a.pin for a in self.into[node] if a.static is static}

    def ways(self, arc: Arc) -> list[Arc]:
        """The ordinary links into the same pin that close a cycle, or that close none, as this one among them."""
        closing = arc.position in self.back
        return [
            a
            for a in self.into[arc.sink]
            if a.pin == arc.pin and not a.static and (a.position in self.back) == closing
        ]

    def _ordinary_where_mixed(self) -> None:
        """A pin is static only if all its links are; a static link into another delivers ordinary tokens."""
        self._make(lambda arc: any(a.pin == arc.pin and not a.static for a in self.into[arc.sink]))

    def _fire_all_static_sinks(self) -> None:
        """Where every linked pin is static, those of the widest origin count as ordinary."""
        origin = self._origins(lambda arc: True)
        ordinary: set[tuple[str, str]] = set()
        for node in self.nodes:
            if self.into[node] and all(a.static for a in self.into[node]):
                by_pin = self._by_pin(node, origin, static=True)
                ordinary |= {(node, p) for p in by_pin if not any(by_pin[p] < by_pin[q] for q in by_pin)}
        self._make(lambda arc: (arc.sink, arc.pin) in ordinary)

    def _origins(self, follow: Callable[[Arc], bool]) -> dict[str, Origin]:
        """Per node the lists and cycles that its tokens come out of, since the last gather."""
        origin: dict[str, Origin] = dict.fromkeys(self.nodes, frozenset())
        while True:
            before = dict(origin)
            for arc in filter(follow, self.arcs):
                closed = {("list", n) for n in self.closes.get(arc.sink, ())}
                origin[arc.sink] |= self._sent(arc, origin) - closed
            if origin == before:
                return origin

    def _sent(self, arc: Arc, origin: Mapping[str, Origin]) -> Origin:
        lists = {("list", arc.source)} if arc.many else set()
        cycle = {("cycle", self.cycle_of[arc.source])} if arc.source in self.cyclic else set()
        return origin[arc.source] | lists | cycle

    def _by_pin(self, node: str, origin: Mapping[str, Origin], *, static: bool) -> dict[str, Origin]:
        found: dict[str, Origin] = defaultdict(frozenset)
        for arc in self.into[node]:
            if arc.static is static:
                found[arc.pin] |= self._sent(arc, origin)
        return found

    def _innermost_lists(self, gather: str) -> set[str]:
        """The list nodes whose firings this gather closes."""
        found: set[str] = set()
        seen: set[tuple[str, int]] = set()
        todo = [(gather, 1)]
        while todo:
            node, open_ = todo.pop()
            for arc in self.into[node]:
                left = open_ - 1 if arc.many else open_ + 1 if arc.source in self.gathers else open_
                if not left:
                    found.add(arc.source)
                elif (arc.source, left) not in seen and left <= len(self.gathers) + 1:
                    seen.add((arc.source, left))
                    todo.append((arc.source, left))
        return found

    def _after_merge(self) -> set[str]:
        """Nodes on which two tokens of one key may arrive: several links lead into one pin, there or before."""
        after = {a.sink for a in self.arcs if not a.static and len(self.ways(a)) > 1}
        return after.union(*(self.reach[n] for n in after))

    def _back(self) -> set[int]:
        """Positions of the links that close a cycle, seen from where it is entered."""
        back: set[int] = set()
        seen: set[str] = set()

        def visit(node: str, path: frozenset[str]) -> None:
            seen.add(node)
            for arc in self.out[node]:
                if self.same_cycle(node, arc.sink):
                    if arc.sink in path:
                        back.add(arc.position)
                    elif arc.sink not in seen:
                        visit(arc.sink, path | {arc.sink})

        cyclic = [n for n in self.nodes if n in self.cyclic]
        entries = [n for n in cyclic if any(not self.same_cycle(a.source, n) for a in self.into[n])]
        for node in [*entries, *cyclic]:
            if node not in seen:
                visit(node, frozenset({node}))
        return back

    def _ranks(self) -> dict[str, int]:
        """Links that close no cycle lead from lower to higher; else the order of the version decides."""
        rank: dict[str, int] = {}
        while len(rank) < len(self.nodes):
            free = (
                n
                for n in self.nodes
                if n not in rank and all(a.source in rank for a in self.into[n] if a.position not in self.back)
            )
            rank[next(free)] = len(rank)
        return rank
