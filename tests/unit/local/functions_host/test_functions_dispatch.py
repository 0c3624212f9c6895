"""Which function is a call for?"""

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from local.functions_host.dispatch import Dispatch


def function(name: str) -> object:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        text = f"{name} {scope['path']} {scope['raw_path'].decode()}"
        await PlainTextResponse(text)(scope, receive, send)

    return answer


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/graphs/api/v1/graphs", 200, "graphs /api/v1/graphs /api/v1/graphs"),
        ("/graphs", 200, "graphs / /"),
        ("/graphs/", 200, "graphs / /"),
        ("/users/a%2Fb/", 200, "users /a/b/ /a%2Fb/"),
        ("/_ready", 200, '{"functions":["graphs","users"]}'),
    ],
)
async def test_the_first_segment_names_the_function_which_sees_the_rest(path: str, status: int, text: str) -> None:
    app = Dispatch({"graphs": function("graphs"), "users": function("users")})
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.text) == (status, text)


async def test_an_unknown_function_is_a_404() -> None:
    transport = httpx.ASGITransport(app=Dispatch({}))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/nothing/at/all")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert "'nothing'" in error["message"]
    assert [detail["@type"].rsplit(".", 1)[1] for detail in error["details"]] == ["ErrorInfo", "RequestInfo"]
    assert answer.headers["x-content-type-options"] == "nosniff"
