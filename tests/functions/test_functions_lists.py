"""What do all lists have in common? Tokens that anybody can forge, and pages that never grow too large."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from served import MakeApi, User, error_of, fields_of

MakeGraph = Callable[..., dict[str, Any]]

CURSORS = [
    *(5, "x", ["a"], True, -1, [], {}, ["nope", "x"], [1, 2, 3]),
    ["2026-11-22T15:21:06+00:00", "a/b"],
    ["0001-01-01T00:00:00+23:59", "x"],
]


def _forged(cursor: Any, *scope: str) -> str:
    text = json.dumps(cursor).encode()
    checksum = hashlib.blake2b(orjson.dumps(scope) + text, digest_size=12).digest()
    return base64.urlsafe_b64encode(checksum + text).rstrip(b"=").decode()


@pytest.fixture
async def executions(make_api: MakeApi, user: User) -> httpx.AsyncClient:
    return make_api("executions", user)


@pytest.mark.parametrize("path", ["/graphs", "/graphs/x", "/graphs/x/versions", "/blocks"])
async def test_an_unknown_query_parameter_is_400(api: httpx.AsyncClient, path: str):
    assert fields_of(await api.get(path, params={"pagesize": 5})) == ["pagesize"]


@pytest.mark.parametrize("size", ["0", "101", "-1", "ten", "1.5", "", "1_0", "+5", " 3", "\u0663", "9" * 30])
async def test_a_page_size_that_is_none_is_400(api: httpx.AsyncClient, size: str):
    assert fields_of(await api.get("/graphs", params={"page_size": size})) == ["page_size"]


async def test_a_query_parameter_that_is_given_twice_is_400(api: httpx.AsyncClient):
    assert fields_of(await api.get("/graphs", params={"page_size": [0, 5]})) == ["page_size"]
    assert fields_of(await api.get("/graphs", params={"page_token": ["", ""]})) == ["page_token"]


@pytest.mark.parametrize("cursor", CURSORS, ids=repr)
async def test_a_forged_cursor_is_400_in_every_list(
    api: httpx.AsyncClient, executions: httpx.AsyncClient, user: User, a_graph: MakeGraph, cursor: Any
):
    graph_id = (await api.post("/graphs", json=a_graph())).json()["id"]
    lists = [
        (api, "/graphs", ("graphs", user.id)),
        (api, f"/graphs/{graph_id}/versions", ("versions", user.id, graph_id)),
        (executions, "/executions", ("executions", user.id, "")),
        (executions, f"/graphs/{graph_id}/executions", ("executions", user.id, graph_id)),
        (executions, "/reviews", ("reviews", user.id)),
    ]
    for client, path, scope in lists:
        if path.endswith("versions") and cursor == 5 and cursor is not True:
            continue
        answer = await client.get(path, params={"page_token": _forged(cursor, *scope)})
        assert error_of(answer, 400)["ErrorInfo"]["reason"] == "BAD_PAGE_TOKEN", path
