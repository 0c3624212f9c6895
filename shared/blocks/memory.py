"""What does an agent remember from run to run? The port through which blocks ask; ``shared/services`` answers."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from shared.domain import errors

MAX_KEY = 1_000
"""Characters."""


class Scope(Enum):
    WITHIN_AGENT = "within_agent"
    ACROSS_AGENTS = "across_agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    value: Any


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


class NoMemory:
    """The memory of nobody."""

    async def find(self, scope: Scope, key: str) -> Kept | None:
        raise _nobody()

    async def keep(self, scope: Scope, key: str, value: Any) -> None:
        raise _nobody()

    async def forget(self, scope: Scope, key: str) -> bool:
        raise _nobody()


def _nobody() -> errors.BlockError:
    return errors.BlockError("There is no memory here.", reason="MEMORY_UNAVAILABLE")
