"""Which passwords are accepted, and how are they kept?"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from typing import Any

from local.auth.errors import AuthError

MIN_CHARACTERS = 6
COST = 2**14
"""Of scrypt: tens of milliseconds and 16 MiB for a password. Tests that sign up a user each want less."""

POLICY: dict[str, Any] = {
    "customStrengthOptions": {"minPasswordLength": MIN_CHARACTERS, "maxPasswordLength": 4096},
    "allowedNonAlphanumericCharacters": list("^$*.[]{}()?\"!@#%&/\\,><':;|_~"),
    "enforcementState": "OFF",
    "schemaVersion": 1,
}
"""What an app learns of the rules: https://cloud.google.com/identity-platform/docs/password-policy"""


def check(password: str) -> None:
    """AuthError: too short
    (https://firebase.google.com/docs/reference/rest/auth#section-create-email-password)."""
    if len(password) < MIN_CHARACTERS:
        raise AuthError(f"WEAK_PASSWORD : Password should be at least {MIN_CHARACTERS} characters")


async def hashed(password: str) -> dict[str, str]:
    """The fields of a user record that keep ``password``."""
    check(password)
    salt = secrets.token_bytes(16)
    digest = await asyncio.to_thread(_scrypt, password, salt)
    return {
        "passwordHash": base64.urlsafe_b64encode(digest).decode(),
        "salt": base64.urlsafe_b64encode(salt).decode(),
    }


async def matches(password: str, digest: str, salt: str) -> bool:
    """Whether ``password`` is the one that the fields of ``hashed`` keep."""
    computed = await asyncio.to_thread(_scrypt, password, base64.urlsafe_b64decode(salt))
    return hmac.compare_digest(computed, base64.urlsafe_b64decode(digest))


def _scrypt(password: str, salt: bytes) -> bytes:
    """Never in the event loop."""
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=8, p=1)
