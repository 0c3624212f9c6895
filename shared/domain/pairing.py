"""What is ripe at the gates? Which held tokens fire which nodes, once nothing that could change it can still come.

A pure function of one snapshot: ``decide``. The rules are those of docs/ARCHITECTURE.md, "Pairing". It works to the
end: what it fires counts as active for everything after, so that one call leaves nothing ripe behind.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.domain import labels, sending
from shared.domain.labels import Key, Label
from shared.domain.plan import Plan

ITEM = "item"
"""The pin of a gather."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A token that waits at a gate; its value does not matter here. ``pin`` empty: a mark that opens a gather for
    the list whose firing has this label. ``loop``: it came by a link from within the gate's own cycle."""

    id: str
    gate: str
    pin: str
    label: Label
    link: int
    static: bool = False
    loop: bool = False
    hops: int = 0

    @property
    def order(self) -> tuple[Key, Label, int]:
        return labels.key(self.label), self.label, self.link


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """A node execution that runs, waits or spreads: what it emits may still come."""

    node: str
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A firing: ``tokens`` by pin, in order (several on the pin of a gather, none for an empty list)."""

    node: str
    label: Label
    tokens: Mapping[str, Sequence[Held]]
    consumed: Sequence[Held]


@dataclass(frozen=True, slots=True)
class _Source:
    """Something that may fire: an active node execution, or what is held and will fire by itself. ``turning``:
    it is part of a turn, and not a gate that may only begin one."""

    node: str
    label: Label
    turning: bool
    lacks: frozenset[str] = frozenset()


def decide(plan: Plan, gates: Collection[str], held: Iterable[Held], active: Iterable[Active]) -> list[Row]:
    """The firings of ``gates`` that are ripe. ``held``: every token at the gates from which one of ``gates`` can be
    reached, and at these. ``active``: everything that can reach one of them."""
    return _Pairing(plan, gates, held, active).settle()


def list_of(held: Held) -> Label:
    """The list at a gather that a token or a mark belongs to."""
    return sending.group(held.label) if held.pin else held.label


@dataclass
class _Gate:
    """The tokens of one gate. ``joins``: key -> pin -> tokens; of a head ``external`` and ``loop`` by pin."""

    joins: dict[Key, dict[str, list[Held]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    external: dict[str, list[Held]] = field(default_factory=lambda: defaultdict(list))
    loop: dict[str, list[Held]] = field(default_factory=lambda: defaultdict(list))
    static: dict[str, list[Held]] = field(default_factory=lambda: defaultdict(list))
    gathered: dict[Label, list[Held]] = field(default_factory=lambda: defaultdict(list))


class _Pairing:
    def __init__(self, plan: Plan, gates: Collection[str], held: Iterable[Held], active: Iterable[Active]) -> None:
        self.plan = plan
        self.gates = [n for n in plan.nodes if n in gates]
        self.active = [_Source(a.node, a.label, True) for a in active]
        self.rows: list[Row] = []
        self.at: dict[str, _Gate] = defaultdict(_Gate)
        for token in sorted(held, key=lambda t: (t.gate, t.pin, t.order, t.id)):
            self._place(token)

    def _place(self, token: Held) -> None:
        gate, node = self.at[token.gate], self.plan.nodes[token.gate]
        if node.gather:
            gate.gathered[list_of(token)].append(token)
        elif token.static:
            gate.static[token.pin].append(token)
        elif node.head:
            (gate.loop if token.loop else gate.external)[token.pin].append(token)
        else:
            gate.joins[labels.key(token.label)][token.pin].append(token)

    def settle(self) -> list[Row]:
        """Each stage needs the earlier ones to be quiet."""
        stages: list[Callable[[], None]] = [self._joins, self._heads, self._leftovers, self._gathers]
        stage = 0
        while stage < len(stages):
            before = len(self.rows)
            stages[stage]()
            stage = 0 if len(self.rows) != before else stage + 1
        return self.rows

    # What may still come

    def _reaches(self, source: str, node: str) -> bool:
        return node in self.plan.nodes[source].reaches

    def _same_cycle(self, a: str, b: str) -> bool:
        cycle = self.plan.nodes[a].cycle
        return cycle is not None and cycle == self.plan.nodes[b].cycle

    def _complete(self, node: str) -> list[Key]:
        """Keys of a join that has a token on every ordinary pin."""
        ordinary = self.plan.nodes[node].ordinary
        return sorted(key for key, pins in self.at[node].joins.items() if all(pins.get(pin) for pin in ordinary))

    def _held_sources(self, but: str | None) -> list[_Source]:
        """What will fire later, each with the pins that it still lacks."""
        sources: list[_Source] = []
        for node, gate in self.at.items():
            if node == but:
                continue
            plan = self.plan.nodes[node]
            sources += [_Source(node, tuple(key), True, self._lacking_statics(node)) for key in self._complete(node)]
            sources += [_Source(node, prefix, False) for prefix in gate.gathered]
            if plan.answers:
                sources += self._dialog_sources(node)
            elif plan.head or plan.mixed:
                has = {p for p in plan.ordinary if self._has(gate, p)}
                if has:
                    lacks = (set(plan.ordinary) - has) | self._lacking_statics(node)
                    sources.append(_Source(node, (), False, frozenset(lacks)))
        return sources

    def _dialog_sources(self, node: str) -> list[_Source]:
        """A turn that has some of its answers, and a dialog that has some of its seeds."""
        plan, gate = self.plan.nodes[node], self.at[node]
        sources: list[_Source] = []
        for pins, tokens, statics in (
            (plan.answers, gate.loop, frozenset[str]()),
            (plan.seeds, gate.external, self._lacking_statics(node)),
        ):
            if any(tokens[pin] for pin in pins):
                lacks = frozenset(pin for pin in pins if not tokens[pin])
                sources.append(_Source(node, (), False, lacks | statics))
        return sources

    @staticmethod
    def _has(gate: _Gate, pin: str) -> bool:
        return bool(gate.loop[pin] or gate.external[pin] or any(pins.get(pin) for pins in gate.joins.values()))

    def _lacking_statics(self, node: str) -> frozenset[str]:
        return frozenset(p for p in self.plan.nodes[node].statics if not self.at[node].static[p])

    def _pending(self, but: str | None = None) -> list[_Source]:
        """Active firings and what is held, without what waits for a value that cannot come: the least set that
        starts from the active ones. ``but``: as seen by this node, which cannot wait for itself."""
        pending, rest = list(self.active), self._held_sources(but)
        while alive := [s for s in rest if self._can_complete(s, pending)]:
            pending += alive
            rest = [s for s in rest if s not in alive]
        return pending

    def _can_complete(self, source: _Source, pending: Sequence[_Source]) -> bool:
        return all(
            any(p.node == s or self._reaches(p.node, s) for p in pending for s in self._sources(source.node, pin))
            for pin in source.lacks
        )

    def _sources(self, node: str, pin: str) -> list[str]:
        return [self.plan.links[i].source for i in self.plan.nodes[node].into if self.plan.links[i].sink_pin == pin]

    def _may_come(
        self, node: str, test: Callable[[Label], bool] = lambda label: True, *, outside: bool = False
    ) -> bool:
        return any(
            test(s.label) and self._reaches(s.node, node) and not (outside and self._same_cycle(s.node, node))
            for s in self._pending(node)
        )

    # Firing

    def _fire(self, node: str, label: Label, tokens: Mapping[str, Sequence[Held]], consumed: Iterable[Held]) -> None:
        self.active.append(_Source(node, label, True))
        self.rows.append(Row(node=node, label=label, tokens=tokens, consumed=list(consumed)))

    def _fire_row(self, node: str, row: Mapping[str, Held], label: Label, statics: Mapping[str, Held]) -> None:
        tokens = {pin: [token] for pin, token in {**row, **statics}.items()}
        self._fire(node, label, tokens, row.values())

    def _static_values(self, node: str, key: Key, more: Sequence[str] = ()) -> dict[str, Held] | None:
        """Per static pin the token with the greatest key not above the firing's, once none such can still come; if
        there is none and none of any kind can come, the smallest. None: wait."""
        chosen: dict[str, Held] = {}
        for pin in (*self.plan.nodes[node].statics, *more):
            tokens = self.at[node].static[pin]
            below = [t for t in tokens if labels.key(t.label) <= key]
            if self._coming(node, pin, lambda k: k <= key):
                return None
            if not below and (not tokens or self._coming(node, pin, lambda _: True)):
                return None
            chosen[pin] = max(below, key=lambda t: t.order) if below else min(tokens, key=lambda t: t.order)
        return chosen

    def _coming(self, node: str, pin: str, test: Callable[[Key], bool]) -> bool:
        sources = self._sources(node, pin)
        return any(
            test(labels.key(p.label))
            for p in self._pending(node)
            if any(p.node == s or self._reaches(p.node, s) for s in sources)
        )

    # The stages

    def _joins(self) -> None:
        for node in self._of(lambda n: not self.plan.nodes[n].head and not self.plan.nodes[n].gather):
            for key in self._complete(node):
                if self.plan.nodes[node].merged and self._rival(node, key):
                    continue
                statics = self._static_values(node, key)
                if statics is not None:
                    self._fire_join(node, self.at[node].joins[key], statics)

    def _rival(self, node: str, key: Key) -> bool:
        """Whether another link of one of its pins may still bring a token of this key."""
        return any(self._reaches(s.node, node) and self._can_make(s, node, key) for s in self._pending(node))

    def _can_make(self, source: _Source, node: str, key: Key) -> bool:
        """What may only begin a turn has no label yet, by which to judge."""
        cycle = self.plan.nodes[node].cycle
        if source.turning and cycle is not None and node in self.plan.nodes[source.node].later:
            return sending.can_make_later(source.label, key, cycle)
        return sending.can_make(source.label, key)

    def _fire_join(self, node: str, pins: dict[str, list[Held]], statics: Mapping[str, Held]) -> None:
        """The first token of every pin."""
        row: dict[str, Held] = {}
        for pin in self.plan.nodes[node].ordinary:
            pins[pin].sort(key=lambda t: t.order)
            row[pin] = pins[pin].pop(0)
        self._fire_row(node, row, labels.widest([t.label for t in row.values()]), statics)

    def _heads(self) -> None:
        for node in self._of(lambda n: self.plan.nodes[n].head):
            if self._turning(node):
                continue
            if self.plan.nodes[node].answers:
                self._dialog(node)
                continue
            picked = {pin: self._pick(node, pin) for pin in self.plan.nodes[node].ordinary}
            row = {pin: token for pin, token in picked.items() if token is not None}
            if len(row) == len(picked):
                self._turn(node, row)

    def _dialog(self, node: str) -> None:
        """A turn, with a token on every pin that answers, and what began the dialog on the others; else the first
        turn of the next dialog, which ends the last: what that left is dropped."""
        plan, gate = self.plan.nodes[node], self.at[node]
        if all(gate.loop[pin] for pin in plan.answers):
            row = {pin: min(gate.loop[pin], key=lambda t: t.order) for pin in plan.answers}
            label = row[plan.answers[0]].label
            kept = [pin for pin in plan.seeds if pin not in plan.answers]
            statics = self._static_values(node, labels.key(label), kept)
            if statics is not None:
                for pin, token in row.items():
                    gate.loop[pin].remove(token)
                self._fire_row(node, row, label, statics)
            return
        picked = {pin: self._first_from_outside(node, pin) for pin in plan.seeds}
        seeds = {pin: token for pin, token in picked.items() if token is not None}
        if not seeds or len(seeds) < len(picked):
            return
        label = labels.widest([t.label for t in seeds.values()])
        statics = self._static_values(node, labels.key(label))
        if statics is None:
            return
        left = [token for pin in plan.answers for token in gate.loop.pop(pin, [])]
        for pin, token in seeds.items():
            gate.external[pin].remove(token)
        tokens = {pin: [token] for pin, token in {**seeds, **statics}.items()}
        self._fire(node, label, tokens, [*seeds.values(), *left])

    def _turn(self, node: str, row: Mapping[str, Held]) -> None:
        looped = self._looped(node)
        outside = [t.label for pin, t in row.items() if pin not in looped] or [t.label for t in row.values()]
        label = labels.widest(outside)
        statics = self._static_values(node, labels.key(label))
        if statics is None:
            return
        for pin, token in row.items():
            (self.at[node].loop if token.loop else self.at[node].external)[pin].remove(token)
        self._fire_row(node, row, label, statics)

    def _turning(self, node: str) -> bool:
        """Whether a turn is on its way: one at a time."""
        return any(s.turning and self._same_cycle(s.node, node) for s in self._pending(node))

    def _looped(self, node: str) -> set[str]:
        """Ordinary pins that a link from within the cycle leads into."""
        links = [self.plan.links[i] for i in self.plan.nodes[node].into]
        return {link.sink_pin for link in links if not link.static and self._same_cycle(link.source, node)}

    def _pick(self, node: str, pin: str) -> Held | None:
        """A loop token if there is one (the seed comes from outside), else the first external one, once no smaller
        can come."""
        gate = self.at[node]
        if pin in self._looped(node) and gate.loop[pin]:
            return min(gate.loop[pin], key=lambda t: t.order)
        return self._first_from_outside(node, pin)

    def _first_from_outside(self, node: str, pin: str) -> Held | None:
        gate = self.at[node]
        if not gate.external[pin]:
            return None
        first = min(gate.external[pin], key=lambda t: t.order)
        smaller = self._may_come(node, lambda label: labels.key(label) <= labels.key(first.label), outside=True)
        return None if smaller else first

    def _unpaired(self, node: str) -> dict[str, list[Held]]:
        """Per pin, in order, the tokens of a mixed join that found no partner of their key."""
        pins: dict[str, list[Held]] = {pin: [] for pin in self.plan.nodes[node].ordinary}
        for tokens in self.at[node].joins.values():
            if not all(tokens.get(pin) for pin in pins):
                for pin, some in tokens.items():
                    pins[pin] += some
        return {pin: sorted(tokens, key=lambda t: t.order) for pin, tokens in pins.items()}

    def _leftovers(self) -> None:
        """They pair in order, once no token can reach the join any more."""
        for node in self._of(lambda n: self.plan.nodes[n].mixed):
            pins = self._unpaired(node)
            if not all(pins.values()) or self._may_come(node):
                continue
            while all(pins.values()):
                row = {pin: tokens[0] for pin, tokens in pins.items()}
                statics = self._static_values(node, max(labels.key(t.label) for t in row.values()))
                if statics is None:
                    break
                for pin, token in row.items():
                    self.at[node].joins[labels.key(token.label)][pin].remove(token)
                    pins[pin].pop(0)
                self._fire_row(node, row, labels.widest([t.label for t in row.values()]), statics)

    def _gathers(self) -> None:
        """One list for each firing of the list node that it closes, once none can come into it any more."""
        for node in self._of(lambda n: self.plan.nodes[n].gather):
            gathered = self.at[node].gathered
            for prefix in sorted(gathered):
                if not self._may_come(node, lambda label, prefix=prefix: sending.may_enter(label, prefix)):
                    marks = gathered.pop(prefix)
                    items = sorted((t for t in marks if t.pin), key=lambda t: t.order)
                    self._fire(node, prefix, {ITEM: items}, marks)

    def _of(self, test: Callable[[str], bool]) -> list[str]:
        return [node for node in self.gates if node in self.at and test(node)]
