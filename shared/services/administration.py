"""What may administrators see and change of other users?

The account in Firebase is the truth about role and state; the user's document follows, for lists. A change holds on
every instance within ``auth.TRUST_SECONDS``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from shared import clock
from shared.domain import errors, permissions
from shared.domain.errors import Violation
from shared.domain.fields import Fields
from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.firestore import users
from shared.firestore.users import User
from shared.gcp import accounts
from shared.gcp.auth import Account
from shared.services import audit


async def page(
    cursor: tuple[datetime, str] | None, size: int
) -> tuple[list[dict[str, Any]], tuple[datetime, str] | None]:
    """A page of all users, the newest first, and the cursor of the next."""
    found = await users.list_all(cursor, size + 1)
    shown = found[:size]
    by_id = {account.user_id: account for account in await accounts.find_many([user.id for user in shown])}
    items = [_resource(user, by_id.get(user.id)) for user in shown]
    return items, (shown[-1].created_at, shown[-1].id) if len(found) > size else None


async def get(user_id: str) -> dict[str, Any]:
    """One user. NotFound."""
    user = await _get(user_id)
    return _resource(user, await accounts.find(user.id))


async def change_role(caller: Caller, user_id: str, raw: Any) -> dict[str, Any]:
    """Give a user another role. NotFound; InvalidArgument; Conflict: it is the caller's own."""
    user, account = await _another(caller, user_id)
    role = _role(raw)
    before = permissions.caller(user.id, account.email, account.role).role
    await accounts.set_role(user.id, role)
    await users.set_role(user.id, role, clock.now())
    audit.note(role_before=before, role=role)
    return await get(user_id)


async def set_disabled(caller: Caller, user_id: str, disabled: bool) -> dict[str, Any]:
    """Let a user in no more, or again. NotFound; Conflict: it is the caller's own account."""
    user, _ = await _another(caller, user_id)
    await accounts.set_disabled(user.id, disabled)
    return await get(user_id)


async def make_admin(email: str) -> UserId:
    """Make the account with this address an administrator's: for the command that makes the first. NotFound."""
    account = await accounts.find_by_email(email)
    if account is None:
        raise errors.NotFound(f"There is no account with the address {email}: sign up first, then try again.")
    await accounts.set_role(account.user_id, "admin")
    if await users.find(account.user_id) is not None:
        await users.set_role(account.user_id, "admin", clock.now())
    await audit.append(audit.entry_of("user.make_admin", "user", account.user_id, "", role="admin"))
    return account.user_id


async def _another(caller: Caller, user_id: str) -> tuple[User, Account]:
    """So that there is always an administrator left: nobody can shut themselves out."""
    user = await _get(user_id)
    if user.id == caller.user_id:
        raise errors.Conflict("This is your own account: another administrator has to do it.", reason="OWN_ACCOUNT")
    account = await accounts.find(user.id)
    if account is None:
        raise _not_found(user_id)
    return user, account


async def _get(user_id: str) -> User:
    user = await users.find(UserId(user_id)) if users.is_id(user_id) else None
    if user is None:
        raise _not_found(user_id)
    return user


def _not_found(user_id: str) -> errors.NotFound:
    return errors.NotFound(f"There is no user {user_id}.", reason="USER_NOT_FOUND", metadata={"user_id": user_id})


def _role(raw: Any) -> str:
    fields = Fields()
    body = cast(Mapping[str, Any], raw) if isinstance(raw, Mapping) else {}
    if not isinstance(raw, Mapping):
        fields.wrong("body", "It must be an object.")
    fields.only(body, ("role",))
    role = body.get("role")
    if not isinstance(role, str) or role not in permissions.PERMISSIONS:
        fields.violations.append(Violation("role", f"It must be one of {', '.join(permissions.PERMISSIONS)}."))
        role = ""
    if fields.violations:
        raise errors.InvalidArgument("The role cannot be changed so.", violations=fields.violations)
    return role


def _resource(user: User, account: Account | None) -> dict[str, Any]:
    """``state``: ``active``, ``disabled``, or ``deleted`` where Firebase has no account any more."""
    state = "deleted" if account is None else "disabled" if account.disabled else "active"
    role = permissions.caller(user.id, user.email, account.role).role if account else user.role
    return {
        "id": user.id,
        "email": account.email or user.email if account else user.email,
        "name": user.name,
        "role": role,
        "permissions": sorted(permissions.PERMISSIONS[role]),
        "state": state,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
