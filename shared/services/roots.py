"""What is the root of an execution, and how is it dispatched? A firing of no node, on the execution's fence."""

from dataclasses import replace
from datetime import datetime

from shared.domain import identity, planning
from shared.domain.records import Execution, NodeExecution
from shared.domain.statuses import Status
from shared.services import node_tasks, runs
from shared.services.runs import Run
from shared.services.world import World

TIMEOUT = 300.0


def of(execution: Execution) -> NodeExecution:
    """The root as it stands before its commit; its fence is the execution's."""
    return NodeExecution(
        id=identity.root(execution.id),
        execution_id=execution.id,
        node_id="",
        block_type="",
        label=(),
        order="",
        status=Status.QUEUED,
        hops=0,
        inputs={},
        created_at=execution.created_at,
        update_time=execution.update_time,
    )


def started(run: Run, execution: Execution, now: datetime, *, spreading: bool) -> NodeExecution:
    """The root as its commit makes it. Where there are gates it settles them, once it has spread."""
    gates = run.version.plan.gates
    active = spreading or bool(gates)
    return replace(
        of(execution),
        status=Status.COMPLETED,
        gates=gates,
        active=active,
        spreading=spreading,
        settling=active and not spreading,
        started_at=now,
        completed_at=now,
        due_at=now + runs.QUEUED_DUE if active else None,
        update_time="",
    )


def constants(run: Run, execution: Execution, now: datetime) -> list[NodeExecution]:
    """The inputs, recorded as completed at the start."""
    return [_constant(run, execution, node_id, now) for node_id in execution.constants]


def _constant(run: Run, execution: Execution, node_id: str, now: datetime) -> NodeExecution:
    firing = planning.Firing(id=identity.entry(execution.id, node_id), node_id=node_id, label=(), tokens={})
    birth = planning.Birth(execution_id=execution.id, hops=0, now=now, due_at=now)
    made = planning.child(run.version.plan, run.block_type(node_id), firing, birth)
    return replace(
        made,
        status=Status.COMPLETED,
        active=False,
        due_at=None,
        attempts=1,
        started_at=now,
        completed_at=now,
        outputs=[execution.constants[node_id]],
    )


async def dispatch(execution: Execution) -> None:
    await node_tasks.dispatch(node_tasks.ref(execution), of(execution), seconds=TIMEOUT, inputs=False)


async def dispatch_again(world: World, execution: Execution) -> None:
    await node_tasks.dispatch_again(node_tasks.ref(execution), of(execution), seconds=TIMEOUT, at=world.now())
