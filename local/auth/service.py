"""Where does Firebase Auth listen, and which call is which? (the REST paths of Firebase's own emulator)

https://firebase.google.com/docs/reference/rest/auth and
https://firebase.google.com/docs/emulator-suite/connect_auth
"""

import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local import faults
from local.auth import action_page, passwords
from local.auth.accounts import Accounts
from local.auth.admin_calls import AdminCalls
from local.auth.codes import Codes
from local.auth.errors import AuthError
from local.auth.store import AuthStore
from local.auth.user_calls import UserCalls
from local.database import Database
from local.faults import over_http
from local.identity import Identity
from local.serving import HttpServer

_V1, _V2 = "/identitytoolkit.googleapis.com/v1", "/identitytoolkit.googleapis.com/v2"
_IAM = "/iamcredentials.googleapis.com"
_PRIVACY = "email_privacy"
_Endpoint = Callable[[Request], Awaitable[dict[str, Any]]]


class AuthService:
    """Users call for ``project``; the project's servers for any."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        project: str = "weftly-local",
        *,
        email_privacy: bool = False,
        clock: Callable[[], float] = time.time,
        disturbance: faults.Disturbance = faults.CALM,
    ) -> None:
        self._identity = identity
        self._project = project
        self._email_privacy = email_privacy
        self._clock = clock
        self._store = AuthStore(database)
        self._server = HttpServer(over_http.around(self._app(), disturbance), database)

    async def start(self, port: int) -> int:
        """Listen and return the port. OSError: it is taken."""
        return await self._server.start(port)

    async def stop(self) -> None:
        await self._server.stop()

    def _app(self) -> Starlette:
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], max_age=3600)
        return Starlette(routes=[*self._user_routes(), *self._admin_routes()], middleware=[cors])

    def _user_routes(self) -> list[Route]:
        calls = {
            "signUp": "sign_up",
            "signInWithPassword": "sign_in_with_password",
            "signInWithCustomToken": "sign_in_with_custom_token",
            "signInWithEmailLink": "sign_in_with_email_link",
            "createAuthUri": "create_auth_uri",
        }
        routes = [_route(f"{_V1}/accounts:{name}", self._user_call(attr)) for name, attr in calls.items()]
        routes += [
            _route(f"{_V1}/accounts:{name}", self._user_or_admin_call(name))
            for name in ("lookup", "update", "delete")
        ]
        return [
            *routes,
            _route(f"{_V1}/accounts:resetPassword", self._reset_password),
            _route(f"{_V1}/accounts:sendOobCode", self._send_code),
            _route(f"{_V1}/projects", self._project_config, "GET"),
            _route(f"{_V2}/passwordPolicy", self._password_policy, "GET"),
            _route(f"{_V2}/recaptchaConfig", self._recaptcha_config, "GET"),
            Route("/emulator/action", _answered(self._follow_link), methods=["GET"]),
            _route("/securetoken.googleapis.com/v1/token", self._refresh),
            _route("/oauth2/v3/certs", self._certs, "GET"),
            _route(f"{_IAM}/v1/projects/{{of}}/serviceAccounts/{{email}}:signBlob", self._sign_blob),
        ]

    def _admin_routes(self) -> list[Route]:
        base, emulator = f"{_V1}/projects/{{project}}", "/emulator/v1/projects/{project}"
        calls = {
            "accounts": "create",
            "accounts:lookup": "lookup",
            "accounts:update": "update",
            "accounts:delete": "delete",
            "accounts:batchCreate": "batch_create",
            "accounts:batchDelete": "batch_delete",
            "accounts:query": "query",
        }
        return [
            *(_route(f"{base}/{path}", self._admin_call(attr)) for path, attr in calls.items()),
            _route(f"{base}/accounts:sendOobCode", self._send_code),
            _route(f"{base}/accounts:batchGet", self._batch_get, "GET"),
            _route(f"{base}:createSessionCookie", self._admin_call("create_session_cookie")),
            _route(f"{emulator}/oobCodes", self._list_codes, "GET"),
            _route(f"{emulator}/config", self._get_config, "GET"),
            _route(f"{emulator}/config", self._set_config, "PATCH"),
            _route(f"{emulator}/accounts", self._clear, "DELETE"),
        ]

    def _accounts(self, project: str) -> Accounts:
        return Accounts(self._store, project, self._clock)

    def _users(self, project: str) -> UserCalls:
        return UserCalls(self._store, self._accounts(project), self._is_private(project))

    def _codes(self, project: str) -> Codes:
        return Codes(self._store, self._accounts(project), self._is_private(project))

    def _is_private(self, project: str) -> bool:
        return self._store.setting(project, _PRIVACY, self._email_privacy)

    def _admin(self, request: Request) -> AdminCalls:
        _require_admin(request)
        project = request.path_params.get("project", self._project)
        return AdminCalls(self._store, self._accounts(project))

    def _user_call(self, attribute: str) -> _Endpoint:
        async def call(request: Request) -> dict[str, Any]:
            return await getattr(self._users(self._project), attribute)(await _body(request))

        return call

    def _admin_call(self, attribute: str) -> _Endpoint:
        async def call(request: Request) -> dict[str, Any]:
            return await getattr(self._admin(request), attribute)(await _body(request))

        return call

    def _user_or_admin_call(self, attribute: str) -> _Endpoint:
        async def call(request: Request) -> dict[str, Any]:
            calls = self._admin(request) if _is_admin(request) else self._users(self._project)
            return await getattr(calls, attribute)(await _body(request))

        return call

    async def _send_code(self, request: Request) -> dict[str, Any]:
        project = request.path_params.get("project", "")
        if project:
            _require_admin(request)
        base_url = str(request.base_url).rstrip("/")
        codes = self._codes(project or self._project)
        return await codes.send(await _body(request), base_url, _is_admin(request))

    async def _reset_password(self, request: Request) -> dict[str, Any]:
        return await self._codes(self._project).reset_password(await _body(request))

    async def _follow_link(self, request: Request) -> Response:
        return await action_page.follow(self._codes(self._project), request.query_params)

    async def _project_config(self, _request: Request) -> dict[str, Any]:
        """What the SDK asks before it opens a pop-up or follows a redirect."""
        return {"projectId": self._project, "authorizedDomains": ["localhost", "127.0.0.1"]}

    async def _password_policy(self, _request: Request) -> dict[str, Any]:
        return passwords.POLICY

    async def _recaptcha_config(self, _request: Request) -> dict[str, Any]:
        providers = ("EMAIL_PASSWORD_PROVIDER", "PHONE_PROVIDER")
        return {"recaptchaEnforcementState": [{"provider": p, "enforcementState": "OFF"} for p in providers]}

    async def _get_config(self, request: Request) -> dict[str, Any]:
        private = self._is_private(request.path_params["project"])
        privacy = {"enableImprovedEmailPrivacy": private}
        return {"signIn": {"allowDuplicateEmails": False}, "emailPrivacyConfig": privacy}

    async def _set_config(self, request: Request) -> dict[str, Any]:
        body = await _body(request)
        if (body.get("signIn") or {}).get("allowDuplicateEmails"):
            raise AuthError("INVALID_CONFIG : Accounts with the same address are not served here.")
        private = (body.get("emailPrivacyConfig") or {}).get("enableImprovedEmailPrivacy")
        if private is not None:
            self._store.put_setting(request.path_params["project"], _PRIVACY, bool(private))
        return await self._get_config(request)

    async def _batch_get(self, request: Request) -> dict[str, Any]:
        return await self._admin(request).batch_get(request.query_params)

    async def _list_codes(self, request: Request) -> dict[str, Any]:
        return {"oobCodes": self._codes(request.path_params["project"]).list_all()}

    async def _clear(self, request: Request) -> dict[str, Any]:
        self._store.clear(request.path_params["project"])
        return {}

    async def _certs(self, _request: Request) -> dict[str, Any]:
        return self._identity.jwks()

    async def _sign_blob(self, request: Request) -> dict[str, Any]:
        """https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob: how a
        function signs URLs without a key file."""
        _require_admin(request)
        try:
            payload = base64.b64decode((await _body(request))["payload"], validate=True)
        except (KeyError, TypeError, ValueError):
            raise AuthError("INVALID_ARGUMENT : payload must be base64.") from None
        signature = base64.b64encode(self._identity.sign(payload)).decode()
        return {"keyId": self._identity.key_id, "signedBlob": signature}

    async def _refresh(self, request: Request) -> dict[str, Any]:
        """https://firebase.google.com/docs/reference/rest/auth#section-refresh-token"""
        body = await _body(request)
        if not body.get("grant_type"):
            raise AuthError("MISSING_GRANT_TYPE")
        if body["grant_type"] != "refresh_token":
            raise AuthError("INVALID_GRANT_TYPE")
        if not body.get("refresh_token"):
            raise AuthError("MISSING_REFRESH_TOKEN")
        found = self._store.find_refresh_token(body["refresh_token"])
        if found is None:
            raise AuthError("INVALID_REFRESH_TOKEN")
        project, local_id, session = found
        token = self._accounts(project).refresh(local_id, session)
        return {
            "id_token": token,
            "access_token": token,
            "expires_in": "3600",
            "refresh_token": body["refresh_token"],
            "token_type": "Bearer",
            "user_id": local_id,
            "project_id": project,
        }


def _route(path: str, endpoint: _Endpoint, method: str = "POST") -> Route:
    async def answer(request: Request) -> Response:
        return JSONResponse(await endpoint(request))

    return Route(path, _answered(answer), methods=[method])


def _answered(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, with errors as Google writes them."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except AuthError as error:
            return JSONResponse(error.body(), status_code=error.status)

    return answer


async def _body(request: Request) -> dict[str, Any]:
    """The body's fields, from JSON or a form."""
    raw = await request.body()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode()))
    try:
        fields = json.loads(raw or b"{}")
    except ValueError:
        raise AuthError("INVALID_REQUEST : The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise AuthError("INVALID_REQUEST : The body is not a JSON object.")
    return fields


def _is_admin(request: Request) -> bool:
    return request.headers.get("authorization", "").lower().startswith("bearer ")


def _require_admin(request: Request) -> None:
    """Firebase's emulator takes the word ``owner`` for a server's credentials; any bearer token does here."""
    if not _is_admin(request):
        raise AuthError("Request is missing required authentication credential. Send Bearer owner.", 401)
