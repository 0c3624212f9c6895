"""What of the platform may a model use by itself? Blocks, and the agents of the user whose execution this is."""

import functools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.blocks import catalog, runner
from shared.blocks.block import Block, Context
from shared.blocks.suspensions import SubAgent
from shared.blocks.tools import Called, NoTools, Tool
from shared.domain import errors, identity, interface
from shared.domain.graph import UserId
from shared.firestore import executions, graphs
from shared.services.runs import Run

MAX_FOUND = 10
MAX_AGENTS = 200
_QUERY = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
_RUN_BLOCK = {
    "type": "object",
    "properties": {"block_type": {"type": "string"}, "input_data": {"type": "object"}},
    "required": ["block_type", "input_data"],
}
_RUN_AGENT = {
    "type": "object",
    "properties": {"graph_id": {"type": "string"}, "inputs": {"type": "object"}},
    "required": ["graph_id", "inputs"],
}


class PlatformTools:
    """``context``: of the block that uses them: what they are charged counts for it."""

    def __init__(self, run: Run, context: Context) -> None:
        self._run = run
        self._context = context

    async def offered(self) -> list[Tool]:
        return [
            _tool("find_blocks", "Finds blocks by words, with what they take and give.", _QUERY),
            _tool("run_block", "Runs a block once, with its inputs by pin.", _RUN_BLOCK),
            _tool("find_agents", "Finds agents of the user by words, with what they take.", _QUERY),
            _tool("run_agent", "Runs an agent of the user, and waits for what it gives.", _RUN_AGENT),
        ]

    async def call(
        self, tool: Tool, arguments: Mapping[str, Any], *, key: str, resumption: Mapping[str, Any] | None = None
    ) -> Called:
        match tool.name:
            case "find_blocks":
                return Called(output={"blocks": [_found(str(arguments["query"]))]})
            case "find_agents":
                return Called(output={"agents": [await self._agents(str(arguments["query"]))]})
            case "run_agent":
                return _agent(arguments, resumption)
            case _:
                return await self._block(arguments, key, resumption)

    async def _agents(self, query: str) -> list[dict[str, Any]]:
        heads = await graphs.list_of(UserId(self._run.execution.user_id), None, MAX_AGENTS)
        ranked = _ranked(query, {head.id: f"{head.name} {head.description}" for head in heads if head.is_active})
        by_id: dict[str, graphs.Head] = {head.id: head for head in heads}
        return [
            {
                "graph_id": id_,
                "name": by_id[id_].name,
                "description": by_id[id_].description,
                "inputs": interface.input_schema(
                    (await graphs.get_version(id_, by_id[id_].active_version)).graph, catalog.specs()
                ),
            }
            for id_ in ranked
        ]

    async def _block(self, arguments: Mapping[str, Any], key: str, resumption: Mapping[str, Any] | None) -> Called:
        context = replace(
            self._context,
            idempotency_key=identity.derive(self._context.idempotency_key, "tool", key),
            attempt=1,
            resumption=resumption,
            listeners=None,
            tools=NoTools(),
        )
        try:
            block = catalog.find(str(arguments["block_type"]))
            if block is None or block.calls_tools or block.platform_tools:
                raise errors.BlockError(f"There is no block {arguments['block_type']!r} to run so; find one first.")
            outcome = await runner.collect(block, catalog.read_input(block, dict(arguments["input_data"])), context)
        except (errors.BlockError, TypeError, ValueError) as error:
            failure = error if isinstance(error, errors.BlockError) else errors.BlockError(str(error))
            return Called(output={}, failure=failure)
        output: dict[str, list[Any]] = defaultdict(list)
        for pin, value in outcome.tokens:
            output[pin].append(value)
        return Called(output=dict(output), failure=outcome.failure, suspension=outcome.suspension)


def _tool(name: str, description: str, parameters: Mapping[str, Any]) -> Tool:
    inputs = {one: one for one in parameters["properties"]}
    return Tool(name=name, description=description, node_id="", parameters=parameters, inputs=inputs, pins={})


def _agent(arguments: Mapping[str, Any], ended: Mapping[str, Any] | None) -> Called:
    if ended is None:
        inputs = arguments["inputs"] if isinstance(arguments["inputs"], dict) else {}
        return Called(
            output={},
            suspension=SubAgent(graph_id=str(arguments["graph_id"]), graph_version=None, inputs=inputs),
        )
    if ended["status"] != "COMPLETED":
        return Called(output={}, failure=errors.BlockError(f"It ended {ended['status']}: {ended['error']}"))
    return Called(output=ended["output"])


def _found(query: str) -> list[dict[str, Any]]:
    blocks: dict[str, Block] = {b.block_type: b for b in catalog.all() if not b.calls_tools and not b.platform_tools}
    words = {type_: f"{type_.replace('_', ' ')} {block.description}" for type_, block in blocks.items()}
    return [
        {
            "block_type": type_,
            "description": blocks[type_].description,
            "input_schema": blocks[type_].Input.model_json_schema(),
            "outputs": sorted(blocks[type_].Output.model_fields),
        }
        for type_ in _ranked(query, words)
    ]


def _ranked(query: str, texts: Mapping[str, str]) -> list[str]:
    """Those whose texts share most words with the query; without a word in common none, and all for an empty one."""
    wanted = set(query.lower().split())
    scores = {id_: len(wanted & set(text.lower().replace(".", " ").split())) for id_, text in texts.items()}
    found = [id_ for id_ in texts if scores[id_] or not wanted]
    return sorted(found, key=lambda id_: -scores[id_])[:MAX_FOUND]


async def nested(run: Run) -> int:
    """How many blocks that use these tools run this execution, one within the other."""
    count, execution = 0, await executions.find(run.execution.id)
    while execution is not None and (parent := execution.parent) is not None:
        version = await graphs.get_version(parent.graph_id, parent.graph_version)
        block = catalog.find(version.graph.by_id[parent.node_id].block_type)
        count += block is not None and block.platform_tools
        execution = await executions.find(parent.execution_id)
    return count


def given(run: Run, context: Context) -> Context:
    """``context`` with these tools."""
    return replace(context, tools=PlatformTools(run, context), nested=functools.partial(nested, run))
