"""Is there an execution of this id, and is it the caller's? Apart from how it is shown, which imports far more."""

from shared.domain import errors
from shared.domain.records import Execution
from shared.firestore import executions, graphs
from shared.services import audit


async def get(user_id: str, execution_id: str) -> Execution:
    """NotFound: there is none, or it is not the user's."""
    execution = await executions.find(execution_id) if graphs.is_id(execution_id) else None
    if execution is not None and execution.user_id != user_id:
        audit.suspect("execution", execution_id)
    if execution is None or execution.user_id != user_id or execution.deleting:
        raise not_found(execution_id)
    return execution


def not_found(execution_id: str) -> errors.NotFound:
    return errors.NotFound(
        f"There is no execution {execution_id} of yours.",
        reason="EXECUTION_NOT_FOUND",
        metadata={"execution_id": execution_id},
    )
