"""What are the codes that Firebase Auth would mail, and what does it do for who sends one back?

A code is kept until it is used or an hour has passed; Firebase's emulator lists them in place of mailing them
(https://firebase.google.com/docs/emulator-suite/connect_auth).
"""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from local.auth import accounts, passwords
from local.auth.accounts import Accounts
from local.auth.errors import AuthError
from local.auth.store import AuthStore, User

# Of a link: https://firebase.google.com/docs/auth/custom-email-handler
MODES = {
    "PASSWORD_RESET": "resetPassword",
    "VERIFY_EMAIL": "verifyEmail",
    "EMAIL_SIGNIN": "signIn",
    "VERIFY_AND_CHANGE_EMAIL": "verifyAndChangeEmail",
}
LIFETIME_SECONDS = 3600
_SHOWN = ("email", "oobCode", "oobLink", "requestType", "newEmail")
_KIND = "identitytoolkit#"
Body = Mapping[str, Any]
Code = dict[str, Any]


class Codes:
    """The codes of one project. ``email_privacy`` as ``UserCalls`` has it."""

    def __init__(self, store: AuthStore, users: Accounts, email_privacy: bool) -> None:
        self._store = store
        self._users = users
        self._email_privacy = email_privacy

    async def send(self, body: Body, base_url: str, is_admin: bool) -> dict[str, Any]:
        """Make a code that the service would mail; it is kept for the list of codes."""
        request_type = body.get("requestType")
        if request_type not in MODES:
            raise AuthError("INVALID_REQ_TYPE" if request_type else "MISSING_REQ_TYPE")
        answer: dict[str, Any] = {"kind": f"{_KIND}GetOobConfirmationCodeResponse"}
        email = self._addressee(body, request_type, is_admin)
        if email is None:
            return {**answer, "email": body["email"]}
        code = {"email": email, "oobCode": secrets.token_urlsafe(32), "requestType": request_type}
        if request_type == "VERIFY_AND_CHANGE_EMAIL":
            code["newEmail"] = self._new_address(body)
        code["oobLink"] = _link(base_url, code, body.get("continueUrl") or "")
        code["expires"] = self._users.now() + LIFETIME_SECONDS
        self._store.add_code(self._users.project, code)
        if is_admin and body.get("returnOobLink"):
            answer.update(oobCode=code["oobCode"], oobLink=code["oobLink"])
        return {**answer, "email": email}

    def _addressee(self, body: Body, request_type: str, is_admin: bool) -> str | None:
        """The address to mail to; None: an unknown one, which ``email_privacy`` keeps to itself."""
        if body.get("idToken") or (request_type in ("VERIFY_EMAIL", "VERIFY_AND_CHANGE_EMAIL") and not is_admin):
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

    def _new_address(self, body: Body) -> str:
        if not body.get("newEmail"):
            raise AuthError("MISSING_NEW_EMAIL")
        email = accounts.checked_email(body["newEmail"])
        if self._store.find_by_email(self._users.project, email) is not None:
            raise AuthError("EMAIL_EXISTS")
        return email

    def list_all(self) -> list[dict[str, Any]]:
        """All unused codes, oldest first."""
        codes = self._store.list_codes(self._users.project)
        return [{name: code[name] for name in _SHOWN if name in code} for code in codes]

    def find(self, body: Body, *request_types: str) -> Code:
        """The code that ``body`` carries. AuthError: it is unknown, used, too old, or for another purpose."""
        if not body.get("oobCode"):
            raise AuthError("MISSING_OOB_CODE")
        code = self._store.find_code(self._users.project, body["oobCode"])
        if code is None or (request_types and code["requestType"] not in request_types):
            raise AuthError("INVALID_OOB_CODE")
        if code.get("expires", self._users.now() + 1) <= self._users.now():
            raise AuthError("EXPIRED_OOB_CODE")
        return code

    def use(self, code: Code) -> None:
        """It is good no more."""
        self._store.delete_code(code["oobCode"])

    async def confirm(self, body: Body) -> User:
        """Confirm the address that a code was mailed to, or change to the one that it names."""
        code = self.find(body, "VERIFY_EMAIL", "VERIFY_AND_CHANGE_EMAIL")
        user = self._of(code)
        fields = {"emailVerified": True}
        if code["requestType"] == "VERIFY_AND_CHANGE_EMAIL":
            fields["email"] = code["newEmail"]
        user = await self._users.update(user, fields)
        self.use(code)
        return user

    async def reset_password(self, body: Body) -> dict[str, Any]:
        """Set the new password of whoever received the code; without one, only tell what the code is for."""
        code = self.find(body)
        kind = code["requestType"]
        answer: dict[str, Any] = {"kind": f"{_KIND}ResetPasswordResponse", "requestType": kind}
        if kind != "EMAIL_SIGNIN":
            answer |= {name: code[name] for name in ("email", "newEmail") if name in code}
        if not body.get("newPassword"):
            return answer
        if kind != "PASSWORD_RESET":
            raise AuthError("INVALID_OOB_CODE")
        passwords.check(body["newPassword"])
        user = self._of(code)
        self.use(code)
        await self._users.update(user, {"password": body["newPassword"], "emailVerified": True})
        return answer

    def _of(self, code: Code) -> User:
        user = self._store.find_by_email(self._users.project, code["email"])
        if user is None:
            raise AuthError("INVALID_OOB_CODE")
        return user


def _link(base_url: str, code: Code, continue_url: str) -> str:
    query = {"mode": MODES[code["requestType"]], "lang": "en", "oobCode": code["oobCode"], "apiKey": "fake-api-key"}
    if continue_url:
        query["continueUrl"] = continue_url
    return f"{base_url}/emulator/action?{urlencode(query)}"
