"""What became of a file that was imported? Every node, link, pin and default of it stands in exactly one list.

understood   it is here as it was there, or is computed anew
changed      it is here in another form, which the entry says
missing      it is not here, which the entry explains
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["graph", "field", "node", "default", "link", "pin"]
Outcome = Literal["understood", "changed", "missing"]
OUTCOMES: Sequence[Outcome] = ("understood", "changed", "missing")

MAX_SHOWN = 200
"""Characters of a value or name that an entry repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``place``: in the file, as ``sub_graphs[1].nodes[3].input_default.key``; ``node_id``: empty where it is of no
    node. ``message``: what became of it; empty: it is as it was."""

    kind: Kind
    outcome: Outcome
    place: str
    node_id: str = ""
    message: str = ""


@dataclass(slots=True, kw_only=True)
class Report:
    """``source``: whose file it was: ``autogpt``, ``n8n`` or ``weftly``."""

    source: str
    entries: list[Entry] = field(default_factory=list[Entry])

    def understood(self, kind: Kind, place: str, node_id: str = "", message: str = "") -> None:
        self._add(kind, "understood", place, node_id, message)

    def changed(self, kind: Kind, place: str, message: str, node_id: str = "") -> None:
        self._add(kind, "changed", place, node_id, message)

    def changed_after_all(self, kind: Kind, place: str, message: str, node_id: str = "") -> None:
        """What was told to be understood, and is in another form in the end."""
        self.entries = [one for one in self.entries if one.place != place]
        self.changed(kind, place, message, node_id)

    def missing(self, kind: Kind, place: str, message: str, node_id: str = "") -> None:
        self._add(kind, "missing", place, node_id, message)

    def _add(self, kind: Kind, outcome: Outcome, place: str, node_id: str, message: str) -> None:
        self.entries.append(Entry(kind=kind, outcome=outcome, place=place, node_id=node_id, message=message))

    def resource(self) -> dict[str, Any]:
        """As JSON: counts by kind and outcome, and the three lists."""
        counted = Counter((one.kind, one.outcome) for one in self.entries)
        kinds = dict.fromkeys(one.kind for one in self.entries)
        return {
            "source": self.source,
            "counts": {kind: {outcome: counted[kind, outcome] for outcome in OUTCOMES} for kind in kinds},
            **{outcome: _listed(one for one in self.entries if one.outcome == outcome) for outcome in OUTCOMES},
        }


def _listed(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {"kind": one.kind, "place": one.place, "node_id": one.node_id or None, "message": one.message}
        for one in entries
    ]


def shown(text: str) -> str:
    """A name out of the file, short enough to be repeated."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
