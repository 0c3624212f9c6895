"""May so many nodes be executed this month? Held before an execution starts, and again as it grows.

Where a user's node executions are limited, an execution writes how many its graph has, and then looks at what is used
and held: so executions that start at the same time never hold more together than there is. Those go on that fit
together with all that came before them. One that makes more, as lists and cycles do, holds more whenever it is
counted (``services/completion.py``); the end of an execution records what it was. Each has a document of its own.
"""

from datetime import timedelta

from shared.domain import credit as rules
from shared.domain import identity
from shared.domain.records import Execution, Failure, Stop
from shared.domain.statuses import Status
from shared.firestore import charges, commits, executions, graphs
from shared.firestore.charges import Charge, Running
from shared.services import credit
from shared.services.world import World

ABANDONED = timedelta(minutes=5)
"""What is held for longer, for an execution that there is not, was left by a start that did not come to its end."""


async def hold(world: World, execution: Execution) -> None:
    """Before an execution starts; again is the same. CreditSpent: it does not fit."""
    limit = (await credit.allowed(world, execution.user_id)).node_executions
    if limit is None:
        return
    version = await graphs.get_version(execution.graph_id, execution.graph_version)
    month = rules.month_of(world.now())
    charge = Charge(
        id=_id(execution.id),
        user_id=execution.user_id,
        month=month,
        node_executions=max(1, len(version.plan.nodes)),
        execution_id=execution.id,
    )
    if not await charges.begin(charge, world.now()):
        return
    try:
        used = await _used_before(world, charge)
        if used > limit:
            raise credit.nodes_spent(month, limit, used - charge.node_executions)
    except BaseException:  # refused, or cancelled meanwhile: it does not start
        await charges.remove(charge.id)
        raise


async def _used_before(world: World, charge: Charge) -> int:
    """What was used and held when one began to hold, and by itself. Who began later, and what nobody needs any more,
    is left out of what the sum has of them."""
    used, at = await charges.totals_at(charge.user_id, charge.month)
    held = await charges.running(charge.user_id, charge.month)
    since = next((one.since for one in held if one.id == charge.id), 0)
    counted = [one for one in held if one.since <= at]
    later = sum(one.node_executions for one in counted if one.since > since)
    return used.node_executions - later - sum([await _abandoned(world, one) for one in counted if one.since < since])


async def _abandoned(world: World, held: Running) -> int:
    """How many were held for nothing; they are held no more."""
    if held.created_at > world.now() - ABANDONED or await executions.find(held.execution_id) is not None:
        return 0
    await charges.remove(held.id)
    return held.node_executions


async def grown(world: World, user_id: str, execution_id: str, nodes: int) -> Stop | None:
    """An execution has, or is about to have, so many node executions. A reason to stop it: they are more than the
    user may have this month."""
    limit = (await credit.allowed(world, user_id)).node_executions
    held = None if limit is None else await charges.find_running(_id(execution_id))
    if limit is None or held is None or held.node_executions >= nodes or not await charges.grow(held, nodes):
        return None
    month = rules.month_of(world.now())
    used = (await credit.used(user_id, month, world.now())).node_executions
    return None if used <= limit else spent(month, limit, used)


def spent(month: str, limit: int, used: int) -> Stop:
    refusal = credit.nodes_spent(month, limit, used)
    return Stop(status=Status.FAILED, failure=Failure(reason=refusal.reason, message=refusal.message))


def settled(world: World, final: Execution) -> list[commits.Write]:
    """What an execution used, recorded with the end itself: once, whoever finishes it how often. What calls of models
    cost is recorded with the calls."""
    ran = max(0, sum(final.node_counts.values()) - final.copied)
    month = rules.month_of(world.now())
    charge = Charge(id=_id(final.id), user_id=final.user_id, month=month, node_executions=ran)
    return [charges.recorded(charge, world.now())]


def _id(execution_id: str) -> str:
    return identity.derive(execution_id, "nodes")
