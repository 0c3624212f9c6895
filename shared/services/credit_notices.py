"""Who is told that their credit is spent, or nearly? Each once a month, when they start something.

A notice of the same month is the same notice; an instance that has told it does not tell it again.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from shared.domain import credit as rules
from shared.domain import errors, notices
from shared.domain.notices import Kind
from shared.services import noticing
from shared.services.credit import Standing
from shared.services.world import World

NEAR = 0.8
"""Of what a month allows."""
MAX_KEPT = 10_000

_told: OrderedDict[tuple[str, str, Kind], None] = OrderedDict()


async def watched(world: World, user_id: str, check: Awaitable[Standing | None]) -> None:
    """A check of what a user has left. CreditSpent, as it raises; the user is told."""
    try:
        stands = await check
    except errors.CreditSpent:
        await _tell(world, user_id, Kind.CREDIT_SPENT, rules.month_of(world.now()))
        raise
    if stands is not None:
        for what, used, limit, shown in _limits(stands):
            if limit and used >= NEAR * limit:
                details = {"used": shown(used), "limit": shown(limit), "what": what}
                await _tell(world, user_id, Kind.USAGE_LIMIT_NEAR, stands.month, details)


def _limits(stands: Standing) -> list[tuple[str, int, int, Callable[[int], str]]]:
    allowance, used = stands.allowance, stands.used
    dollars = 0 if allowance.monthly is None else allowance.monthly + allowance.credit
    return [
        ("of this month", used.spent, dollars, rules.shown),
        ("node executions of this month", used.node_executions, allowance.node_executions or 0, str),
    ]


_NOTHING: Mapping[str, str] = {}


async def _tell(world: World, user_id: str, kind: Kind, month: str, details: Mapping[str, str] = _NOTHING) -> None:
    what = details.get("what", "")
    key = (user_id, f"{month} {what}", kind)
    if key in _told:
        return
    notice = notices.of(kind, user_id, month, what, at=world.now(), user_id=user_id, audience=None, **details)
    await noticing.note([notice])
    _told[key] = None
    if len(_told) > MAX_KEPT:
        _told.popitem(last=False)
