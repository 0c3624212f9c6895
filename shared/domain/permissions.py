"""What may a caller do? Roles, their permissions, and who the caller is."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain import errors
from shared.domain.graph import UserId

_VIEWER = frozenset({"agent.read", "store.read"})
_USER = _VIEWER | {"agent.create", "agent.update", "agent.delete", "store.submit"}
_ADMIN = _USER | {
    "user.create",
    "user.read",
    "user.update",
    "user.delete",
    "store.approve",
    "store.reject",
    "store.manage",
}

PERMISSIONS: Mapping[str, frozenset[str]] = {"admin": _ADMIN, "user": _USER, "viewer": _VIEWER}
"""Role -> permissions. The scopes of API keys are permissions too."""

DEFAULT_ROLE = "user"
LEAST_ROLE = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a request, and what they may do."""

    user_id: UserId
    email: str
    role: str
    permissions: frozenset[str]


def caller(user_id: UserId, email: str, claimed_role: object) -> Caller:
    """The caller with the role of a token's claim ``role``: none is "user", one that is not known may only
    read."""
    role = DEFAULT_ROLE if claimed_role is None else claimed_role
    role = role if isinstance(role, str) and role in PERMISSIONS else LEAST_ROLE
    return Caller(user_id=user_id, email=email, role=role, permissions=PERMISSIONS[role])


def require(caller: Caller, permission: str) -> None:
    """PermissionDenied, naming the permission, unless the caller has it."""
    if permission not in caller.permissions:
        raise errors.PermissionDenied(
            f"This needs the permission {permission}, which the role {caller.role} does not have.",
            metadata={"permission": permission, "role": caller.role},
        )
