"""What does Firebase Auth answer to an app on behalf of its user? (the ``/v1/accounts:…`` calls)"""

import secrets
from collections.abc import Mapping
from typing import Any

from local.auth import accounts, passwords, tokens
from local.auth.accounts import Accounts
from local.auth.errors import AuthError
from local.auth.store import AuthStore, User

_KIND = "identitytoolkit#"
Body = Mapping[str, Any]
_OOB_MODES = {"PASSWORD_RESET": "resetPassword", "VERIFY_EMAIL": "verifyEmail", "EMAIL_SIGNIN": "signIn"}


class UserCalls:
    """``email_privacy``: tell a wrong password and an unknown address apart no more, as projects made since
    September 2023 do (https://cloud.google.com/identity-platform/docs/admin/email-enumeration-protection)."""

    def __init__(self, store: AuthStore, users: Accounts, email_privacy: bool) -> None:
        self._store = store
        self._users = users
        self._email_privacy = email_privacy

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
        code = self._code(body, "EMAIL_SIGNIN")
        if accounts.checked_email(body.get("email") or "") != code["email"]:
            raise AuthError("INVALID_EMAIL : The email provided does not match the sign-in email address.")
        user = self._store.find_by_email(self._users.project, code["email"])
        is_new = user is None
        fields = {"email": code["email"], "emailVerified": True}
        user = await self._users.create(fields) if user is None else await self._users.update(user, fields)
        self._store.delete_code(code["oobCode"])
        signed_in = self._users.sign_in(user, "password")
        kind = f"{_KIND}EmailLinkSigninResponse"
        return {"kind": kind, "isNewUser": is_new, **_named(user), **signed_in}

    async def lookup(self, body: Body) -> dict[str, Any]:
        """The user's own record."""
        user, _ = self._users.holder(body.get("idToken") or "")
        return {"kind": f"{_KIND}GetAccountInfoResponse", "users": [accounts.as_user_sees(user)]}

    async def update(self, body: Body) -> dict[str, Any]:
        """Change the user's own profile, or confirm the address with a mailed code."""
        if body.get("oobCode"):
            return await self._confirm_email(body)
        user, claims = self._users.holder(body.get("idToken") or "")
        mine = ("email", "password", "displayName", "photoUrl", "deleteAttribute", "deleteProvider")
        fields = {name: body[name] for name in mine if body.get(name) is not None}
        user = await self._users.update(user, fields)
        answer = _update_answer(user)
        if body.get("returnSecureToken") or "password" in fields or "email" in fields:
            provider = "password" if "password" in fields else claims["firebase"]["sign_in_provider"]
            answer.update(self._users.sign_in(user, provider))
        return answer

    async def _confirm_email(self, body: Body) -> dict[str, Any]:
        code = self._code(body, "VERIFY_EMAIL")
        user = self._store.find_by_email(self._users.project, code["email"])
        if user is None:
            raise AuthError("INVALID_OOB_CODE")
        user = await self._users.update(user, {"emailVerified": True})
        self._store.delete_code(code["oobCode"])
        return _update_answer(user)

    async def delete(self, body: Body) -> dict[str, Any]:
        """Delete the user's own account."""
        user, _ = self._users.holder(body.get("idToken") or "")
        self._store.delete(self._users.project, user["localId"])
        return {"kind": f"{_KIND}DeleteAccountResponse"}

    async def send_code(self, body: Body, base_url: str, is_admin: bool) -> dict[str, Any]:
        """Make a code that the service would mail; it is kept for the list of codes."""
        request_type = body.get("requestType")
        if request_type not in _OOB_MODES:
            raise AuthError("INVALID_REQ_TYPE" if request_type else "MISSING_REQ_TYPE")
        email = self._addressee(body, request_type, is_admin)
        if email is None:
            return {"kind": f"{_KIND}GetOobConfirmationCodeResponse", "email": body["email"]}
        code = secrets.token_urlsafe(32)
        mode = _OOB_MODES[request_type]
        link = f"{base_url}/emulator/action?mode={mode}&lang=en&oobCode={code}&apiKey=fake-api-key"
        record = {"email": email, "oobCode": code, "oobLink": link, "requestType": request_type}
        self._store.add_code(self._users.project, record)
        answer = {"kind": f"{_KIND}GetOobConfirmationCodeResponse", "email": email}
        if is_admin and body.get("returnOobLink"):
            answer.update(oobCode=code, oobLink=link)
        return answer

    def _addressee(self, body: Body, request_type: str, is_admin: bool) -> str | None:
        """The address to mail to; None: an unknown one, which ``email_privacy`` keeps to itself."""
        if request_type == "VERIFY_EMAIL" and not is_admin:
            return str(self._users.holder(body.get("idToken") or "")[0].get("email") or "")
        if not body.get("email"):
            raise AuthError("MISSING_EMAIL")
        email = accounts.checked_email(body["email"])
        known = self._store.find_by_email(self._users.project, email) is not None
        if request_type == "EMAIL_SIGNIN" or known:
            return email
        if self._email_privacy and not is_admin:
            return None
        raise AuthError("EMAIL_NOT_FOUND" if request_type == "PASSWORD_RESET" else "USER_NOT_FOUND")

    async def reset_password(self, body: Body) -> dict[str, Any]:
        """Set the new password of whoever received the code; without one, only tell what the code is for."""
        code = self._code(body, None)
        answer = {"kind": f"{_KIND}ResetPasswordResponse", "requestType": code["requestType"]}
        if not body.get("newPassword"):
            return {**answer, "email": code["email"]} if code["requestType"] != "EMAIL_SIGNIN" else answer
        if code["requestType"] != "PASSWORD_RESET":
            raise AuthError("INVALID_OOB_CODE")
        passwords.check(body["newPassword"])
        user = self._store.find_by_email(self._users.project, code["email"])
        if user is None:
            raise AuthError("INVALID_OOB_CODE")
        self._store.delete_code(code["oobCode"])
        await self._users.update(user, {"password": body["newPassword"], "emailVerified": True})
        return {**answer, "email": code["email"]}

    def _code(self, body: Body, request_type: str | None) -> dict[str, Any]:
        if not body.get("oobCode"):
            raise AuthError("MISSING_OOB_CODE")
        code = self._store.find_code(self._users.project, body["oobCode"])
        if code is None or (request_type is not None and code["requestType"] != request_type):
            raise AuthError("INVALID_OOB_CODE")
        return code


def _named(user: User) -> dict[str, Any]:
    email = {"email": user["email"]} if user.get("email") else {}
    return {"localId": user["localId"], **email}


def _update_answer(user: User) -> dict[str, Any]:
    shown = accounts.as_user_sees(user)
    names = ("localId", "email", "displayName", "photoUrl", "passwordHash", "providerUserInfo", "emailVerified")
    answer = {name: shown[name] for name in names if name in shown}
    return {"kind": f"{_KIND}SetAccountInfoResponse", **answer}
