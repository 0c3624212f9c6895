"""What may a caller do? Roles, their permissions, and who the caller is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

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
    """Who makes a request, and what they may do. ``key_id``: of the API key that speaks for them; empty: they are
    signed in themselves."""

    user_id: UserId
    email: str
    role: str
    permissions: frozenset[str]
    key_id: str = ""


def caller(user_id: UserId, email: str, claimed_role: object) -> Caller:
    """The caller with the role of the claim ``role``: none is "user", one that is not known may only read."""
    role = DEFAULT_ROLE if claimed_role is None else claimed_role
    role = role if isinstance(role, str) and role in PERMISSIONS else LEAST_ROLE
    return Caller(user_id=user_id, email=email, role=role, permissions=PERMISSIONS[role])


def by_key(owner: Caller, key_id: str, scopes: Iterable[str]) -> Caller:
    """The caller whom an API key speaks for: its scopes, as far as the owner still has those permissions."""
    return replace(owner, permissions=owner.permissions & frozenset(scopes), key_id=key_id)


def require(caller: Caller, permission: str) -> None:
    """PermissionDenied, naming the permission, unless the caller has it."""
    if permission in caller.permissions:
        return
    metadata = {"permission": permission, "role": caller.role}
    if caller.key_id and permission in PERMISSIONS[caller.role]:
        raise errors.PermissionDenied(
            f"This needs the permission {permission}, which is not among the scopes of the API key; create one that "
            "has it.",
            reason="SCOPE_MISSING",
            metadata={**metadata, "key_id": caller.key_id},
        )
    raise errors.PermissionDenied(
        f"This needs the permission {permission}, which the role {caller.role} does not have.", metadata=metadata
    )


def require_sign_in(caller: Caller) -> None:
    """PermissionDenied for an API key: what concerns keys and the account itself is for its owner in person."""
    if caller.key_id:
        raise errors.PermissionDenied(
            "An API key cannot do this; sign in and send the ID token.",
            reason="SIGN_IN_REQUIRED",
            metadata={"key_id": caller.key_id},
        )
