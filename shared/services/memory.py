"""What does a user's agent remember? The memory that blocks see, on Firestore."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from shared.blocks.memory import Kept, Scope
from shared.domain import errors
from shared.firestore import memory

MAX_BATCH = 300

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMemory:
    """``shared.blocks.memory.Memory`` for the runs of one graph of a user; ``graph_id`` "-": outside of any."""

    user_id: str
    graph_id: str
    now: Callable[[], datetime]

    async def find(self, scope: Scope, key: str) -> Kept | None:
        found = await _asked(memory.find(self.user_id, self._agent(scope), key))
        return Kept(value=found[0]) if found else None

    async def keep(self, scope: Scope, key: str, value: Any) -> None:
        if not await _asked(memory.keep(self.user_id, self._agent(scope), key, value, self.now())):
            raise errors.BlockError(
                f"The value for {key[:100]!r} has more than {memory.MAX_BYTES:,} bytes of JSON, the limit of what is "
                "kept: keep less, or where it can be found",
                reason="LIMIT_EXCEEDED",
            )

    async def forget(self, scope: Scope, key: str) -> bool:
        return await _asked(memory.remove(self.user_id, self._agent(scope), key))

    def _agent(self, scope: Scope) -> str:
        return "" if scope == Scope.ACROSS_AGENTS else self.graph_id or "-"


async def _asked(call: Awaitable[_Answer]) -> _Answer:
    """What Firestore cannot do now, another attempt of the node may."""
    try:
        return await call
    except errors.Unavailable as error:
        raise errors.Retryable(f"The memory did not answer: {error.message}", reason="MEMORY_UNAVAILABLE") from error


async def erase(user_id: str, graph_id: str) -> None:
    """All that a graph remembers."""
    while await memory.erase(user_id, graph_id, MAX_BATCH) == MAX_BATCH:
        pass
