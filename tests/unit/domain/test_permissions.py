"""Who may do what."""

import pytest

from shared.domain import errors, permissions
from shared.domain.graph import UserId


def _caller(role: object) -> permissions.Caller:
    return permissions.caller(UserId("u"), "u@example.com", role)


def test_an_admin_may_do_all_that_anybody_may():
    assert all(_caller("admin").permissions >= granted for granted in permissions.PERMISSIONS.values())


def test_a_user_without_a_role_is_a_user():
    assert _caller(None).role == "user"


@pytest.mark.parametrize("role", ["root", "", "ADMIN", 1, ["admin"]])
def test_a_role_that_is_not_known_may_only_read(role: object):
    assert _caller(role).permissions == {"agent.read", "store.read"}


@pytest.mark.parametrize(
    ("role", "permission", "may"),
    [
        ("viewer", "agent.read", True),
        ("viewer", "agent.create", False),
        ("user", "store.submit", True),
        ("user", "store.approve", False),
        ("admin", "store.approve", True),
        ("user", "user.read", False),
    ],
)
def test_a_permission_is_the_role_s_or_refused_by_name(role: str, permission: str, may: bool):
    if may:
        permissions.require(_caller(role), permission)
        return
    with pytest.raises(errors.PermissionDenied) as refused:
        permissions.require(_caller(role), permission)
    assert refused.value.metadata == {"permission": permission, "role": role}


def test_a_key_may_what_its_scopes_name_and_its_owner_may():
    key = permissions.by_key(_caller("viewer"), "k", ["agent.read", "agent.create"])
    assert (key.permissions, key.key_id) == ({"agent.read"}, "k")


@pytest.mark.parametrize(("permission", "reason"), [("agent.create", "SCOPE_MISSING"), ("user.read", None)])
def test_a_key_that_may_not_says_whether_its_scopes_or_its_owner_s_role_are_why(permission: str, reason: str | None):
    key = permissions.by_key(_caller("user"), "k", ["agent.read"])
    with pytest.raises(errors.PermissionDenied) as refused:
        permissions.require(key, permission)
    assert refused.value.reason == (reason or errors.PermissionDenied.default_reason)


def test_what_needs_the_owner_in_person_is_refused_to_a_key():
    permissions.require_sign_in(_caller("user"))
    with pytest.raises(errors.PermissionDenied, match="sign in"):
        permissions.require_sign_in(permissions.by_key(_caller("admin"), "k", ["user.read"]))
