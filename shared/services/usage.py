"""What has a user used, and who changes what they may?"""

from collections.abc import Mapping
from typing import Any, cast

from shared.domain import credit as rules
from shared.domain import errors
from shared.domain.fields import Fields, kind
from shared.domain.graph import UserId
from shared.firestore import allowances, files, users
from shared.firestore.allowances import Credit
from shared.services import audit, credit
from shared.services.world import World

MOST_DOLLARS = 1_000_000
MOST_NODES = 10**12
FIELDS = {"monthly_dollars": "monthly", "monthly_node_executions": "node_executions", "credit_dollars": "credit"}
"""Field of a body -> that of the document."""


async def view(world: World, user_id: str, month: str | None = None) -> dict[str, Any]:
    """What was used in a month; what is allowed, and what of it is left, are always those of now."""
    now_in = rules.month_of(world.now())
    month = month or now_in
    allowance = await credit.allowed(world, user_id, fresh=True)
    used = await credit.used(user_id, month, world.now())
    current = used if month == now_in else await credit.used(user_id, now_in, world.now())
    left = rules.remaining(allowance, current)
    monthly = allowance.monthly
    return {
        "id": month,
        "month": month,
        "dollars": rules.dollars(used.spent),
        "held_dollars": rules.dollars(used.held),
        "node_executions": used.node_executions,
        "storage_bytes": (await files.held(user_id)).bytes,
        "limits": {
            "monthly_dollars": None if monthly is None else rules.dollars(monthly),
            "monthly_node_executions": allowance.node_executions,
            "credit_dollars": rules.dollars(allowance.credit),
        },
        "remaining_dollars": None if left is None else rules.dollars(left),
        "resets_at": rules.ends(now_in),
    }


async def view_of(world: World, user_id: str, month: str | None = None) -> dict[str, Any]:
    """Another user's, for administrators. NotFound."""
    await _check(user_id)
    seen = await view(world, user_id, month)
    return {**seen, "user_id": user_id, "etag": credit.etag(await allowances.find(user_id))}


async def change(world: World, user_id: str, raw: Any, expected: frozenset[str] | None) -> dict[str, Any]:
    """NotFound; InvalidArgument; EtagMismatch."""
    await _check(user_id)
    changed, names = _checked(raw)
    if names:
        await credit.change(world, user_id, changed, names, expected)
        audit.note(**{name: getattr(changed, name) for name in names})
    return await view_of(world, user_id)


async def _check(user_id: str) -> None:
    if not users.is_id(user_id) or await users.find(UserId(user_id)) is None:
        raise errors.NotFound(f"There is no user {user_id}.", reason="USER_NOT_FOUND", metadata={"user_id": user_id})


def _checked(raw: Any) -> tuple[Credit, frozenset[str]]:
    fields = Fields()
    body = cast(Mapping[str, Any], raw) if isinstance(raw, Mapping) else {}
    if not isinstance(raw, Mapping):
        fields.wrong("body", "It must be an object.")
    fields.only(body, tuple(FIELDS))
    values: dict[str, int | None] = {
        "monthly": _dollars(fields, body, "monthly_dollars"),
        "node_executions": _count(fields, body, "monthly_node_executions"),
        "credit": _dollars(fields, body, "credit_dollars") or 0,
    }
    if fields.violations:
        raise errors.invalid("The limits are not valid", fields.violations)
    given = {stored: values[stored] for name, stored in FIELDS.items() if name in body}
    return Credit(**cast(dict[str, Any], given)), frozenset(given)


def _dollars(fields: Fields, body: Mapping[str, Any], name: str) -> int | None:
    value = _number(fields, body, name, MOST_DOLLARS, (int, float))
    return None if value is None else rules.nano(value)


def _count(fields: Fields, body: Mapping[str, Any], name: str) -> int | None:
    value = _number(fields, body, name, MOST_NODES, (int,))
    return None if value is None else int(value)


def _number(
    fields: Fields, body: Mapping[str, Any], name: str, most: int, kinds: tuple[type, ...]
) -> int | float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, kinds):
        fields.wrong(name, f"It must be a number, or null, not {kind(value)}.")
        return None
    number = cast(float, value)
    if not 0 <= number <= most:
        fields.wrong(name, f"It must be from 0 to {most}.")
        return None
    return number
