"""How does an execution go away? Marked first, so that nobody sees or copies what is half gone; itself last.

Whatever dies between leaves it marked and due: its user's next call or ``tick`` goes on. Values that a retry of it
may refer to stay until the last that may is deleted.
"""

from shared.domain import errors
from shared.domain.records import Execution, Lost
from shared.domain.statuses import is_final
from shared.firestore import executions, gate_tokens, graphs, node_executions, pieces, reviews, shares
from shared.gcp import storage
from shared.services import execution_views, finish, stored_values
from shared.services.world import World

MAX_BATCH = 300
_ATTEMPTS = 10


async def delete(world: World, user_id: str, execution_id: str) -> None:
    """NotFound: there is none, or it is not the user's. Conflict: it has not ended, or what it is the sub-agent of
    has not."""
    for _ in range(_ATTEMPTS):
        execution = await executions.find(execution_id) if graphs.is_id(execution_id) else None
        if execution is None or execution.user_id != user_id:
            raise execution_views.not_found(execution_id)
        await _check(execution)
        if execution.deleting or await mark(world, execution):
            await erase(execution)
            return
    raise errors.Unavailable(f"Execution {execution_id} keeps changing; delete it again.")


async def _check(execution: Execution) -> None:
    if not is_final(execution.status):
        raise errors.Conflict(
            f"Execution {execution.id} is {execution.status}; cancel it, or wait for its end, before you delete it.",
            reason="EXECUTION_NOT_FINAL",
            metadata={"execution_id": execution.id, "status": execution.status},
        )
    parent = await executions.find(execution.parent.execution_id) if execution.parent else None
    if parent is not None and not is_final(parent.status):
        raise errors.Conflict(
            f"Execution {execution.id} is the sub-agent of {parent.id}, which is {parent.status}; delete it later.",
            reason="EXECUTION_IN_USE",
            metadata={"execution_id": execution.id, "parent_id": parent.id},
        )


async def mark(world: World, execution: Execution) -> bool:
    """Say that a final one is being deleted. False: it changed, or is announced only now; read it again."""
    if execution.due_at is not None:
        await finish.announce(world, execution)
        return False
    changes = executions.deleting(execution.id, world.now())
    return not isinstance(await executions.update(execution.id, changes, execution.update_time), Lost)


async def erase(execution: Execution) -> None:
    """All that is left of an execution that is marked."""
    await _erase_documents(execution.id)
    await shares.documents.erase(execution.user_id, execution_id=execution.id)
    for id_ in (execution.id, *execution.sources):
        if await _is_last(execution, id_):
            await storage.delete_all(stored_values.prefix(id_))
    await executions.remove(execution.id)


async def erase_rest(execution_id: str) -> None:
    """What was written for an execution after it had gone."""
    await _erase_documents(execution_id)
    if not await executions.sharing(execution_id):
        await storage.delete_all(stored_values.prefix(execution_id))


async def _erase_documents(execution_id: str) -> None:
    for collection in (reviews, gate_tokens, pieces, node_executions):
        while await collection.erase(execution_id, MAX_BATCH):
            pass


async def _is_last(execution: Execution, id_: str) -> bool:
    """Whether no other execution can refer to values that are stored under ``id_``. Of two that are deleted at once
    each counts the other as gone."""
    owner = await executions.find(id_) if id_ != execution.id else None
    return (owner is None or owner.deleting) and not await executions.sharing(id_)
