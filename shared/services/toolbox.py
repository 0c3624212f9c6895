"""Which tools does a node have, and what does a call of one give? The nodes that its tool pins are linked to."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.blocks import catalog, runner
from shared.blocks.block import Block, Context
from shared.blocks.tools import Called, NoTools, Tool, Toolbox
from shared.domain import errors, identity, interface, pins, planning
from shared.domain.graph import Link, Node
from shared.firestore import graphs
from shared.services import constants, platform_tools, timeouts
from shared.services.runs import Run

MAX_NAME = 64
"""Of a function (https://platform.openai.com/docs/api-reference/chat/create#chat_create-tools)."""

AGENT = "AGENT_EXECUTOR"
_FIELD = "_~_"
_OTHER = re.compile(r"[^a-zA-Z0-9_-]+")


class NodeTools:
    """``context``: of the node whose tools these are."""

    def __init__(self, run: Run, node_id: str, context: Context) -> None:
        self._run = run
        self._node_id = node_id
        self._context = context

    async def offered(self) -> list[Tool]:
        sinks: dict[str, list[Link]] = defaultdict(list)
        for link in self._run.version.graph.links:
            if link.source_id == self._node_id and pins.TOOL in link.source_name:
                sinks[link.sink_id].append(link)
        taken: set[str] = set()
        return [await self._tool(self._run.version.graph.by_id[sink], links, taken) for sink, links in sinks.items()]

    async def _tool(self, node: Node, links: list[Link], taken: set[str]) -> Tool:
        block = catalog.find(node.block_type)
        if block is None:
            raise errors.BlockError(
                f"The tool {node.id} has the block {node.block_type}, which is not there any more."
            )
        child = await self._interface(node) if node.block_type == AGENT else None
        name = _free(
            str(node.metadata.get("customized_name") or node.input_data.get("agent_name") or ""), node, taken
        )
        arguments = {link.source_name: _argument(link) for link in links}
        schema = child or _inputs(node)
        return Tool(
            name=name,
            description=str(
                node.metadata.get("description") or (child or {}).get("description") or block.description
            ),
            node_id=node.id,
            parameters=_parameters(schema, {_argument(link): link.sink_name for link in links}),
            inputs={_argument(link): link.sink_name for link in links},
            pins=arguments,
        )

    async def _interface(self, node: Node) -> dict[str, Any] | None:
        """What the graph of a sub-agent takes, and what it says of itself; what the node says, where it is gone."""
        graph_id = str(node.input_data.get("graph_id") or "")
        head = await graphs.find(graph_id) if graph_id else None
        if head is None or head.user_id != self._run.execution.user_id:
            return node.input_data.get("input_schema") or None
        number = node.input_data.get("graph_version") or head.active_version
        version = await graphs.get_version(graph_id, int(number))
        schema = interface.input_schema(version.graph, catalog.specs())
        return {**schema, "description": head.description or f"The agent {head.name}."}

    async def call(
        self, tool: Tool, arguments: Mapping[str, Any], *, key: str, resumption: Mapping[str, Any] | None = None
    ) -> Called:
        run, node = self._run, self._run.version.graph.by_id[tool.node_id]
        settings, limit = run.world.settings, timeouts.of(run.world, node)
        given = {tool.inputs[name]: value for name, value in arguments.items() if name in tool.inputs}
        try:
            supplied = planning.static_values(run.version.plan, node.id, await constants.of(run, node.id))
            block = catalog.get(node.block_type)
            literals = {**node.input_data, **await constants.credentials_of(run, node)}
            input_ = catalog.read_input(block, {**literals, **supplied, **given})
            async with asyncio.timeout(limit):
                outcome = await runner.collect(
                    block,
                    input_,
                    self._as(node, block, key, resumption),
                    many_pins=frozenset(run.version.plan.nodes[node.id].many),
                    max_tokens_a_firing=settings.max_tokens_per_firing,
                    max_value_bytes=settings.max_value_bytes,
                )
        except errors.BlockError as failure:
            return Called(output={}, failure=failure)
        except TimeoutError:
            failure = errors.BlockError(f"{node.block_type} took longer than {limit:g} s.", reason="TIMEOUT")
            return Called(output={}, failure=failure)
        output: dict[str, list[Any]] = defaultdict(list)
        for pin, value in outcome.tokens:
            output[pin].append(value)
        return Called(output=dict(output), failure=outcome.failure, suspension=outcome.suspension)

    def _as(self, node: Node, block: Block, key: str, resumption: Mapping[str, Any] | None) -> Context:
        """The context in which a tool runs: what it is charged counts for the node that calls it."""
        context = replace(
            self._context,
            node_id=node.id,
            idempotency_key=identity.derive(self._context.idempotency_key, "tool", key),
            attempt=1,
            resumption=resumption,
            listeners=None,
            tools=NoTools(),
        )
        if block.platform_tools:
            return platform_tools.given(self._run, context)
        return replace(context, tools=NodeTools(self._run, node.id, context)) if block.calls_tools else context


def of(run: Run, node_id: str, context: Context) -> Toolbox:
    return NodeTools(run, node_id, context)


def _argument(link: Link) -> str:
    """The name of the argument that a link carries: the field that its pin names, in letters that a name may have."""
    _, _, field = link.source_name.partition(_FIELD)
    return _OTHER.sub("_", field or link.sink_name)[:MAX_NAME]


def _free(wished: str, node: Node, taken: set[str]) -> str:
    """A name for a tool that no other has: what people call the node, else its block."""
    base = (_OTHER.sub("_", wished).strip("_") or node.block_type.lower())[: MAX_NAME - 4]
    name = next(n for n in (base, *(f"{base}_{number}" for number in range(2, 1_000))) if n not in taken)
    taken.add(name)
    return name


def _inputs(node: Node) -> dict[str, Any]:
    """What a block takes: a pin is required that has neither a default nor a literal."""
    spec = catalog.specs()[node.block_type]
    required = [pin.name for pin in spec.inputs.values() if pin.required and pin.name not in node.input_data]
    return {"properties": {pin.name: pin.schema for pin in spec.inputs.values()}, "required": required}


def _parameters(schema: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """The JSON Schema of the arguments: of each the schema of its input, and of a part of one anything."""
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    required: list[str] = []
    known: Mapping[str, Any] = schema.get("properties") or {}
    for name, pin in inputs.items():
        whole = not pins.is_dynamic(pin)
        found: dict[str, Any] = {"description": f"The part {pin} of an input."}
        if whole:
            found = dict(known.get(pin, {}))
        definitions |= found.pop("$defs", {})
        properties[name] = found
        if not whole or pin in schema.get("required", ()):
            required.append(name)
    made = {"type": "object", "properties": properties, "required": required}
    return made | ({"$defs": definitions} if definitions else {})
