"""An OAuth 2 authorisation server as RFC 6749 and RFC 7636 ask for one, for tests: it refuses what it should."""

import asyncio
import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "weftly-tests", "client-secret-of-the-tests"


@dataclass
class Server:
    """``lasts``: seconds that its access tokens hold. ``slow``: seconds that a refresh takes. ``fails``: statuses
    with which the next calls of the token endpoint are answered."""

    lasts: int = 3600
    slow: float = 0.0
    fails: list[int] = field(default_factory=list[int])
    codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    refresh_tokens: dict[str, str] = field(default_factory=dict[str, str])
    issued: list[str] = field(default_factory=list[str])
    refreshes: int = 0
    revoked: list[str] = field(default_factory=list[str])

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/token", self._token, methods=["POST"]),
                Route("/revoke", self._revoke, methods=["POST"]),
            ]
        )

    def consent(self, authorization_url: str) -> tuple[str, str]:
        """The user agrees: the code and the state with which their browser comes back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return code, query["state"]

    async def _token(self, request: Request) -> Response:
        if self.fails:
            return Response("no JSON", status_code=self.fails.pop(0))
        form = dict(parse_qsl((await request.body()).decode()))
        if not _is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        if form["grant_type"] == "refresh_token":
            return await self._refresh(form["refresh_token"])
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant", "error_description": form.get("code")}, 400)
        return self._issue(asked.get("scope", ""))

    async def _refresh(self, token: str) -> Response:
        scope = self.refresh_tokens.pop(token, None)
        if scope is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        await asyncio.sleep(self.slow)
        self.refreshes += 1
        return self._issue(scope)

    def _issue(self, scope: str) -> Response:
        access, refresh = f"access-{secrets.token_urlsafe(16)}", f"refresh-{secrets.token_urlsafe(16)}"
        self.refresh_tokens[refresh] = scope
        self.issued += [access, refresh]
        answer: dict[str, Any] = {"access_token": access, "refresh_token": refresh, "token_type": "bearer"}
        return JSONResponse({**answer, "expires_in": self.lasts, "scope": scope})

    async def _revoke(self, request: Request) -> Response:
        if not _is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        self.revoked.append(dict(parse_qsl((await request.body()).decode()))["token"])
        return Response(status_code=200)


def _is_client(request: Request) -> bool:
    expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {expected}"
