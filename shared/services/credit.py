"""How much has a user used this month, how much may they, and who is told that it is not enough?

What was spent is read for each call of a model that the deployment pays (``services/budgets.py``) and for each start
of a graph that makes such calls; what is allowed is read once a minute by an instance. Charges are added up into
their month once there are many (``firestore/charges.py``).
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime

from shared import clock
from shared.domain import credit as rules
from shared.domain import errors
from shared.domain.credit import Allowance, Used
from shared.firestore import allowances, charges
from shared.firestore.allowances import Credit
from shared.services import etags
from shared.services.world import World

FOLD_FROM = 500
TRUST_SECONDS = 60.0
MAX_KEPT = 10_000

_allowances: OrderedDict[tuple[str, str], tuple[Allowance, float]] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Of a user, in a month."""

    month: str
    allowance: Allowance
    used: Used


async def standing(world: World, user_id: str, *, fresh: bool = False) -> Standing:
    """How a user stands now. ``fresh``: what is allowed is read again, too."""
    month = rules.month_of(world.now())
    allowance = await allowed(world, user_id, fresh=fresh)
    return Standing(month=month, allowance=allowance, used=await used(user_id, month, world.now()))


async def used(user_id: str, month: str, now: datetime) -> Used:
    total, loose = await charges.totals(user_id, month)
    if loose > FOLD_FROM:
        await charges.fold(user_id, month, now)
    return total


async def allowed(world: World, user_id: str, *, fresh: bool = False) -> Allowance:
    """What a user may use this month. In a new month what went beyond the limit of the last comes out of the
    credit."""
    month, now = rules.month_of(world.now()), clock.monotonic()
    known = _allowances.get((user_id, month))
    if known is not None and known[1] > now and not fresh:
        return known[0]
    stored = await allowances.find(user_id)
    if stored.fence and stored.month != month:
        stored = await _carry(world, user_id, stored, month)
    allowance = _allowance(world, stored)
    forget(user_id)
    _allowances[(user_id, month)] = allowance, now + TRUST_SECONDS
    if len(_allowances) > MAX_KEPT:
        _allowances.popitem(last=False)
    return allowance


def forget(user_id: str) -> None:
    """This instance has changed what the user may."""
    for key in [key for key in _allowances if key[0] == user_id]:
        del _allowances[key]


def _allowance(world: World, stored: Credit) -> Allowance:
    settings = world.settings
    monthly = rules.nano(settings.monthly_dollars) if settings.monthly_dollars else None
    nodes = settings.monthly_node_executions or None
    return Allowance(
        monthly=monthly if stored.monthly is None else stored.monthly,
        credit=stored.credit,
        node_executions=nodes if stored.node_executions is None else stored.node_executions,
    )


async def _carry(world: World, user_id: str, stored: Credit, month: str) -> Credit:
    """Who loses finds it done. Nothing was spent between the two months: every call asks here first."""
    while await charges.fold(user_id, stored.month, world.now()):
        pass
    spent, _ = await charges.totals(user_id, stored.month)
    left = rules.carried(_allowance(world, stored), spent)
    if await allowances.replace(user_id, stored, replace(stored, credit=left, month=month), world.now()):
        return replace(stored, credit=left, month=month)
    return await allowances.find(user_id)


async def change(
    world: World, user_id: str, changed: Credit, names: frozenset[str], expected: frozenset[str] | None
) -> None:
    """By an administrator: the fields in ``names`` become those of ``changed``. EtagMismatch."""
    for _ in range(etags.ATTEMPTS):
        await allowed(world, user_id, fresh=True)
        before = await allowances.find(user_id)
        etags.check(expected, etag(before), "what the user may use")
        after = replace(before, month=rules.month_of(world.now()), **{name: getattr(changed, name) for name in names})
        if await allowances.replace(user_id, before, after, world.now()):
            forget(user_id)
            return
    raise etags.contended("what the user may use")


def etag(stored: Credit) -> str:
    return etags.etag(stored.fence) if stored.fence else "0"


async def check_start(world: World, user_id: str, needed: int, *, pays: bool) -> Standing | None:
    """How the user stands, where something is limited. CreditSpent: what a graph that is to be executed is likely to
    need is more than what is left. ``pays``: it may make calls that the deployment pays."""
    allowance = await allowed(world, user_id)
    limited = allowance.monthly is not None and pays
    if not limited and allowance.node_executions is None:
        return None
    stands = await standing(world, user_id)
    if limited and (missing := rules.missing(allowance, stands.used, needed)):
        raise spent(stands, missing)
    nodes = allowance.node_executions
    if nodes is not None and stands.used.node_executions >= nodes:
        raise nodes_spent(stands.month, nodes, stands.used.node_executions)
    return stands


def spent(stands: Standing, missing: int) -> errors.CreditSpent:
    """The answer that says what is missing."""
    allowance, total = stands.allowance, stands.used
    monthly = allowance.monthly or 0
    return errors.CreditSpent(
        f"{rules.shown(missing)} are missing: you have spent {rules.shown(total.spent)} this month, of "
        f"{rules.shown(monthly)} a month and {rules.shown(allowance.credit)} of credit. Use credentials of your own, "
        f"wait for {rules.ends(stands.month):%Y-%m-%d}, or ask an administrator for more.",
        metadata={
            "missing_dollars": _figure(missing),
            "used_dollars": _figure(total.spent),
            "monthly_dollars": _figure(monthly),
            "credit_dollars": _figure(allowance.credit),
            "resets_at": _reset(stands.month),
        },
    )


def nodes_spent(month: str, limit: int, used: int) -> errors.CreditSpent:
    """The answer to who wants more node executions than are left."""
    begins = rules.ends(month)
    return errors.CreditSpent(
        f"You have used {used} of {limit} node executions of this month, and this needs more than are left; the next "
        f"month begins on {begins:%Y-%m-%d}.",
        metadata={
            "limit_node_executions": str(limit),
            "used_node_executions": str(used),
            "resets_at": _reset(month),
        },
    )


def _figure(nano_dollars: int) -> str:
    return rules.shown(nano_dollars).removeprefix("$")


def _reset(month: str) -> str:
    return f"{rules.ends(month):%Y-%m-%dT%H:%M:%SZ}"
