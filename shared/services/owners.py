"""For whom does a schedule or a webhook act? Its user, as they stand now."""

from shared.domain import permissions
from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.gcp import auth


async def caller(user_id: str, permission: str) -> Caller:
    """The user as a caller. Unauthenticated: they are disabled or gone; PermissionDenied."""
    account = await auth.account(UserId(user_id))
    found = permissions.caller(UserId(user_id), account.email, account.role)
    permissions.require(found, permission)
    return found
