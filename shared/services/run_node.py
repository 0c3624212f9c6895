"""A task arrived: what happens to its node execution? Take it, run the block, record the result, go on.

Imitate nothing of this for the happy path: a pure block on its first delivery goes from the task to the commit
without a read and without a claim. Everything else asks ``deliveries.decide``.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.blocks import catalog
from shared.domain import deliveries, errors
from shared.domain.records import Failure, Lost, NodeExecution, Output
from shared.domain.statuses import Event, Status, follow
from shared.firestore import executions, graphs, node_cache, node_executions
from shared.services import (
    attempt,
    completion,
    finish,
    pausing,
    resumptions,
    runs,
    start,
    stopping,
    stored_values,
    suspending,
    timeouts,
)
from shared.services.node_tasks import NodeTask
from shared.services.runs import Run
from shared.services.world import World

MAX_CLAIMS = 10
_ATTEMPTS = 20
_log = logging.getLogger(__name__)


async def handle(world: World, task: NodeTask, retry_count: int) -> None:
    """One delivery of a task. Returns when nothing more is to be done by it; an exception has it delivered again."""
    version = await graphs.get_version(task.execution.graph_id, task.execution.graph_version)
    run = Run(world=world, execution=task.execution, version=version)
    if not task.node_id:
        await start.begin(run, task)
        return
    node = version.graph.by_id[task.node_id]
    first = not task.again and retry_count == 0
    block = catalog.find(node.block_type)
    if first and task.node is not None and block is not None and block.pure:
        await Delivery(run=run, claim_id="").work(task.node)
        return
    delivery = Delivery(run=run, claim_id=world.random_id())
    taken = await delivery.take(task)
    if taken is not None:
        await delivery.work(taken)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One call. ``claim_id``: under which it takes the node execution; empty while it goes without a claim."""

    run: Run
    claim_id: str

    async def take(self, task: NodeTask) -> NodeExecution | None:
        """The node execution, RUNNING under our claim; None: there is nothing for us to do. The fence of a first
        task is that of a QUEUED state, so it may be claimed unseen; that of another may be of any state."""
        if not task.again:
            written = await self._claim(task.node_execution_id, task.update_time)
            if not isinstance(written, Lost) and task.node is not None:
                return replace(task.node, status=Status.RUNNING, update_time=written.update_time)
        return await self._retake(task.node_execution_id)

    async def _retake(self, id_: str) -> NodeExecution | None:
        """Read, and do what the document asks for, until it is ours or not for us."""
        execution_id = self.run.execution.id
        for _ in range(_ATTEMPTS):
            found = await node_executions.find(execution_id, id_)
            match deliveries.decide(found, self.claim_id, self.run.world.now()):
                case deliveries.Claim(fence):
                    if found and found.claims >= MAX_CLAIMS:
                        return await self._crashed(found)
                    await self._claim(id_, fence)
                case deliveries.GoOn():
                    return found
                case deliveries.Later(at):
                    await self._later(found, at)
                    return None
                case deliveries.Conclude():
                    if found:
                        await completion.resume(self.run, await stored_values.unpack(found))
                    return None
                case deliveries.AskChild(children, fence):
                    if not all([await executions.is_over(child) for child in children]):
                        return None
                    await self._claim(id_, fence)
                case deliveries.Terminate():
                    if found and not isinstance(await self._terminate(found), Lost):
                        return None
                case deliveries.Ignore():
                    return None
        raise TimeoutError(f"Node execution {id_} of {execution_id} changed {_ATTEMPTS} times under a claim.")

    async def _claim(self, id_: str, fence: str) -> Any:
        now = self.run.world.now()
        fields = attempt.lease(self.run.world, now) | {"claim_id": self.claim_id, "started_at": now}
        return await node_executions.claim(self.run.execution.id, id_, fence, fields)

    async def _later(self, found: NodeExecution | None, at: datetime) -> None:
        if found is not None:
            await suspending.wake(self.run, replace(found, wait_until=at))

    async def _terminate(self, found: NodeExecution) -> Any:
        """Its execution is being stopped: it ends without a result, and the execution with the last of them."""
        written = await node_executions.terminate(found, self.run.world.now())
        if not isinstance(written, Lost):
            await completion.publish(self.run, [replace(found, status=Status.TERMINATED)])
            await finish.finish(self.run.world, self.run.execution, self.run.version)
        return written

    async def _crashed(self, found: NodeExecution) -> None:
        """It has taken too many instances with it."""
        failure = Failure(
            reason="CRASHED",
            message=f"The instance that ran it ended unexpectedly {found.claims} times; it is not tried again.",
        )
        await self._record(self._ended(found, Status.FAILED, [], failure), found.update_time)

    async def work(self, node: NodeExecution) -> None:
        """Run the block and record what came of it."""
        if node.hops > self.run.world.settings.max_hops:
            what = f"More than {self.run.world.settings.max_hops} node executions come one after the other"
            await stopping.request(self.run.world, self.run.execution.id, stopping.limit("MAX_HOPS", what))
            return
        if node.suspended is not None:
            await pausing.resume(self.run.world, self.run.execution.id)
        world, graph_node = self.run.world, self.run.version.graph.by_id[node.node_id]
        started = node.started_at or world.now()
        node = replace(node, started_at=started, block_type=graph_node.block_type)
        ran = await attempt.run(self.run, node, graph_node, claim_id=self.claim_id)
        node = replace(node, cost=node.cost + ran.cost)
        failure = ran.outcome.failure
        if ran.outcome.suspension is not None:
            try:
                if isinstance(await suspending.suspend(self.run, node, ran.outcome.suspension, ran.fence), Lost):
                    await self._retake(node.id)
                return
            except errors.BlockError as error:
                failure = error
        attempts = node.attempts + (not ran.cached)
        if isinstance(failure, errors.Retryable) and attempts < timeouts.max_attempts(graph_node):
            await self._back_off(replace(node, attempts=attempts), failure, ran.fence)
            return
        outputs = [Output(pin=pin, value=value) for pin, value in ran.outcome.tokens]
        if failure is not None:
            outputs.append(Output(pin="error", value=failure.message))
        why = Failure(reason=failure.reason, message=failure.message) if failure is not None else None
        packed = await stored_values.pack(world, node.execution_id, outputs)
        ended = self._ended(node, Status.FAILED if failure else Status.COMPLETED, packed, why)
        ended = replace(ended, attempts=attempts, cached=ran.cached)
        if not await self._record(ended, ran.fence):
            await stored_values.drop(node.execution_id, packed)
        elif ran.keep_as is not None and failure is None:
            await node_cache.keep(ran.keep_as, self.run.execution.user_id, packed, world.now())

    def _ended(
        self, node: NodeExecution, status: Status, outputs: list[Output], failure: Failure | None
    ) -> NodeExecution:
        event = Event.FAIL if status is Status.FAILED else Event.COMPLETE
        error_linked = self.run.version.plan.nodes[node.node_id].error_linked
        return replace(
            node,
            status=follow(event, node.status),
            active=False,
            outputs=outputs,
            error=failure,
            unhandled=failure is not None and not error_linked,
            completed_at=self.run.world.now(),
        )

    async def _back_off(self, node: NodeExecution, failure: errors.BlockError, fence: str) -> None:
        """WAITING, and a task for when it is tried again."""
        world, graph_node = self.run.world, self.run.version.graph.by_id[node.node_id]
        at = world.now() + timeouts.backoff(graph_node, node.attempts, failure)
        waiting = replace(
            node,
            status=follow(Event.BACK_OFF, node.status),
            wait_until=at,
            due_at=at + runs.QUEUED_DUE,
            suspended=resumptions.counted(node),
            error=Failure(reason=failure.reason, message=failure.message),
        )
        written = await node_executions.rest(waiting, fence)
        if isinstance(written, Lost):
            await self._retake(node.id)
            return
        await suspending.wake(self.run, replace(waiting, update_time=written.update_time))
        await completion.publish(self.run, [waiting])

    async def _record(self, ended: NodeExecution, fence: str) -> bool:
        """Commit. Lost: the result still counts if the node execution can be taken again; one that somebody else
        has is theirs, which gives False."""
        delivery = self
        for _ in range(_ATTEMPTS):
            if not isinstance(await completion.complete(self.run, ended, fence), Lost):
                return True
            if not delivery.claim_id:
                delivery = replace(self, claim_id=self.run.world.random_id())
            taken = await delivery._retake(ended.id)
            if taken is None:
                return False
            fence = taken.update_time
        raise TimeoutError(f"Node execution {ended.id} changed {_ATTEMPTS} times under its commit.")
