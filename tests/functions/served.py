"""What do tests of functions have at hand? Users, clients, and what an error must look like."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import functions_framework.aio
import httpx

ROOT = Path(__file__).parent.parent.parent
PROJECT = "weftly-local"
PASSWORD = "correct-horse"

MakeApi = Callable[..., httpx.AsyncClient]


@dataclass(frozen=True)
class Cloud:
    """Where the servers of this process answer."""

    firestore: str
    auth: str
    storage: str
    token: Callable[..., str]
    """Of the platform's own caller, or of another account, for a function."""
    later: list[float]
    """Seconds by which the clock of Cloud Storage is ahead; one of them."""


@dataclass(frozen=True)
class User:
    id: str
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Accounts:
    """Signs users up and in, and does to them what an administrator may."""

    def __init__(self, host: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"http://{host}/identitytoolkit.googleapis.com/v1", timeout=20, verify=False
        )
        self._made = 0

    async def user(self, role: str | None = None) -> User:
        self._made += 1
        email = f"user-{self._made}-{os.urandom(6).hex()}@example.com"
        made = await self._call("accounts:signUp?key=any", email=email, password=PASSWORD)
        if role is None:
            return User(made["localId"], email, made["idToken"])
        await self.change(made["localId"], customAttributes=f'{{"role": "{role}"}}')
        signed_in = await self._call("accounts:signInWithPassword?key=any", email=email, password=PASSWORD)
        return User(made["localId"], email, signed_in["idToken"])

    async def change(self, user_id: str, **changes: Any) -> None:
        await self._call(f"projects/{PROJECT}/accounts:update", localId=user_id, **changes)

    async def _call(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": "Bearer owner"} if path.startswith("projects") else {}
        answer = await self._http.post(f"/{path}", json={"returnSecureToken": True, **body}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def close(self) -> None:
        await self._http.aclose()


def error_of(answer: httpx.Response, code: int) -> dict[str, Any]:
    """The error of an answer, its details by their type's short name; checked to be AIP-193."""
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == {"code", "status", "message", "details"}
    assert error["code"] == code
    details = {detail["@type"].rsplit(".", 1)[1]: detail for detail in error["details"]}
    assert details["ErrorInfo"]["domain"] == "weftly"
    return {**error, **details}


def fields_of(answer: httpx.Response) -> list[str]:
    """The fields of the violations of a 400."""
    return [one["field"] for one in error_of(answer, 400)["BadRequest"]["fieldViolations"]]


@functools.cache
def app_of(name: str) -> Any:
    """The application of a function, made once."""
    return functions_framework.aio.create_asgi_app(target=name, source=str(ROOT / "functions" / f"{name}.py"))
