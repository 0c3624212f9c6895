"""What does Firebase Auth answer to the project's own servers? (the ``/v1/projects/P/accounts…`` calls)"""

from collections.abc import Mapping
from typing import Any

from local.auth import accounts, tokens
from local.auth.accounts import Accounts
from local.auth.errors import AuthError
from local.auth.store import AuthStore, User

_KIND = "identitytoolkit#"
_MAX_PAGE = 1000
_MIN_COOKIE_SECONDS, _MAX_COOKIE_SECONDS = 300, 14 * 86400
Body = Mapping[str, Any]


class AdminCalls:
    """The calls of firebase-admin on the users of one project."""

    def __init__(self, store: AuthStore, users: Accounts) -> None:
        self._store = store
        self._users = users

    async def create(self, body: Body) -> dict[str, Any]:
        """A new user with whatever fields are given."""
        user = await self._users.create(body)
        shown = {name: user[name] for name in ("localId", "email", "displayName") if name in user}
        return {"kind": f"{_KIND}SignupNewUserResponse", **shown}

    async def lookup(self, body: Body) -> dict[str, Any]:
        """The users of the ids, addresses and numbers given; unknown ones are left out."""
        project = self._users.project
        found = [self._store.find(project, key) for key in body.get("localId") or ()]
        found += [self._store.find_by_email(project, key) for key in body.get("email") or ()]
        found += [self._store.find_by_phone(project, key) for key in body.get("phoneNumber") or ()]
        if body.get("idToken"):
            found.append(self._users.holder(body["idToken"])[0])
        users = {user["localId"]: user for user in found if user is not None}
        answer: dict[str, Any] = {"kind": f"{_KIND}GetAccountInfoResponse"}
        return {**answer, "users": list(users.values())} if users else answer

    async def update(self, body: Body) -> dict[str, Any]:
        """Change any field of a user."""
        if not body.get("localId"):
            raise AuthError("MISSING_LOCAL_ID")
        user = await self._users.update(self._users.get(body["localId"]), body)
        shown = {name: user[name] for name in ("localId", "email", "emailVerified") if name in user}
        return {"kind": f"{_KIND}SetAccountInfoResponse", **shown}

    async def delete(self, body: Body) -> dict[str, Any]:
        """Delete a user."""
        if not body.get("localId"):
            raise AuthError("MISSING_LOCAL_ID")
        if not self._store.delete(self._users.project, body["localId"]):
            raise AuthError("USER_NOT_FOUND")
        return {"kind": f"{_KIND}DeleteAccountResponse"}

    async def batch_delete(self, body: Body) -> dict[str, Any]:
        """Delete many; those not disabled only where ``force`` is set."""
        errors: list[dict[str, Any]] = []
        for index, local_id in enumerate(body.get("localIds") or ()):
            user = self._store.find(self._users.project, local_id)
            if user is not None and not (user.get("disabled") or body.get("force")):
                message = "NOT_DISABLED : Disable the account before batch deletion."
                errors.append({"index": index, "localId": local_id, "message": message})
            else:
                self._store.delete(self._users.project, local_id)
        return {"errors": errors} if errors else {}

    async def batch_create(self, body: Body) -> dict[str, Any]:
        """Import users. Those of an id that is there are replaced, as the service does. A hash of a password is kept,
        but no sign-in with it: it is another server's."""
        errors: list[dict[str, Any]] = []
        for index, fields in enumerate(body.get("users") or ()):
            try:
                await self._import(fields)
            except AuthError as error:
                errors.append({"index": index, "message": error.message})
        return {"kind": f"{_KIND}UploadAccountResponse", **({"error": errors} if errors else {})}

    async def _import(self, fields: Body) -> None:
        if not fields.get("localId"):
            raise AuthError("localId is missing")
        self._store.delete(self._users.project, fields["localId"])
        kept = {name: value for name, value in fields.items() if name not in ("passwordHash", "salt")}
        user = await self._users.create(kept)
        imported = {name: fields[name] for name in ("createdAt", "lastLoginAt", "mfaInfo") if name in fields}
        if fields.get("passwordHash"):
            imported["importedHash"] = {name: fields[name] for name in ("passwordHash", "salt") if name in fields}
        self._store.replace(self._users.project, {**user, **imported})

    async def batch_get(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of all users, by id."""
        size = min(int(query.get("maxResults") or 20), _MAX_PAGE)
        users = self._store.list_page(self._users.project, query.get("nextPageToken", ""), size + 1)
        answer: dict[str, Any] = {"kind": f"{_KIND}DownloadAccountResponse", "users": users[:size]}
        if len(users) > size:
            answer["nextPageToken"] = users[size - 1]["localId"]
        return answer

    async def query(self, body: Body) -> dict[str, Any]:
        """The users for whom one of the expressions holds, or all; or only how many."""
        everyone = self._everyone()
        expressions = body.get("expression") or ()
        users = [user for user in everyone if not expressions or any(_fits(user, e) for e in expressions)]
        if body.get("returnUserInfo") is False:
            return {"recordsCount": str(len(users))}
        users.sort(key=lambda user: str(user.get(_SORT_KEYS.get(body.get("sortBy", ""), "localId")) or ""))
        if body.get("order") == "DESC":
            users.reverse()
        start = int(body.get("offset") or 0)
        page = users[start : start + int(body.get("limit") or 500)]
        return {"recordsCount": str(len(page)), "userInfo": [accounts.as_user_sees(user) for user in page]}

    def _everyone(self) -> list[User]:
        users: list[User] = []
        while page := self._store.list_page(self._users.project, users[-1]["localId"] if users else "", 1000):
            users += page
        return users

    async def create_session_cookie(self, body: Body) -> dict[str, Any]:
        """A cookie that stands for the ID token, for 5 minutes to 2 weeks."""
        seconds = int(body.get("validDuration") or _MAX_COOKIE_SECONDS)
        if not _MIN_COOKIE_SECONDS <= seconds <= _MAX_COOKIE_SECONDS:
            raise AuthError("INVALID_DURATION")
        _, claims = self._users.holder(body.get("idToken") or "")
        now = self._users.now()
        return {"sessionCookie": tokens.session_cookie(self._users.project, claims, seconds, now)}


_SORT_KEYS = {
    "USER_ID": "localId",
    "NAME": "displayName",
    "CREATED_AT": "createdAt",
    "LAST_LOGIN_AT": "lastLoginAt",
    "USER_EMAIL": "email",
}


def _fits(user: User, expression: Body) -> bool:
    wanted = {"email": "email", "userId": "localId", "phoneNumber": "phoneNumber"}
    return all(
        str(user.get(field) or "").lower() == str(expression[name]).lower()
        for name, field in wanted.items()
        if expression.get(name)
    )
