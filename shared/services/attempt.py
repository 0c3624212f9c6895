"""What comes out of one call of a node's block? Inputs put together, the block run under its time limit and lease."""

import asyncio
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared import clock, metrics, tracing
from shared.blocks import catalog, runner
from shared.blocks.block import Block, BlockInput, Context
from shared.blocks.runner import Outcome
from shared.domain import errors
from shared.domain.graph import Node
from shared.domain.records import Lost, NodeExecution
from shared.firestore import node_cache, node_executions
from shared.firestore import values as values_codec
from shared.services import (
    budgets,
    memory,
    node_inputs,
    partials,
    platform_tools,
    resumptions,
    timeouts,
    toolbox,
    user_files,
    wallets,
)
from shared.services.partials import Partials
from shared.services.runs import Run
from shared.services.world import World

_RENEWALS = 3  # a lease is renewed so many times in its length
DUE_MARGIN = timedelta(minutes=1)
"""After the end of a lease recovery waits so long for whoever has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """``fence``: on which the result is to be recorded; renewals of the lease have moved it. ``cached``: the block
    was not called; ``keep_as``: under what its outputs are to be kept, where the node asks for it."""

    outcome: Outcome
    fence: str
    cost: float = 0.0
    cached: bool = False
    keep_as: str | None = None


def lease(world: World, now: datetime) -> dict[str, Any]:
    """The fields of a lease from now on."""
    until = now + timedelta(seconds=world.settings.lease_seconds)
    return {"lease_until": until, "due_at": until + DUE_MARGIN}


async def run(run: Run, node: NodeExecution, graph_node: Node, *, claim_id: str) -> Ran:
    """One attempt, under a claim or without one. Never raises for what the block does."""
    try:
        block = _block(graph_node)
        input_ = catalog.read_input(block, await node_inputs.values(run, node, graph_node))
    except errors.BlockError as failure:
        return Ran(outcome=Outcome(tokens=[], failure=failure), fence=node.update_time)
    keep_as = _entry(run, block, input_) if graph_node.cache and not block.suspends else None
    kept = await node_cache.find(keep_as, run.world.now()) if keep_as else None
    if kept is not None:
        tokens = [(output.pin, output.value) for output in kept]
        return Ran(outcome=Outcome(tokens=tokens), fence=node.update_time, cached=True)
    resumption = await resumptions.of(run.world, node)
    cost = float((resumption or {}).get("cost", 0.0))
    charges: list[float] = []
    keeper = Keeper(run.world, node)
    listeners = partials.of(run, node, claim_id, keeper.is_lost)
    call = _call(run, node, graph_node, input_, resumption, charges, listeners)
    with _measured(block.block_type, node) as ended:
        outcome = await keeper.guard(call) if claim_id else await call
        ended.append(outcome)
    fence = keeper.fence
    return Ran(outcome=outcome, fence=fence, cost=cost + sum(charges), keep_as=keep_as)


@contextmanager
def _measured(block_type: str, node: NodeExecution) -> Generator[list[Outcome]]:
    """One run of a block, as a span and a duration. Who is inside says how it ended, by appending it."""
    started, ended = clock.monotonic(), list[Outcome]()
    with tracing.span(f"block {block_type}", attempt=node.attempts + 1) as span:
        try:
            yield ended
        finally:
            failed = not ended or ended[0].failure is not None
            if failed:
                span.failed(ended[0].failure.reason if ended and ended[0].failure else "interrupted")
            seconds = clock.monotonic() - started
            metrics.record(
                "node_execution_duration_seconds", seconds, block_type=block_type, failed=str(failed).lower()
            )


def _entry(run: Run, block: Block, input_: BlockInput) -> str:
    """Under which outputs of this block, for these inputs, are kept for the user."""
    inputs = values_codec.dump(input_.model_dump(mode="json"))
    return node_cache.entry_id(run.execution.user_id, block.block_type, block.version, inputs)


def _block(node: Node) -> Block:
    """BlockError: this deployment has no such block any more."""
    block = catalog.find(node.block_type)
    if block is None:
        message = f"The block {node.block_type} is not there any more; put another in its place."
        raise errors.BlockError(message, reason="BLOCK_NOT_FOUND")
    return block


async def _call(
    run: Run,
    node: NodeExecution,
    graph_node: Node,
    input_: Any,
    resumption: Mapping[str, Any] | None,
    charges: list[float],
    listeners: Partials | None,
) -> Outcome:
    block = catalog.get(graph_node.block_type)
    settings = run.world.settings
    context = Context(
        user_id=run.execution.user_id,
        graph_id=run.execution.graph_id,
        execution_id=node.execution_id,
        node_id=node.node_id,
        idempotency_key=node.id,
        attempt=node.attempts + 1,
        now=run.world.now,
        http=run.world.http,
        settings=settings.for_blocks(),
        resumption=resumption,
        charges=charges,
        budget=budgets.UserBudget(world=run.world, user_id=run.execution.user_id, cause=f"{node.id} {node.attempts}"),
        memory=memory.UserMemory(user_id=run.execution.user_id, graph_id=run.execution.graph_id, now=run.world.now),
        files=user_files.UserFiles(world=run.world, user_id=run.execution.user_id, execution_id=node.execution_id),
        random_bytes=run.world.random_bytes,
        listeners=listeners,
    )
    limit = timeouts.of(run.world, graph_node)
    try:
        async with asyncio.timeout(limit):
            with wallets.opening(run.world, run.execution.user_id) as wallet:
                outcome = await runner.collect(
                    block,
                    input_,
                    _with_tools(run, block, replace(context, wallet=wallet)),
                    many_pins=frozenset(run.version.plan.nodes[node.node_id].many),
                    max_tokens_a_firing=settings.max_tokens_per_firing,
                    max_value_bytes=settings.max_value_bytes,
                )
                return await wallets.redacted(outcome, wallet)
    except TimeoutError:
        message = f"{block.block_type} took longer than {limit:g} s; raise the node's timeout if it needs more."
        return Outcome(tokens=[], failure=errors.Retryable(message, reason="TIMEOUT"))
    finally:
        if listeners is not None:
            await listeners.flush()


def _with_tools(run: Run, block: Block, context: Context) -> Context:
    """With the tools that the block may call, which run in this context themselves."""
    if block.calls_tools:
        return replace(context, tools=toolbox.of(run, context.node_id, context))
    if block.platform_tools:
        return platform_tools.given(run, context)
    return context


class Keeper:
    """Renews the lease of a claimed node execution while its block runs, never while its result is committed. If the
    execution is being stopped, the block's call is cancelled."""

    def __init__(self, world: World, node: NodeExecution) -> None:
        self._world = world
        self._node = node
        self.fence = node.update_time
        self._lost = False

    def is_lost(self) -> bool:
        """Whether it is known that somebody else has it by now, or it is to end."""
        return self._lost

    async def guard(self, call: Coroutine[Any, Any, Outcome]) -> Outcome:
        running = asyncio.create_task(call)
        keeping = asyncio.create_task(self._keep(running))
        try:
            await asyncio.wait([running])
        finally:
            keeping.cancel()
            running.cancel()
            await asyncio.wait([keeping, running])
        if running.cancelled():
            failure = errors.BlockError("Its execution was stopped.", reason="CANCELLED")
            return Outcome(tokens=[], failure=failure)
        return running.result()

    async def _keep(self, running: asyncio.Task[Outcome]) -> None:
        while True:
            await asyncio.sleep(self._world.settings.lease_seconds / _RENEWALS)
            fields = lease(self._world, self._world.now())
            renewed = await asyncio.shield(
                node_executions.renew(self._node.execution_id, self._node.id, self.fence, fields)
            )
            if isinstance(renewed, Lost):
                self._lost = True
                found = await node_executions.find(self._node.execution_id, self._node.id)
                if found is not None and found.cancel_requested:
                    running.cancel()
                return  # somebody else has it; the commit will find out
            self.fence = renewed.update_time
