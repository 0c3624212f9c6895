"""What is an agent? A graph of nodes and links, in immutable versions.

Plain data, the same names as in the API and in Firestore. Whether a graph is well formed is the question of
``validation``; what follows from its shape (which joins, which lists, …) that of ``analysis``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NewType

GraphId = NewType("GraphId", str)
NodeId = NewType("NodeId", str)
UserId = NewType("UserId", str)

Values = Mapping[str, Any]
"""Pin name -> JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A block with its ``input_data`` (pin -> literal). ``backoff`` and ``timeout`` in seconds; None: the
    block's own, then the platform's."""

    id: NodeId
    block_type: str
    input_data: Values = field(default_factory=dict[str, Any])
    position: Mapping[str, float] = field(default_factory=dict[str, float])
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    max_attempts: int | None = None
    backoff: float | None = None
    timeout: float | None = None
    cache: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """``source_id.source_name -> sink_id.sink_name``."""

    id: str
    source_id: NodeId
    source_name: str
    sink_id: NodeId
    sink_name: str
    is_static: bool = False


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The shape of one version: what is executed. The order of nodes and links is part of it: the position of a
    link orders tokens."""

    nodes: Sequence[Node]
    links: Sequence[Link]
    on_error: str = "continue"

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        return {node.id: node for node in self.nodes}
