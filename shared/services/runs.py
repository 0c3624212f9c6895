"""What do all steps of an execution share? Its version, its world, and how children are born."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.planning import Birth
from shared.domain.records import NodeExecution
from shared.firestore import graphs
from shared.services.node_tasks import ExecutionRef
from shared.services.world import World

QUEUED_DUE = timedelta(minutes=5)
"""How long a dispatched node execution may wait in its queue before recovery dispatches it again."""

_BACKGROUND = "background"


@dataclass(frozen=True, kw_only=True)
class Run:
    """An execution and its version, as all steps need them. ``gives_way``: the call at hand is one of the
    interactive queues, and what it makes goes through the background ones."""

    world: World
    execution: ExecutionRef
    version: graphs.Version
    gives_way: bool = False

    def birth(self, parent: NodeExecution) -> Birth:
        now = self.world.now()
        return Birth(execution_id=self.execution.id, hops=parent.hops + 1, now=now, due_at=now + QUEUED_DUE)

    def in_background(self) -> "Run":
        """The same, dispatching through the background queues; what it makes does so too."""
        if self.execution.queue == _BACKGROUND:
            return self
        return replace(self, execution=replace(self.execution, queue=_BACKGROUND), gives_way=True)

    def block_type(self, node_id: str) -> str:
        return self.version.graph.by_id[node_id].block_type


def fenced(nodes: Sequence[NodeExecution], update_times: Sequence[str]) -> list[NodeExecution]:
    """Node executions with the fences that a commit gave them."""
    return [replace(n, update_time=t) for n, t in zip(nodes, update_times, strict=True)]
