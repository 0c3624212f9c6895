"""What may an administrator do to accounts? Firebase's own record of a user, changed with firebase-admin.

The local Auth and Firebase answer alike (https://firebase.google.com/docs/auth/admin/manage-users).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from firebase_admin import auth as firebase
from firebase_admin import exceptions

from shared.gcp import auth
from shared.gcp.auth import Account

T = TypeVar("T")


async def find(user_id: str) -> Account | None:
    return next(iter(await find_many([user_id])), None)


async def find_many(user_ids: Sequence[str]) -> list[Account]:
    """The accounts that there are of these, at most 100."""
    if not user_ids:
        return []
    wanted: list[firebase.UserIdentifier] = [firebase.UidIdentifier(user_id) for user_id in user_ids]
    found = await _call(lambda: firebase.get_users(wanted, app=auth.app()))
    return [auth.account_of(record) for record in found.users]


async def find_by_email(email: str) -> Account | None:
    found = await _call(lambda: firebase.get_users([firebase.EmailIdentifier(email)], app=auth.app()))
    return next((auth.account_of(record) for record in found.users), None)


async def set_role(user_id: str, role: str) -> None:
    """The custom claim ``role``; other claims stay. A race with another change of claims is lost by one of them."""

    def change() -> None:
        claims = firebase.get_user(user_id, app=auth.app()).custom_claims or {}
        firebase.set_custom_user_claims(user_id, {**claims, "role": role}, app=auth.app())

    await _call(change)
    auth.verifier().forget(user_id)


async def set_disabled(user_id: str, disabled: bool) -> None:
    """Disable or enable. Disabling ends every session as well: tokens from before stay revoked when enabled again."""

    def change() -> None:
        firebase.update_user(user_id, disabled=disabled, app=auth.app())
        if disabled:
            firebase.revoke_refresh_tokens(user_id, app=auth.app())

    await _call(change)
    auth.verifier().forget(user_id)


async def delete(user_id: str) -> None:
    """Delete the account; one that is gone already is fine."""

    def change() -> None:
        try:
            firebase.delete_user(user_id, app=auth.app())
        except firebase.UserNotFoundError:
            pass

    await _call(change)
    auth.verifier().forget(user_id)


async def _call(call: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(call)
    except exceptions.FirebaseError as error:
        raise auth.unavailable(error) from error
