"""How do the nodes of a version lie to each other? Reach, cycles and the links that close them, lists and origins.

The rules are those of docs/ARCHITECTURE.md, "Pairing"; every method is one of them. Links are the version's, in
their order; ``static`` becomes the effective one in the course of the construction.
"""

import graphlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """A link as the analysis sees it. ``many``: it leaves a pin that may emit many."""

    position: int
    source: str
    pin_out: str
    sink: str
    pin: str
    static: bool
    many: bool


Origin = frozenset[str]
"""Names of the lists (``list:NODE``) and cycles (``cycle:N``) that a token comes out of and no gather has closed."""


class Shape:
    """``nodes``: ids in order. ``gathers``: the ids among them that close a list; ``constants``: those whose value
    is known before anything runs; ``feedback``: node -> pins for which its first firing does not wait."""

    def __init__(
        self,
        nodes: Sequence[str],
        arcs: Iterable[Arc],
        *,
        gathers: frozenset[str],
        constants: frozenset[str],
        feedback: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._feedback = feedback or {}
        self.nodes = list(nodes)
        self.gathers = gathers
        self.constants = constants
        self.arcs = list(arcs)
        self._index()
        self.reach = {n: self._reach(n) for n in self.nodes}
        self.cyclic = {n for n in self.nodes if n in self.reach[n]}
        self.cycle_of = {
            n: min(i for i, m in enumerate(self.nodes) if m in self.cyclic and self.same_cycle(m, n))
            for n in self.cyclic
        }
        self.closes = {g: self._innermost_lists(g) for g in self.nodes if g in self.gathers}
        self._ordinary_where_mixed()
        self._fire_all_static_sinks()
        self.back = self._back_arcs()
        self.heads = {n for n in self.cyclic if len(self.pins(n, static=False)) > 1 and self._fed_from_outside(n)}
        self.heads |= {n for n in self.cyclic if self.answers(n)}
        self.merged = self._after_merge()
        self.origin = self._origins(lambda arc: not arc.static)
        self._ordinary_where_single()
        self.mixed = {n for n in self.nodes if n not in self.heads and len(self._ordinary_origins(n)) > 1}

    def _index(self) -> None:
        self.out: Mapping[str, list[Arc]] = defaultdict(list)
        self.into: Mapping[str, list[Arc]] = defaultdict(list)
        for arc in self.arcs:
            self.out[arc.source].append(arc)
            self.into[arc.sink].append(arc)

    def _make(self, arcs: Iterable[Arc], *, static: bool) -> None:
        chosen = {arc.position for arc in arcs}
        self.arcs = [replace(a, static=static) if a.position in chosen else a for a in self.arcs]
        self._index()

    def _reach(self, node: str) -> set[str]:
        seen: set[str] = set()
        todo = [arc.sink for arc in self.out[node]]
        while todo:
            n = todo.pop()
            if n not in seen:
                seen.add(n)
                todo += [arc.sink for arc in self.out[n]]
        return seen

    def same_cycle(self, a: str, b: str) -> bool:
        return a in self.reach[b] and b in self.reach[a]

    def later(self, node: str) -> set[str]:
        """What a node reaches in its own cycle by links that close it alone: whatever it sends comes there in a later
        turn. Nothing where a list begins or is gathered in the cycle: it stands between the turns in a label."""
        cycle = {n for n in self.reach[node] if self.same_cycle(node, n)}
        if cycle & self.gathers or any(a.many and a.sink in cycle for n in cycle for a in self.out[n]):
            return set()
        seen: set[str] = set()
        todo = [node]
        while todo:
            ahead = {a.sink for a in self.out[todo.pop()] if a.position not in self.back} & cycle - seen
            seen |= ahead
            todo += ahead
        return cycle - seen

    def into_from_outside(self, node: str) -> list[Arc]:
        """The links into a node that do not come from its own cycle."""
        return [a for a in self.into[node] if not self.same_cycle(a.source, node)]

    def _fed_from_outside(self, node: str) -> bool:
        return any(not a.static for a in self.into_from_outside(node))

    def pins(self, node: str, *, static: bool) -> list[str]:
        """The linked pins of a kind, in the order of their links, each once."""
        return list(dict.fromkeys(a.pin for a in self.into[node] if a.static is static))

    def answers(self, node: str) -> list[str]:
        """The feedback pins that are fed from within the node's own cycle: what comes there answers what it sent."""
        fed = {a.pin for a in self.into[node] if self._is_answer(a)}
        return [pin for pin in self._feedback.get(node, ()) if pin in fed]

    def _is_answer(self, arc: Arc) -> bool:
        return (
            not arc.static and arc.pin in self._feedback.get(arc.sink, ()) and self.same_cycle(arc.source, arc.sink)
        )

    def ways(self, arc: Arc) -> list[Arc]:
        """The ordinary links into the same pin that a turn does not tell apart, this one among them: those that close
        a cycle, or those that do not. A cycle that is entered in two places has both kinds of the latter."""
        closing = arc.position in self.back
        return [
            a
            for a in self.into[arc.sink]
            if a.pin == arc.pin and not a.static and (a.position in self.back) == closing
        ]

    # Effective statics

    def _ordinary_where_mixed(self) -> None:
        """A pin is static only if all its links are; a static link into another delivers ordinary tokens."""
        ordinary = {(a.sink, a.pin) for a in self.arcs if not a.static}
        self._make([a for a in self.arcs if a.static and (a.sink, a.pin) in ordinary], static=False)

    def _fire_all_static_sinks(self) -> None:
        """Where every linked pin is static, those of the widest origin count as ordinary: something must fire it."""
        origin = self._origins(lambda arc: True)
        fire: list[Arc] = []
        for node in self.nodes:
            arcs = [a for a in self.into[node] if not self._is_answer(a)]
            if arcs and all(a.static for a in arcs):
                pins = self._pin_origins(arcs, origin)
                widest = {p for p in pins if not any(pins[p] < pins[q] for q in pins)}
                fire += [a for a in arcs if a.pin in widest]
        self._make(fire, static=False)

    def _ordinary_where_single(self) -> None:
        """A static value that comes at most once, into a join that fires at most once, pairs like any other: both
        have the empty key. So it needs no waiting for what may still come."""
        once = [a for a in self.arcs if a.static and self._comes_once(a) and self._fires_once(a.sink)]
        self._make([a for a in once if a.source not in self.constants], static=False)

    def _comes_once(self, arc: Arc) -> bool:
        alone = len([a for a in self.into[arc.sink] if a.pin == arc.pin]) == 1
        return alone and not arc.many and self._fires_once(arc.source)

    def _fires_once(self, node: str) -> bool:
        return node not in self.cyclic and node not in self.merged and not self.origin[node]

    # Origins

    def _origins(self, follow: Callable[[Arc], bool]) -> dict[str, Origin]:
        """Per node the lists and cycles that its tokens come out of, since the last gather."""
        origin: dict[str, Origin] = {n: frozenset() for n in self.nodes}
        changed = True
        while changed:
            changed = False
            for arc in self.arcs:
                if follow(arc):
                    closed = {f"list:{n}" for n in self.closes.get(arc.sink, ())}
                    union = origin[arc.sink] | (self._sent(arc, origin) - closed)
                    changed |= union != origin[arc.sink]
                    origin[arc.sink] = union
        return origin

    def _sent(self, arc: Arc, origin: Mapping[str, Origin]) -> Origin:
        more = {f"list:{arc.source}"} if arc.many else set[str]()
        cycle = {f"cycle:{self.cycle_of[arc.source]}"} if arc.source in self.cyclic else set[str]()
        return origin[arc.source] | more | cycle

    def _pin_origins(self, arcs: Iterable[Arc], origin: Mapping[str, Origin]) -> dict[str, Origin]:
        pins: dict[str, Origin] = defaultdict(frozenset)
        for arc in arcs:
            pins[arc.pin] |= self._sent(arc, origin)
        return pins

    def _ordinary_origins(self, node: str) -> set[Origin]:
        return set(self._pin_origins([a for a in self.into[node] if not a.static], self.origin).values())

    def _innermost_lists(self, gather: str) -> frozenset[str]:
        """The list nodes whose firings this gather closes: the first unclosed ones, upstream."""
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
        return frozenset(found)

    # Merges and cycles

    def _after_merge(self) -> set[str]:
        """Nodes on which two tokens of one key may arrive: several links lead into one pin, there or before."""
        after = {a.sink for a in self.arcs if not a.static and len(self.ways(a)) > 1}
        return after.union(*(self.reach[n] for n in after)) if after else after

    def _back_arcs(self) -> set[int]:
        """Positions of the links that close a cycle, seen from where it is entered."""
        back: set[int] = set()
        seen: set[str] = set()
        entries = [
            n for n in self.nodes if n in self.cyclic and any(not self.same_cycle(a.source, n) for a in self.into[n])
        ]
        asking = [n for n in self.nodes if n in self.cyclic and self.answers(n)]
        for start in [*asking, *entries, *(n for n in self.nodes if n in self.cyclic)]:
            if start not in seen:
                self._walk(start, seen, back)
        return back

    def _walk(self, start: str, seen: set[str], back: set[int]) -> None:
        """Depth first within the cycle, without recursion: a graph may be deep."""
        seen.add(start)
        path = {start}
        stack = [(start, iter(self.out[start]))]
        while stack:
            node, arcs = stack[-1]
            arc = next(arcs, None)
            if arc is None:
                stack.pop()
                path.discard(node)
            elif not self.same_cycle(node, arc.sink):
                continue
            elif arc.sink in path:
                back.add(arc.position)
            elif arc.sink not in seen:
                seen.add(arc.sink)
                path.add(arc.sink)
                stack.append((arc.sink, iter(self.out[arc.sink])))

    def ranks(self) -> dict[str, int]:
        """A number for every node: links that close no cycle lead from a lower to a higher; where the links leave
        it open, the order of the version decides."""
        sources = {n: {a.source for a in self.into[n] if a.position not in self.back} for n in self.nodes}
        order = graphlib.TopologicalSorter(sources)
        order.prepare()
        ranks: dict[str, int] = {}
        ready = [self.nodes.index(n) for n in order.get_ready()]
        heapq.heapify(ready)
        while ready:
            node = self.nodes[heapq.heappop(ready)]
            ranks[node] = len(ranks)
            order.done(node)
            for n in order.get_ready():
                heapq.heappush(ready, self.nodes.index(n))
        return ranks
