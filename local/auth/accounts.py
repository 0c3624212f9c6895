"""What may be done with a user account, and what does it leave in the record?

A record has the fields of Identity Toolkit's UserInfo
(https://cloud.google.com/identity-platform/docs/reference/rest/v1/UserInfo): times in milliseconds as
strings, but ``validSince`` in seconds, the moment before which every token of the user is void.
"""

import datetime
import re
import secrets
import sqlite3
import string
from collections.abc import Callable, Mapping
from typing import Any

from local.auth import passwords, tokens
from local.auth.errors import AuthError
from local.auth.store import AuthStore, User

_ALPHABET = string.ascii_letters + string.digits
_PLAIN_FIELDS = (
    *("displayName", "photoUrl", "phoneNumber", "emailVerified", "customAttributes", "validSince"),
    "emailLinkSignin",
)
_DELETABLE = {"DISPLAY_NAME": "displayName", "PHOTO_URL": "photoUrl"}
_REDACTED_HASH = "UkVEQUNURUQ="  # base64 of REDACTED, as the service shows it to the user
Fields = Mapping[str, Any]


class Accounts:
    """The accounts of one project."""

    def __init__(self, store: AuthStore, project: str, clock: Callable[[], float]) -> None:
        self.project = project
        self._store = store
        self._clock = clock

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._clock())

    async def create(self, fields: Fields) -> User:
        """A new account. AuthError: a field is not valid, or another account has it."""
        user: User = {"localId": fields.get("localId") or _new_local_id()}
        user["createdAt"] = str(int(self._clock() * 1000))
        user["validSince"] = str(self.now())
        user["disabled"] = bool(fields.get("disabled"))
        await self._set(user, fields)
        self._refuse_taken(user)
        try:
            self._store.add(self.project, user)
        except sqlite3.IntegrityError:
            raise AuthError("DUPLICATE_LOCAL_ID") from None
        return user

    async def update(self, user: User, fields: Fields) -> User:
        """Change ``user``; a new address or password voids all earlier tokens. AuthError as with
        ``create``."""
        changed = dict(user)
        for attribute in fields.get("deleteAttribute") or ():
            changed.pop(_DELETABLE.get(attribute, ""), None)
        for provider in fields.get("deleteProvider") or ():
            _remove_provider(changed, provider)
        if fields.get("disableUser") is not None:
            changed["disabled"] = bool(fields["disableUser"])
        if "password" in fields or fields.get("email", user.get("email")) != user.get("email"):
            changed["validSince"] = str(self.now())
        await self._set(changed, fields)
        self._refuse_taken(changed)
        self._store.replace(self.project, changed)
        return changed

    async def _set(self, user: User, fields: Fields) -> None:
        for name in _PLAIN_FIELDS:
            if fields.get(name) is not None:
                user[name] = fields[name]
        if fields.get("customAttributes"):
            tokens.check_custom_claims(fields["customAttributes"])
        if fields.get("email"):
            email = checked_email(fields["email"])
            if email != user.get("email") and "emailVerified" not in fields:
                user["emailVerified"] = False
            user["email"] = email
        if fields.get("password") is not None:
            user.update(await passwords.hashed(fields["password"]))
            user["passwordUpdatedAt"] = int(self._clock() * 1000)
        user["providerUserInfo"] = _providers(user)

    def _refuse_taken(self, user: User) -> None:
        email, phone = user.get("email"), user.get("phoneNumber")
        holder = self._store.find_by_email(self.project, email) if email else None
        if holder is not None and holder["localId"] != user["localId"]:
            raise AuthError("EMAIL_EXISTS")
        holder = self._store.find_by_phone(self.project, phone) if phone else None
        if holder is not None and holder["localId"] != user["localId"]:
            raise AuthError("PHONE_NUMBER_EXISTS")

    def get(self, local_id: str) -> User:
        """AuthError(USER_NOT_FOUND): there is none."""
        user = self._store.find(self.project, local_id)
        if user is None:
            raise AuthError("USER_NOT_FOUND")
        return user

    def holder(self, id_token: str) -> tuple[User, dict[str, Any]]:
        """The user an ID token speaks for, and its claims. AuthError: the token is not good any more."""
        if not id_token:
            raise AuthError("MISSING_ID_TOKEN")
        claims = tokens.claims_of(id_token, "INVALID_ID_TOKEN")
        if claims.get("aud") != self.project:
            raise AuthError("INVALID_ID_TOKEN")
        user = self.get(str(claims.get("user_id") or claims.get("sub")))
        expired = claims.get("exp", 0) <= self.now()
        if expired or claims.get("iat", 0) < int(user.get("validSince") or 0):
            raise AuthError("TOKEN_EXPIRED")
        if user.get("disabled"):
            raise AuthError("USER_DISABLED")
        return user, claims

    def sign_in(self, user: User, provider: str, extra: Fields | None = None) -> dict[str, str]:
        """New tokens for ``user``: idToken, refreshToken, expiresIn (seconds)."""
        if user.get("disabled"):
            raise AuthError("USER_DISABLED")
        now = self.now()
        user["lastLoginAt"] = str(int(self._clock() * 1000))
        user["lastRefreshAt"] = _rfc3339(now)
        self._store.replace(self.project, user)
        refresh_token = secrets.token_urlsafe(48)
        session = {"provider": provider, "extra": dict(extra or {}), "auth_time": now}
        self._store.add_refresh_token(refresh_token, self.project, user["localId"], session)
        token = tokens.id_token(self.project, user, provider, extra or {}, now, now)
        return {
            "idToken": token,
            "refreshToken": refresh_token,
            "expiresIn": str(tokens.LIFETIME_SECONDS),
        }

    def refresh(self, local_id: str, session: Fields) -> str:
        """A new ID token for the session of a refresh token. AuthError: the session is over."""
        user = self.get(local_id)
        if user.get("disabled"):
            raise AuthError("USER_DISABLED")
        if session["auth_time"] < int(user.get("validSince") or 0):
            raise AuthError("TOKEN_EXPIRED")
        user["lastRefreshAt"] = _rfc3339(self.now())
        self._store.replace(self.project, user)
        return tokens.id_token(
            self.project, user, session["provider"], session["extra"], session["auth_time"], self.now()
        )


def checked_email(email: str) -> str:
    """The address as it is kept, in lower case. AuthError: it is none."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise AuthError("INVALID_EMAIL")
    return email.lower()


def sign_in_methods(user: User) -> list[str]:
    """By which methods the user can sign in."""
    methods = ["password"] if user.get("passwordHash") else []
    methods += ["emailLink"] if user.get("emailLinkSignin") else []
    others = [each["providerId"] for each in user.get("providerUserInfo", ())]
    return methods + [provider for provider in others if provider not in ("password", "phone")]


def as_user_sees(user: User) -> User:
    """The record without the password's hash and salt."""
    shown = {name: value for name, value in user.items() if name != "salt"}
    if "passwordHash" in shown:
        shown["passwordHash"] = _REDACTED_HASH
    return shown


def _providers(user: User) -> list[dict[str, Any]]:
    providers: list[dict[str, Any]] = []
    profile = {name: user[name] for name in ("displayName", "photoUrl") if user.get(name)}
    if user.get("passwordHash") and user.get("email"):
        email = user["email"]
        named = {"providerId": "password", "federatedId": email, "email": email, "rawId": email}
        providers.append({**named, **profile})
    if user.get("phoneNumber"):
        phone = user["phoneNumber"]
        providers.append({"providerId": "phone", "phoneNumber": phone, "rawId": phone})
    return providers


def _remove_provider(user: User, provider: str) -> None:
    if provider == "password":
        for name in ("passwordHash", "salt", "passwordUpdatedAt"):
            user.pop(name, None)
    elif provider == "phone":
        user.pop("phoneNumber", None)


def _new_local_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(28))


def _rfc3339(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")
