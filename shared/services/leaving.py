"""How does an account begin to go? In one call: it is marked, nobody gets in any more, and nothing runs by itself.

What is left, ``tick`` takes apart (``services/erasing.py``). The mark comes first: whatever dies after it, ``tick``
does all of it again. Another instance that has looked at the account or a key just now trusts it for
``auth.TRUST_SECONDS`` more.
"""

from shared import clock
from shared.domain import errors
from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.firestore import belongings, deletions, users
from shared.gcp import accounts


async def leave(caller: Caller) -> None:
    """Delete the caller's own account."""
    await _begin(caller.user_id, caller.user_id)


async def remove(caller: Caller, user_id: str) -> None:
    """Delete another's account, as an administrator. NotFound; Conflict: it is the caller's own."""
    if user_id == caller.user_id:
        raise errors.Conflict("This is your own account: delete it with DELETE /me.", reason="OWN_ACCOUNT")
    if not users.is_id(user_id) or await users.find(UserId(user_id)) is None:
        raise errors.NotFound(f"There is no user {user_id}.", reason="USER_NOT_FOUND", metadata={"user_id": user_id})
    await _begin(user_id, caller.user_id)


async def _begin(user_id: str, requested_by: str) -> None:
    await deletions.request(user_id, requested_by, clock.now())
    await lock_out(user_id)


async def lock_out(user_id: str) -> int:
    """Delete the Firebase account, and with it its sessions, and all that lets somebody in or starts something by
    itself. How many documents went."""
    await accounts.delete(user_id)
    gone = 0
    for one in belongings.BELONGINGS:
        while one.at_once and (count := await belongings.erase(one, user_id)):
            gone += count
    return gone
