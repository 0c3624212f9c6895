"""What may a block wait for without running?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAX_SUB_AGENTS: Final = 20
"""That one node execution waits for at a time: they are created in one write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Suspends until ``seconds`` have gone by; with 0 what it did so far is recorded, and it goes on at once.
    ``state``, here as in the others: JSON to remember meanwhile, as the id of a job that an outside service works on,
    or what was said so far; no secrets."""

    seconds: float
    state: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Suspends until a person has decided on ``data``; with ``editable`` they may change it."""

    name: str
    data: Any
    editable: bool
    state: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAgent:
    """Suspends until another graph of the user has run. ``graph_version`` None: the active one."""

    graph_id: str
    graph_version: int | None
    inputs: Mapping[str, Any]
    state: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAgents:
    """Suspends until several have run, at the same time; the states of each do not count."""

    agents: Sequence[SubAgent]
    state: Any = None


Suspension = Delay | Review | SubAgent | SubAgents


class Suspended(Exception):
    """Raised by ``run`` instead of waiting: nothing runs meanwhile. When what it asks for has come, ``run`` is
    called anew with ``context.resumption``, which has the ``state`` and: of a review ``{approved, data, message}``,
    of a sub-agent ``{status, output, error, cost}``, of several ``{agents}``, a list of these in the same order."""

    def __init__(self, suspension: Suspension) -> None:
        super().__init__(suspension)
        self.suspension = suspension
