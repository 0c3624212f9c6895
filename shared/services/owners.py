"""For whom does a schedule, a webhook or a trigger act? Its user, as they stand now."""

from shared.domain import errors, permissions
from shared.domain.graph import UserId
from shared.domain.permissions import Caller
from shared.gcp import auth


async def caller(user_id: str, permission: str) -> Caller:
    """The user as a caller. PermissionDenied: they are disabled or gone, or may not."""
    try:
        account = await auth.account(UserId(user_id))
    except errors.Unauthenticated as error:
        raise errors.PermissionDenied("The account that this belongs to is disabled, or is gone.") from error
    found = permissions.caller(UserId(user_id), account.email, account.role)
    permissions.require(found, permission)
    return found
