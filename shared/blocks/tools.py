"""Which nodes may a block call as tools, and how does it call one?

The engine hands these to a block that ``calls_tools``: the nodes that its tool pins are linked to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.blocks.suspensions import Suspension
from shared.domain import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A node as a function. ``name``: unlike that of any other. ``parameters``: the JSON Schema of its arguments, an
    object. ``inputs``: name of an argument -> input pin of the node. ``pins``: source pin of a link -> the argument
    that it carries."""

    name: str
    description: str
    node_id: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    pins: Mapping[str, str]

    @property
    def function(self) -> dict[str, Any]:
        """In OpenAI's form."""
        described = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": described}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a call gave: ``output`` by pin; or why it failed; or what it waits for, to be called again with what
    came (``resumption``)."""

    output: Mapping[str, list[Any]]
    failure: errors.BlockError | None = None
    suspension: Suspension | None = None


class Toolbox(Protocol):
    """The tools of one node execution."""

    async def offered(self) -> list[Tool]:
        """In the order of the links. BlockError: a node cannot be a tool."""
        ...

    async def call(
        self, tool: Tool, arguments: Mapping[str, Any], *, key: str, resumption: Mapping[str, Any] | None = None
    ) -> Called:
        """Run the node's block once, inside this call, with its literals and constants and these arguments. ``key``:
        unlike that of any other call of this node execution; it stands in the idempotency key. Never raises for what
        the block does."""
        ...


class NoTools:
    async def offered(self) -> list[Tool]:
        return []

    async def call(
        self, tool: Tool, arguments: Mapping[str, Any], *, key: str, resumption: Mapping[str, Any] | None = None
    ) -> Called:
        raise RuntimeError(f"nobody can call {tool.name} here")
