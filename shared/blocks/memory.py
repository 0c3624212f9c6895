"""What does an agent remember from run to run? The port through which blocks ask; ``shared/services`` answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from shared.domain import errors

MAX_KEY = 1_000
"""Characters."""
DIMENSIONS = 768
"""Of the vectors of meanings."""


class Scope(Enum):
    WITHIN_AGENT = "within_agent"
    ACROSS_AGENTS = "across_agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """``similarity``: 1 is the same meaning, 0 none in common."""

    text: str
    metadata: Any
    similarity: float


class Memory(Protocol):
    """The memory of the user whose execution this is. ``WITHIN_AGENT``: of this graph alone, all its versions and
    runs; a call of a block outside of any graph has a place of its own."""

    async def find(self, scope: Scope, key: str) -> Kept | None:
        """None: nothing was kept under this key."""
        ...

    async def keep(self, scope: Scope, key: str, value: Any) -> None:
        """Of two that keep under one key, the last to write stays. BlockError, reason ``LIMIT_EXCEEDED``, for a value
        that is too large."""
        ...

    async def forget(self, scope: Scope, key: str) -> bool:
        """Whether anything was kept there."""
        ...

    async def learn(
        self,
        scope: Scope,
        collection: str,
        texts: Sequence[str],
        meanings: Sequence[Sequence[float]],
        metadata: Mapping[str, Any],
    ) -> None:
        """Keep texts under the vectors of their meanings, of ``DIMENSIONS`` numbers; each text once. BlockError,
        reason ``LIMIT_EXCEEDED``, for a text that is too large."""
        ...

    async def recall(self, scope: Scope, collection: str, vector: Sequence[float], limit: int) -> list[Near]:
        """The texts of the nearest vectors, nearest first."""
        ...

    async def unlearn(self, scope: Scope, collection: str) -> int:
        """Forget all texts of a collection; how many there were."""
        ...


class NoMemory:
    """The memory of nobody."""

    async def find(self, scope: Scope, key: str) -> Kept | None:
        raise _nobody()

    async def keep(self, scope: Scope, key: str, value: Any) -> None:
        raise _nobody()

    async def forget(self, scope: Scope, key: str) -> bool:
        raise _nobody()

    async def learn(self, scope: Scope, collection: str, texts: Any, meanings: Any, metadata: Any) -> None:
        raise _nobody()

    async def recall(self, scope: Scope, collection: str, vector: Any, limit: int) -> list[Near]:
        raise _nobody()

    async def unlearn(self, scope: Scope, collection: str) -> int:
        raise _nobody()


def _nobody() -> errors.BlockError:
    return errors.BlockError("There is no memory here.", reason="MEMORY_UNAVAILABLE")
