"""Does a resource answer as its routes would, and only import them when it has to?"""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared import config
from shared.firestore import audit
from shared.http import api
from shared.http.resources import Resource

MODULE = "a_resource_of_a_test"
SOURCE = """
from shared.http import routing
from shared.http.answers import JsonAnswer

router = routing.router()
pages = routing.router(prefix="")

@router.get("/things/{thing}")
async def get(thing: str):
    return JsonAnswer({"thing": thing})

@router.delete("/things/{thing}")
async def delete(thing: str):
    return JsonAnswer({})

@pages.get("/page/{name}")
async def page(name: str):
    return JsonAnswer({"page": name})
"""


async def _nobody_logs(entries: Any) -> None:
    """No database is there."""


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / f"{MODULE}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(audit, "append", _nobody_logs)
    settings = config.Settings()
    monkeypatch.setattr(config, "settings", lambda: settings)
    app = api.create_app("test", [Resource(MODULE, "/api/v1/things/*", "/page/**")])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as asking:
        yield asking
    sys.modules.pop(MODULE, None)


async def test_a_path_of_its_own_imports_it_and_is_answered(client: httpx.AsyncClient) -> None:
    assert MODULE not in sys.modules
    assert (await client.get("/api/v1/things/one")).json() == {"thing": "one"}
    assert MODULE in sys.modules
    assert (await client.delete("/api/v1/things/one")).status_code == 200
    assert (await client.get("/page/two")).json() == {"page": "two"}


async def test_another_path_imports_nothing(client: httpx.AsyncClient) -> None:
    for path in ("/", "/api/v1/things", "/api/v1/things/one/more", "/pages/two"):
        assert (await client.get(path)).status_code == 404
    assert MODULE not in sys.modules


async def test_another_method_is_405_with_those_that_there_are(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/things/one")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET, HEAD"


async def test_a_path_that_none_of_its_routes_takes_is_404(client: httpx.AsyncClient) -> None:
    assert (await client.get("/page/two/three")).status_code == 404
