"""A Firebase Auth server of this process, with plain HTTP and firebase-admin to call it."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import firebase_admin
import firebase_admin.auth
import httpx
import pytest

from local.auth import AuthService, passwords
from local.database import Database
from local.identity import Identity

PROJECT = "weftly-local"


class Cloud:
    """Starts Auth over one database file, any number of times one after the other. ``offset`` moves its clock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.offset = 0.0

    async def start(self, **settings: Any) -> None:
        self._database = Database(self._path)
        self.identity = Identity(self._database)
        clock = lambda: time.time() + self.offset  # noqa: E731
        self._service = AuthService(self._database, self.identity, PROJECT, clock=clock, **settings)
        self.port = await self._service.start(0)
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=20, verify=False)

    async def stop(self) -> None:
        await self.http.aclose()
        await self._service.stop()
        self._database.close()

    async def call(self, method: str, **body: Any) -> dict[str, Any]:
        """One of the app's calls, such as signUp; the JSON answer."""
        response = await self.http.post(f"/identitytoolkit.googleapis.com/v1/accounts:{method}?key=any", json=body)
        return response.json()

    async def refused(self, method: str, **body: Any) -> str:
        """The error message of one of the app's calls that fails."""
        response = await self.http.post(f"/identitytoolkit.googleapis.com/v1/accounts:{method}?key=any", json=body)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (400, 400)
        assert error["errors"][0]["message"] == error["message"]
        return error["message"]

    async def refresh(self, refresh_token: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self.http.post("/securetoken.googleapis.com/v1/token?key=any", data=form)


@pytest.fixture
async def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cloud]:
    monkeypatch.setattr(passwords, "COST", 2)
    cloud = Cloud(tmp_path / "data.sqlite")
    await cloud.start()
    yield cloud
    await cloud.stop()


@pytest.fixture
async def admin(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    """Calls firebase-admin off the event loop: ``await admin("create_user", email=...)``."""
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", f"127.0.0.1:{cloud.port}")
    app = firebase_admin.initialize_app(options={"projectId": PROJECT}, name=f"app-{cloud.port}")

    async def call(name: str, *args: Any, **kwargs: Any) -> Any:
        function = getattr(firebase_admin.auth, name)
        return await asyncio.to_thread(functools.partial(function, *args, app=app, **kwargs))

    yield call
    await asyncio.to_thread(firebase_admin.delete_app, app)
