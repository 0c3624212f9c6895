"""What does Firebase Auth answer to an app on behalf of its user? (the ``/v1/accounts:…`` calls)"""

import secrets
from collections.abc import Mapping
from typing import Any

from local.auth import accounts, passwords, tokens
from local.auth.accounts import Accounts
from local.auth.codes import Codes
from local.auth.errors import AuthError
from local.auth.store import AuthStore, User

_KIND = "identitytoolkit#"
Body = Mapping[str, Any]


class UserCalls:
    """``email_privacy``: tell a wrong password and an unknown address apart no more, as projects made since
    September 2023 do (https://cloud.google.com/identity-platform/docs/admin/email-enumeration-protection)."""

    def __init__(self, store: AuthStore, users: Accounts, email_privacy: bool) -> None:
        self._store = store
        self._users = users
        self._email_privacy = email_privacy
        self._codes = Codes(store, users, email_privacy)

    async def sign_up(self, body: Body) -> dict[str, Any]:
        """A new user, anonymous without an address; with idToken, the address is given to that user."""
        fields = {name: body[name] for name in ("email", "password", "displayName", "photoUrl") if body.get(name)}
        if "email" in fields and "password" not in fields:
            raise AuthError("MISSING_PASSWORD")
        if "password" in fields and "email" not in fields:
            raise AuthError("MISSING_EMAIL")
        if body.get("idToken"):
            user = await self._users.update(self._users.holder(body["idToken"])[0], fields)
        else:
            user = await self._users.create(fields)
        signed_in = self._users.sign_in(user, "password" if "email" in fields else "anonymous")
        return {"kind": f"{_KIND}SignupNewUserResponse", **_named(user), **signed_in}

    async def sign_in_with_password(self, body: Body) -> dict[str, Any]:
        """A session for an address and its password."""
        for name, missing in (("email", "MISSING_EMAIL"), ("password", "MISSING_PASSWORD")):
            if not body.get(name):
                raise AuthError(missing)
        email = accounts.checked_email(body["email"])
        user = self._store.find_by_email(self._users.project, email)
        if user is None:
            raise AuthError("INVALID_LOGIN_CREDENTIALS" if self._email_privacy else "EMAIL_NOT_FOUND")
        if not user.get("passwordHash") or not await passwords.matches(
            body["password"], user["passwordHash"], user["salt"]
        ):
            raise AuthError("INVALID_LOGIN_CREDENTIALS" if self._email_privacy else "INVALID_PASSWORD")
        user = self._users.get(user["localId"])
        signed_in = self._users.sign_in(user, "password")
        if not body.get("returnSecureToken"):
            signed_in = {}
        answer = {"kind": f"{_KIND}VerifyPasswordResponse", "registered": True, **_named(user), **signed_in}
        return {**answer, "displayName": user.get("displayName", "")}

    async def sign_in_with_custom_token(self, body: Body) -> dict[str, Any]:
        """A session for the user whom a token of the app's own server names; made if new."""
        if not body.get("token"):
            raise AuthError("MISSING_CUSTOM_TOKEN")
        claims = tokens.claims_of(body["token"], "INVALID_CUSTOM_TOKEN : Invalid assertion format")
        local_id = claims.get("uid") or claims.get("user_id")
        if not local_id:
            raise AuthError("MISSING_IDENTIFIER")
        user = self._store.find(self._users.project, local_id)
        is_new = user is None
        if user is None:
            user = await self._users.create({"localId": local_id})
        signed_in = self._users.sign_in(user, "custom", claims.get("claims") or {})
        return {"kind": f"{_KIND}VerifyCustomTokenResponse", "isNewUser": is_new, **signed_in}

    async def sign_in_with_email_link(self, body: Body) -> dict[str, Any]:
        """A session for whoever received the code at the address."""
        code = self._codes.find(body, "EMAIL_SIGNIN")
        if accounts.checked_email(body.get("email") or "") != code["email"]:
            raise AuthError("INVALID_EMAIL : The email provided does not match the sign-in email address.")
        user = self._store.find_by_email(self._users.project, code["email"])
        is_new = user is None
        fields = {"email": code["email"], "emailVerified": True}
        fields["emailLinkSignin"] = True
        user = await self._users.create(fields) if user is None else await self._users.update(user, fields)
        self._codes.use(code)
        signed_in = self._users.sign_in(user, "password")
        kind = f"{_KIND}EmailLinkSigninResponse"
        return {"kind": kind, "isNewUser": is_new, **_named(user), **signed_in}

    async def create_auth_uri(self, body: Body) -> dict[str, Any]:
        """How the user of an address can sign in; nothing of that where ``email_privacy`` holds."""
        if not body.get("identifier"):
            raise AuthError("MISSING_IDENTIFIER")
        if not body.get("continueUri"):
            raise AuthError("MISSING_CONTINUE_URI")
        answer: dict[str, Any] = {"kind": f"{_KIND}CreateAuthUriResponse", "sessionId": secrets.token_urlsafe(20)}
        if self._email_privacy:
            return answer
        user = self._store.find_by_email(self._users.project, accounts.checked_email(body["identifier"]))
        methods = accounts.sign_in_methods(user) if user else []
        providers = ["password" if method == "emailLink" else method for method in methods]
        return {
            **answer,
            "registered": user is not None,
            "allProviders": sorted(set(providers)),
            "signinMethods": methods,
        }

    async def lookup(self, body: Body) -> dict[str, Any]:
        """The user's own record."""
        user, _ = self._users.holder(body.get("idToken") or "")
        return {"kind": f"{_KIND}GetAccountInfoResponse", "users": [accounts.as_user_sees(user)]}

    async def update(self, body: Body) -> dict[str, Any]:
        """Change the user's own profile, or confirm the address with a mailed code."""
        if body.get("oobCode"):
            return _update_answer(await self._codes.confirm(body))
        user, claims = self._users.holder(body.get("idToken") or "")
        mine = ("email", "password", "displayName", "photoUrl", "deleteAttribute", "deleteProvider")
        fields = {name: body[name] for name in mine if body.get(name) is not None}
        user = await self._users.update(user, fields)
        answer = _update_answer(user)
        if body.get("returnSecureToken") or "password" in fields or "email" in fields:
            provider = "password" if "password" in fields else claims["firebase"]["sign_in_provider"]
            answer.update(self._users.sign_in(user, provider))
        return answer

    async def delete(self, body: Body) -> dict[str, Any]:
        """Delete the user's own account."""
        user, _ = self._users.holder(body.get("idToken") or "")
        self._store.delete(self._users.project, user["localId"])
        return {"kind": f"{_KIND}DeleteAccountResponse"}


def _named(user: User) -> dict[str, Any]:
    email = {"email": user["email"]} if user.get("email") else {}
    return {"localId": user["localId"], **email}


def _update_answer(user: User) -> dict[str, Any]:
    shown = accounts.as_user_sees(user)
    names = ("localId", "email", "displayName", "photoUrl", "passwordHash", "providerUserInfo", "emailVerified")
    answer = {name: shown[name] for name in names if name in shown}
    return {"kind": f"{_KIND}SetAccountInfoResponse", **answer}
