"""Who watches a node execution while its block runs? What it says so far is written down where streams see it.

A piece is gone after an hour, and nothing depends on it: what is lost is in the output at the end. Pieces are put
together to a few a second. Their ids derive from the claim: another call of the same node execution, which may say
something else, has others, and ``claim`` tells consumers to begin anew.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain import identity
from shared.domain.live import Piece
from shared.domain.records import NodeExecution
from shared.firestore import pieces as pieces_of
from shared.services.runs import Run

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Partials:
    """``Listeners`` of one call. ``is_lost``: whether somebody else has the node execution by now."""

    run: Run
    node: NodeExecution
    claim_id: str
    is_lost: Callable[[], bool]
    _texts: dict[str, str] = field(default_factory=dict[str, str])
    _told: dict[str, int] = field(default_factory=dict[str, int])
    _count: int = 0
    _next_at: datetime | None = None

    async def tell(self, pin: str, piece: str) -> None:
        self._texts[pin] = self._texts.get(pin, "") + piece
        now = self.run.world.now()
        if self._next_at is None or now >= self._next_at:
            self._next_at = now + timedelta(seconds=1 / self.run.world.settings.partials_per_second)
            await self.flush()

    async def flush(self) -> None:
        """Tell what was not told yet."""
        pieces, self._texts = self._texts, {}
        if not pieces or self.is_lost():
            return
        now = self.run.world.now()
        told = [self._piece(pin, text, now) for pin, text in pieces.items()]
        try:
            await pieces_of.add(self.run.execution.id, told)
        except Exception:  # noqa: BLE001 - nobody's result depends on it
            _log.warning("a piece of a text was not told", exc_info=True, extra={"node_id": self.node.node_id})

    def _piece(self, pin: str, text: str, now: datetime) -> Piece:
        """``offset``: of the text, in characters, since this call began."""
        self._count += 1
        offset = self._told.get(pin, 0)
        self._told[pin] = offset + len(text)
        return Piece(
            id=identity.derive(self.node.id, "partial", self.claim_id, str(self._count)),
            node_execution_id=self.node.id,
            node_id=self.node.node_id,
            claim=self.claim_id,
            number=self._count,
            pin=pin,
            offset=offset,
            text=text,
            at=now,
        )


def of(run: Run, node: NodeExecution, claim_id: str, is_lost: Callable[[], bool]) -> Partials | None:
    """None: nobody may watch. A person watches what is interactive; what runs without a claim says nothing."""
    watched = run.world.settings.partials_per_second > 0 and run.execution.queue == "interactive" and claim_id
    return Partials(run=run, node=node, claim_id=claim_id, is_lost=is_lost) if watched else None
