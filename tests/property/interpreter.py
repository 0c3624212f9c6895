"""The rules of docs/ARCHITECTURE.md, "Pairing", in executable form: what must come out of an execution?

Sequential and in memory: one completion is one step, and between two steps everything that can fire has fired. It
shares nothing with the engine but the graph and the meaning of pin names, so that the two can be compared.
``interpret`` may be given an order of completions; no order may change its answer.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain import pins
from shared.domain.graph import Graph
from tests.property.lay import LIST, WAY, Arc, Lay
from tests.property.standing import Label, Token, can_make, can_make_later, group, key, next_turn, order, widest
from tests.property.telling import Ambiguous, Behaviour, Failed, Firing, Told, TooLarge

Pick = Callable[[int], int]
"""Which of so many active firings completes next."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Source:
    """What is active, or held and will fire by itself: ``kind`` tells which."""

    node: str
    label: Label
    kind: str = "active"
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    lacks: set[str] = field(default_factory=set[str])


def interpret(
    graph: Graph, blocks: Mapping[str, Behaviour], inputs: Mapping[str, Any], *, most: int, pick: Pick = lambda n: 0
) -> Told:
    """``inputs``: name -> value of the execution. TooLarge: more than ``most`` firings. Ambiguous."""
    return _Run(graph, blocks, inputs, most).result(pick)


class _Run:
    def __init__(self, graph: Graph, blocks: Mapping[str, Behaviour], inputs: Mapping[str, Any], most: int) -> None:
        self.graph, self.blocks, self.most = graph, blocks, most
        self.lay = Lay(graph, {n.id: blocks[n.block_type].many for n in graph.nodes},
                       {n.id for n in graph.nodes if blocks[n.block_type].static})  # fmt: skip
        self.fired: dict[str, dict[Label, Firing]] = defaultdict(dict)
        self.count = 0
        self.active = [_Source(node=n.id, label=()) for n in graph.nodes if self._is_entry(n.id)]
        self.joins: dict[tuple[str, Label], dict[str, list[Token]]] = defaultdict(lambda: defaultdict(list))
        self.static: dict[tuple[str, str], list[Token]] = defaultdict(list)
        self.external: dict[tuple[str, str], list[Token]] = defaultdict(list)
        self.loop: dict[tuple[str, str], list[Token]] = defaultdict(list)
        self.gathered: dict[tuple[str, Label], list[Token]] = defaultdict(list)
        for n in graph.nodes:
            if n.id in self.lay.constants:
                value = inputs.get(str(n.input_data["name"]), n.input_data.get("value"))
                if value is not None:
                    self._record(_Source(node=n.id, label=()), {}, [("result", value)], failed=False)

    def _is_entry(self, node: str) -> bool:
        return not self.lay.into[node] and node not in self.lay.constants

    def fire(self, node: str, label: Label, inputs: dict[str, Any]) -> None:
        self.active.append(_Source(node=node, label=label, inputs=inputs))
        self.count += 1
        if self.count > self.most:
            raise TooLarge

    # What may still come

    def complete_joins(self) -> list[tuple[str, Label]]:
        """Joins with a token on every ordinary pin: they wait for a static value, or for a rival token."""
        return [(n, k) for (n, k), at in self.joins.items() if all(at.get(p) for p in self.lay.pins(n, static=False))]

    def held(self) -> list[_Source]:
        """What will fire later, each with the pins that it still lacks."""
        held = [_Source(node=n, label=k, kind="join") for n, k in self.complete_joins()]
        held += [_Source(node=n, label=prefix, kind="gather") for n, prefix in self.gathered]
        for n in [n for n in self.lay.nodes if n in self.lay.heads or n in self.lay.mixed]:
            has = {p for p in self.lay.pins(n, static=False) if self.loop[n, p] or self.external[n, p]}
            has |= {p for (m, _), at in self.joins.items() if m == n for p in at if at[p]}
            if has:
                held.append(_Source(node=n, label=(), kind="gate", lacks=self.lay.pins(n, static=False) - has))
        return held

    def pending(self, but: str) -> list[_Source]:
        """Active firings and what is held, without what waits for a value that cannot come: the least set that
        starts from the active ones. ``but``: a node cannot wait for itself."""
        pending, rest = list(self.active), [s for s in self.held() if s.node != but]
        while alive := [s for s in rest if self.can_complete(s, pending)]:
            pending += alive
            rest = [s for s in rest if s not in alive]
        return pending

    def can_complete(self, source: _Source, pending: list[_Source]) -> bool:
        lacks = source.lacks | {p for p in self.lay.pins(source.node, static=True) if not self.static[source.node, p]}
        return all(
            self._may_send(pending, {a.source for a in self.lay.into[source.node] if a.pin == p}) for p in lacks
        )

    def _may_send(self, pending: list[_Source], sources: set[str]) -> bool:
        return any(sources & (self.lay.reach[s.node] | {s.node}) for s in pending)

    def may_come(
        self, node: str, test: Callable[[_Source], bool] = lambda source: True, *, outside: bool = False
    ) -> bool:
        return any(
            test(s) and node in self.lay.reach[s.node] and not (outside and self.lay.same_cycle(s.node, node))
            for s in self.pending(node)
        )

    def can_make(self, s: _Source, node: str, pair: Label) -> bool:
        if s.kind in ("active", "join") and node in self.lay.later[s.node]:
            return can_make_later(s.label, pair, self.lay.cycle_of[node])
        return can_make(s.label, pair)

    # Tokens arrive

    def deliver(self, label: Label, arc: Arc, value: Any) -> None:
        lay, node, pin = self.lay, arc.sink, arc.pin
        if arc.position in lay.back:
            label = next_turn(label, lay.cycle_of[node])
        if not arc.static and len(ways := lay.ways(arc)) > 1:
            label = (*label, (ways.index(arc), WAY))
        token = Token(label=label, link=arc.position, value=value)
        if node in lay.gathers:
            self.gathered[node, group(label)].append(token)
        elif arc.static:
            self.static[node, pin].append(token)
        elif len(lay.pins(node, static=False)) == 1 and not lay.pins(node, static=True):
            self.fire(node, label, {pin: value})
        elif node in lay.heads:
            (self.loop if lay.same_cycle(arc.source, node) else self.external)[node, pin].append(token)
        else:
            self.joins[node, key(label)][pin].append(token)

    # What has arrived fires

    def fire_joins(self) -> None:
        for node, pair in sorted(self.complete_joins()):
            if node in self.lay.merged and self.may_come(node, lambda s, n=node, k=pair: self.can_make(s, n, k)):
                continue  # another link of one of its pins may still bring a rival
            values = self.static_values(node, pair)
            if values is not None:
                self.fire_row(node, self.joins[node, pair], values)

    def fire_row(self, node: str, at: dict[str, list[Token]], values: dict[str, Any]) -> None:
        """The first token of every pin."""
        row = {pin: min(at[pin], key=order) for pin in self.lay.pins(node, static=False)}
        for pin, token in row.items():
            at[pin].remove(token)
        self.fire(node, widest([t.label for t in row.values()]), {pin: t.value for pin, t in row.items()} | values)

    def static_values(self, node: str, pair: Label) -> dict[str, Any] | None:
        """Per static pin the token with the greatest key not above the firing's, once none such can still come; if
        there is none and none of any kind can come, the smallest. None: wait."""
        values: dict[str, Any] = {}
        for pin in self.lay.pins(node, static=True):
            sources = {a.source for a in self.lay.into[node] if a.static and a.pin == pin}
            coming = [key(s.label) for s in self.pending(node) if self._may_send([s], sources)]
            tokens = self.static[node, pin]
            below = [t for t in tokens if key(t.label) <= pair]
            if any(k <= pair for k in coming) or (not below and (not tokens or coming)):
                return None
            values[pin] = (max(below, key=order) if below else min(tokens, key=order)).value
        return values

    def fire_heads(self) -> None:
        for node in [n for n in self.lay.nodes if n in self.lay.heads]:
            looped = {a.pin for a in self.lay.into[node] if not a.static and self.lay.same_cycle(a.source, node)}
            if any(s.kind in ("active", "join") and self.lay.same_cycle(s.node, node) for s in self.pending(node)):
                continue  # one turn at a time
            picked = {pin: self.pick(node, pin, pin in looped) for pin in self.lay.pins(node, static=False)}
            if not all(picked.values()):
                continue
            chosen = {pin: found for pin, found in picked.items() if found}
            outside = [t.label for pin, (_, t) in chosen.items() if pin not in looped]
            label = widest(outside or [t.label for _, t in chosen.values()])
            values = self.static_values(node, key(label))
            if values is not None:
                for pin, (queue, token) in chosen.items():
                    queue[node, pin].remove(token)
                self.fire(node, label, {pin: t.value for pin, (_, t) in chosen.items()} | values)

    def pick(self, node: str, pin: str, looped: bool) -> tuple[dict[tuple[str, str], list[Token]], Token] | None:
        """A loop token if there is one, else the first external one, once no smaller can come."""
        if looped and self.loop[node, pin]:
            return self.loop, min(self.loop[node, pin], key=order)
        if not self.external[node, pin]:
            return None
        first = min(self.external[node, pin], key=order)
        smaller = self.may_come(node, lambda s: key(s.label) <= key(first.label), outside=True)
        return None if smaller else (self.external, first)

    def fire_leftovers(self) -> None:
        """Tokens of a mixed join that found no partner of their key pair in order, once none can reach it."""
        for node in sorted(self.lay.mixed):
            wanted = self.lay.pins(node, static=False)
            unpaired = [at for (n, _), at in self.joins.items() if n == node and not all(at.get(p) for p in wanted)]
            left = {pin: sorted((t for at in unpaired for t in at[pin]), key=order) for pin in wanted}
            if not all(left.values()) or self.may_come(node):
                continue
            while all(left.values()):
                values = self.static_values(node, max(key(tokens[0].label) for tokens in left.values()))
                if values is None:
                    break
                for pin in wanted:
                    self.joins[node, key(left[pin][0].label)][pin].remove(left[pin][0])
                self.fire_row(node, {pin: [left[pin].pop(0)] for pin in wanted}, values)

    def fire_gathers(self) -> None:
        """One list for each firing of the list node that it closes, once none can come into it any more."""
        for (node, prefix), tokens in sorted(self.gathered.items(), key=lambda g: g[0]):

            def into(s: _Source, prefix: Label = prefix) -> bool:
                same = all(a == b for a, b in zip(s.label, prefix, strict=False))
                return same or any(c[1] != LIST for c in s.label)

            if not self.may_come(node, into):
                del self.gathered[node, prefix]
                self.fire(node, prefix, {"item": [t.value for t in sorted(tokens, key=order)]})

    def settle(self) -> None:
        """Each stage needs the earlier ones to be quiet."""
        stages, stage = [self.fire_joins, self.fire_heads, self.fire_leftovers, self.fire_gathers], 0
        while stage < len(stages):
            before = self.count
            stages[stage]()
            stage = 0 if self.count != before else stage + 1

    # A firing completes

    def complete(self, firing: _Source) -> None:
        node = self.graph.by_id[firing.node]
        linked = dict.fromkeys(arc.pin for arc in self.lay.into[firing.node])
        arrived = {pin: firing.inputs[pin] for pin in linked if pin in firing.inputs}
        inputs = pins.merge({**node.input_data, **arrived})
        outputs: list[tuple[str, Any]] = []
        failed = False
        try:
            for token in self.blocks[node.block_type].run(inputs):
                outputs.append(token)  # noqa: PERF402 - those before a failure stay
        except Failed as error:
            outputs.append(("error", str(error)))
            failed = True
        self._record(firing, inputs, outputs, failed=failed)

    def _record(
        self, firing: _Source, inputs: dict[str, Any], outputs: list[tuple[str, Any]], *, failed: bool
    ) -> None:
        if firing.label in self.fired[firing.node]:
            raise Ambiguous(f"{firing.node} fires twice under {firing.label}")
        self.fired[firing.node][firing.label] = Firing(
            label=firing.label, inputs=inputs, outputs=outputs, failed=failed
        )
        for position, (pin, value) in enumerate(outputs):
            k = sum(earlier == pin for earlier, _ in outputs[:position])
            label = (*firing.label, (k, LIST)) if pin in self.lay.many[firing.node] else firing.label
            for arc in self.lay.out[firing.node]:
                if pins.base_name(arc.pin_out) == pin and (found := pins.select(arc.pin_out, value)):
                    self.deliver(label, arc, found.value)
        for gather, lists in self.lay.closes.items():
            if firing.node in lists and not failed:
                self.gathered[gather, firing.label]  # opened, though no item may come

    def result(self, pick: Pick) -> Told:
        self.settle()
        while self.active:
            self.complete(self.active.pop(pick(len(self.active))))
            self.settle()
        firings = {n: sorted(some.values(), key=lambda f: (key(f.label), f.label)) for n, some in self.fired.items()}
        failed = [
            ((key(f.label), f.label, self.lay.rank[n]), n)
            for n, some in firings.items()
            for f in some
            if f.failed and not any(a.pin_out == "error" for a in self.lay.out[n])
        ]
        return Told(
            status="FAILED" if failed else "COMPLETED",
            failed_at=min(failed)[1] if failed else None,
            output=self.output(firings),
            firings=firings,
        )

    def output(self, firings: Mapping[str, list[Firing]]) -> dict[str, Any]:
        """By the names of AGENT_OUTPUT nodes; without one, by node and pin of the nodes that lead nowhere."""
        named: dict[str, str] = {
            n.id: str(n.input_data["name"]) for n in self.graph.nodes if n.block_type == "AGENT_OUTPUT"
        }
        last = list(named) or [n for n in self.lay.nodes if not self.lay.out[n]]
        told = [(key(f.label), f.label, self.lay.rank[n], n, f) for n in last for f in firings.get(n, [])]
        output: dict[str, Any] = {name: [] for name in named.values()} if named else {n: {} for n in last}
        for *_, node, firing in sorted(told, key=lambda t: t[:3]):
            for pin, value in firing.outputs:
                if not named and pin != "error":
                    output[node].setdefault(pin, []).append(value)
                elif named and pin == "output":
                    output[named[node]].append(value)
        return output
