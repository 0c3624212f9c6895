"""Of what does a template speak that stands for an expression of n8n? Items, moments, what blocks find out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.interop.n8n_moments import Moment
from shared.interop.n8n_terms import Untranslated

MAX_ASKED = 20
INDEX = "i0"
"""What a template calls the place of the item among those that come together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What no template can compute, as whether a pattern matches: a block that does. ``texts``: pin -> a Jinja
    expression of a text; ``items``: pin -> what a template calls the item that it gets; ``literals``: other pins;
    ``pin``: the one that has the answer, and always gives one."""

    block_type: str
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    items: Mapping[str, str] = field(default_factory=dict[str, str])
    literals: Mapping[str, Any] = field(default_factory=dict[str, Any])
    pin: str


@dataclass(slots=True)
class Names:
    """``known``: the nodes that may be spoken of; ``workflow``: the name of the whole; ``counts``: whether the place
    of an item can be told. ``nodes``, ``moments``, ``asks``: those that a template speaks of, as ``n0``, ``t0``,
    ``h0`` and so on."""

    known: frozenset[str]
    workflow: str = ""
    counts: bool = True
    is_counted: bool = False
    nodes: list[str] = field(default_factory=list[str])
    moments: list[Moment] = field(default_factory=list[Moment])
    asks: list[Ask] = field(default_factory=list[Ask])

    def of(self, node: str) -> str:
        """How Jinja calls the item of a node."""
        if node not in self.known:
            raise Untranslated(f"{node!r} is no node before this one")
        if node not in self.nodes:
            self.nodes.append(node)
        return f"n{self.nodes.index(node)}"

    def index(self) -> str:
        """How Jinja calls the place of the item among those that come together."""
        if not self.counts:
            raise Untranslated(
                "$itemIndex in a loop, or where items have to stay with earlier ones, has no counterpart"
            )
        self.is_counted = True
        return INDEX

    def at(self, moment: Moment) -> str:
        """How Jinja calls what a moment gives."""
        self.moments.append(moment)
        return f"t{self._last(self.moments)}"

    def ask(self, ask: Ask) -> str:
        """How Jinja calls what a block answers."""
        if ask not in self.asks:
            self.asks.append(ask)
            self._last(self.asks)
        return f"h{self.asks.index(ask)}"

    def spoken_of(self) -> tuple[int, int, int]:
        """How many nodes, moments and asks so far."""
        return len(self.nodes), len(self.moments), len(self.asks)

    def forget(self, nodes: int, moments: int, asks: int) -> None:
        """All that was spoken of after so many."""
        del self.nodes[nodes:], self.moments[moments:], self.asks[asks:]

    def _last(self, several: list[Any]) -> int:
        if len(several) > MAX_ASKED:
            raise Untranslated(f"it needs more than {MAX_ASKED} blocks")
        return len(several) - 1
