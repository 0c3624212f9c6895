"""Does HTTP_REQUEST ask what it was told, page after page, with credentials for their host alone?"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.blocks import catalog, runner
from shared.blocks.credentials import ApiKey, Credential, HostScoped, Need, OAuth2, UserPassword
from shared.domain import errors

URL = "https://api.example/items"


class World:
    """Answers one request after the other, the last again and again, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self._answers = list(answers)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        self.asked.append((method, url, options))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        answer.request = httpx.Request(method, url)
        return answer

    def params(self) -> list[dict[str, str]]:
        return [dict(options.get("params", [])) for _, _, options in self.asked]


class Wallet:
    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def open(self, need: Need, credentials_id: str) -> Credential:
        return self._credential


@pytest.fixture
def send(context: Any) -> Callable[..., Any]:
    async def go(world: World, values: dict[str, Any], **more: Any) -> runner.Outcome:
        block = catalog.get("HTTP_REQUEST")
        return await runner.collect(
            block, catalog.read_input(block, {"url": URL, **values}), context(http=world, **more)
        )

    return go


async def test_it_gets_by_default_and_keeps_the_query_of_the_address(send: Any) -> None:
    world = World(httpx.Response(200, json={"ok": True}, headers={"x-a": "1"}))
    found = await send(world, {"url": f"{URL}?a=1&a=2", "query": {"b": True, "c": None, "d": "x y"}})
    ((method, url, options),) = world.asked
    assert (method, url) == ("GET", URL)
    assert options == {"headers": {}, "params": [("a", "1"), ("a", "2"), ("b", "true"), ("d", "x y")]}
    assert found.failure is None
    assert dict(found.tokens)["response"] == {"ok": True}
    assert dict(found.tokens)["status"] == 200
    assert dict(found.tokens)["headers"]["x-a"] == "1"


@pytest.mark.parametrize(
    ("values", "sent"),
    [
        ({"body": {"a": 1}}, {"json": {"a": 1}}),
        ({"body": {"a": [1]}, "body_format": "form"}, {"data": {"a": "[1]"}}),
        ({"body": "é", "body_format": "text"}, {"content": "é".encode()}),
        ({"body": None}, {}),
        ({"method": "GET", "body": 1}, {}),
    ],
)
async def test_a_body_is_written_as_it_is_asked(send: Any, values: dict[str, Any], sent: dict[str, Any]) -> None:
    world = World(httpx.Response(200))
    await send(world, {"method": "POST", **values})
    assert {key: value for key, value in world.asked[0][2].items() if key != "headers"} == sent


async def test_what_has_an_effect_carries_the_key_of_its_node_execution(send: Any) -> None:
    world = World(httpx.Response(200))
    await send(world, {"method": "POST"}, idempotency_key="n1")
    await send(world, {"method": "GET"}, idempotency_key="n1")
    assert [options["headers"] for _, _, options in world.asked] == [{"Idempotency-Key": "n1"}, {}]


@pytest.mark.parametrize(
    ("credential", "values", "sent"),
    [
        (ApiKey(api_key="k"), {}, {"Authorization": "Bearer k"}),
        (ApiKey(api_key="k"), {"auth": "header"}, {"X-API-Key": "k"}),
        (ApiKey(api_key="k"), {"auth": "header", "auth_name": "X-Token"}, {"X-Token": "k"}),
        (OAuth2(access_token="t"), {"auth": "query"}, {"Authorization": "Bearer t"}),
        (UserPassword(username="u", password="p"), {}, {"Authorization": "Basic dTpw"}),
        (HostScoped(host="*.example", headers={"X-A": "1"}), {}, {"X-A": "1"}),
        (HostScoped(host="API.example", headers={"X-A": "1"}), {}, {"X-A": "1"}),
    ],
)
async def test_credentials_go_their_way(
    send: Any, credential: Credential, values: dict[str, Any], sent: dict[str, str]
) -> None:
    world = World(httpx.Response(200))
    await send(world, {"credentials": "c", **values}, wallet=Wallet(credential))
    assert world.asked[0][2]["headers"] == sent


async def test_a_key_in_the_query_is_no_part_of_the_address(send: Any) -> None:
    world = World(httpx.Response(200))
    await send(world, {"credentials": "c", "auth": "query"}, wallet=Wallet(ApiKey(api_key="k")))
    assert world.asked == [("GET", URL, {"headers": {}, "params": [("api_key", "k")]})]


@pytest.mark.parametrize("host", ["other.example", "*.api.example", "api.example.evil.example", "ample"])
async def test_credentials_of_another_host_are_not_sent(send: Any, host: str) -> None:
    world = World(httpx.Response(200))
    found = await send(world, {"credentials": "c"}, wallet=Wallet(HostScoped(host=host, headers={"X-A": "1"})))
    assert found.failure.reason == "CREDENTIALS_UNSUITABLE"
    assert world.asked == []


async def test_pages_are_counted_until_one_is_empty(send: Any) -> None:
    world = World(httpx.Response(200, json=[1, 2]), httpx.Response(200, json=[3]), httpx.Response(200, json=[]))
    found = await send(world, {"pagination": "page_number", "page_parameter": "p", "first_page": 0})
    assert dict(found.tokens)["items"] == [1, 2, 3]
    assert world.params() == [{"p": "0"}, {"p": "1"}, {"p": "2"}]


async def test_a_cursor_leads_on(send: Any) -> None:
    world = World(
        httpx.Response(200, json={"data": [1], "meta": {"next": "x"}}),
        httpx.Response(200, json={"data": [2], "meta": {"next": None}}),
    )
    values = {"pagination": "cursor", "next_path": "meta.next", "page_parameter": "after", "items_path": "data"}
    found = await send(world, {**values, "query": {"size": 1}})
    assert dict(found.tokens)["items"] == [1, 2]
    assert world.params() == [{"size": "1"}, {"size": "1", "after": "x"}]


async def test_a_cursor_that_stays_the_same_ends(send: Any) -> None:
    world = World(httpx.Response(200, json={"data": [1], "next": "x"}))
    found = await send(world, {"pagination": "cursor", "items_path": "data"})
    assert dict(found.tokens)["items"] == [1, 1]


async def test_links_lead_on_with_the_credentials(send: Any) -> None:
    world = World(
        httpx.Response(200, json={"items": [1], "next": "/items?page=2"}),
        httpx.Response(200, json={"items": [2]}),
    )
    values = {
        "pagination": "next_link",
        "items_path": "items",
        "credentials": "c",
        "auth": "query",
        "query": {"q": 1},
    }
    found = await send(world, values, wallet=Wallet(ApiKey(api_key="k")))
    assert dict(found.tokens)["items"] == [1, 2]
    assert world.params() == [{"q": "1", "api_key": "k"}, {"page": "2", "api_key": "k"}]


async def test_links_in_a_header_lead_on(send: Any) -> None:
    world = World(
        httpx.Response(200, json=[1], headers={"link": f'<{URL}?page=2>; rel="next"'}), httpx.Response(200, json=[2])
    )
    found = await send(world, {"pagination": "link_header"})
    assert dict(found.tokens)["items"] == [1, 2]


async def test_a_next_page_elsewhere_is_not_asked(send: Any) -> None:
    world = World(httpx.Response(200, json={"next": "https://evil.example/"}))
    found = await send(world, {"pagination": "next_link"})
    assert "evil.example, another host" in found.failure.message
    assert len(world.asked) == 1


async def test_pages_have_a_number_at_most(send: Any) -> None:
    world = World(httpx.Response(200, json=[1]))
    found = await send(world, {"pagination": "page_number", "max_pages": 3})
    assert (len(world.asked), dict(found.tokens)["items"]) == (3, [1, 1, 1])


@pytest.mark.parametrize(
    ("status", "method", "again"),
    [(429, "POST", True), (503, "POST", True), (500, "GET", True), (500, "POST", False), (404, "GET", False)],
)
async def test_what_may_pass_is_tried_again(send: Any, status: int, method: str, again: bool) -> None:
    world = World(httpx.Response(status, text="said", headers={"retry-after": "7"}))
    found = await send(world, {"method": method})
    assert isinstance(found.failure, errors.Retryable) == again
    assert found.failure.reason == "HTTP_STATUS"
    assert f"api.example answered {status}: said" in found.failure.message
    assert getattr(found.failure, "after", None) == (7 if again else None)


async def test_a_bad_status_may_be_an_answer(send: Any) -> None:
    found = await send(World(httpx.Response(404, json={"code": 1})), {"on_error": "continue"})
    assert found.failure is None
    assert dict(found.tokens)["error_response"] == {"code": 1}
    assert dict(found.tokens)["status"] == 404


@pytest.mark.parametrize(
    ("how", "value"),
    [("text", "[1]"), ("json", [1]), ("file", "data:text/plain;base64,WzFd"), ("auto", "[1]")],
)
async def test_an_answer_is_read_as_it_is_asked(send: Any, how: str, value: Any) -> None:
    found = await send(World(httpx.Response(200, text="[1]")), {"response_format": how})
    assert dict(found.tokens)["response"] == value


async def test_what_is_not_json_is_said(send: Any) -> None:
    found = await send(World(httpx.Response(200, text="no")), {"response_format": "json"})
    assert found.failure.reason == "ANSWER_INVALID"


async def test_a_page_is_read_as_markdown(context: Any) -> None:
    html = "<title>T</title><nav>menu</nav><main><h2>Hi</h2><p>A <a href='b'>link</a></p></main><script>x</script>"
    block = catalog.get("WEB_PAGE_CONTENT")
    world = World(httpx.Response(200, html=html))
    given = catalog.read_input(block, {"url": "example.com/a/", "max_characters": 50})
    found = dict((await runner.collect(block, given, context(http=world))).tokens)
    assert world.asked[0][1] == "https://example.com/a/"
    assert found["markdown"] == "## Hi\n\nA [link](https://example.com/a/b)"
    assert found["title"] == "T"
    assert found["links"] == ["https://example.com/a/b"]


@pytest.mark.parametrize(("status", "again"), [(404, False), (429, True), (502, True)])
async def test_a_page_that_is_not_there_fails(context: Any, status: int, again: bool) -> None:
    block = catalog.get("WEB_PAGE_CONTENT")
    given = catalog.read_input(block, {"url": "https://example.com"})
    found = await runner.collect(block, given, context(http=World(httpx.Response(status))))
    assert isinstance(found.failure, errors.Retryable) == again
