"""What does a user's agent remember? The memory that blocks see, on Firestore."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from shared.blocks.memory import Kept, Near, Scope
from shared.domain import errors
from shared.firestore import memory, vectors

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

    async def learn(
        self,
        scope: Scope,
        collection: str,
        texts: Sequence[str],
        meanings: Sequence[Sequence[float]],
        metadata: Mapping[str, Any],
    ) -> None:
        for text in texts:
            if len(text.encode("utf-8", "replace")) > vectors.MAX_BYTES:
                raise errors.BlockError(
                    f"A text that is learnt has at most {vectors.MAX_BYTES:,} bytes: split it into chunks",
                    reason="LIMIT_EXCEEDED",
                )
        await _asked(vectors.keep(self._space(scope, collection), texts, meanings, metadata, self.now()))

    async def recall(self, scope: Scope, collection: str, vector: Sequence[float], limit: int) -> list[Near]:
        found = await _asked(vectors.nearest(self._space(scope, collection), vector, limit))
        return [Near(text=text, metadata=metadata, similarity=1 - far) for text, metadata, far in found]

    async def unlearn(self, scope: Scope, collection: str) -> int:
        count = 0
        while gone := await _asked(vectors.erase_space(self._space(scope, collection), MAX_BATCH)):
            count += gone
        return count

    def _space(self, scope: Scope, collection: str) -> vectors.Space:
        return vectors.Space(user_id=self.user_id, graph_id=self._agent(scope), name=collection)

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
    for documents in (memory, vectors):
        while await documents.erase(user_id, graph_id, MAX_BATCH) == MAX_BATCH:
            pass
