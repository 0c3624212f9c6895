"""Does the block call tools of a real MCP server, made with the same package, and say what goes wrong?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from local.serving import HttpServer
from shared.blocks import catalog, runner
from shared.blocks.credentials import Credential, HostScoped, Need
from shared.gcp import outgoing


def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


def ships(kind: str) -> list[dict[str, Any]]:
    """Lists ships."""
    return [{"kind": kind, "name": "Ada"}, {"kind": kind, "name": "Grace"}]


def sink() -> str:
    """Fails."""
    raise RuntimeError("it leaks")


def shipyard() -> Any:
    from mcp.server.mcpserver import MCPServer  # a second of CPU, which nobody else pays

    server = MCPServer("shipyard", version="1")
    server.add_tool(add)
    server.add_tool(ships)
    server.add_tool(sink)
    return server


class Wallet:
    def __init__(self, host: str) -> None:
        self.host = host

    async def open(self, need: Need, credentials_id: str) -> Credential:
        return HostScoped(host=self.host, headers={"Authorization": "Bearer secret"})


class Seeing:
    """The application, keeping the headers of every request."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.headers: list[dict[str, str]] = []
        self.methods: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
            self.methods.append(scope["method"])
        await self.app(scope, receive, send)


@pytest.fixture
async def run(context: Any) -> AsyncIterator[Callable[..., Any]]:
    app = shipyard().streamable_http_app()
    seeing = Seeing(app)
    http = HttpServer(seeing)
    begun, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        """Its task group has to end in the task in which it began, which a fixture's is not."""
        async with app.router.lifespan_context(app):
            begun.set()
            await over.wait()

    living = asyncio.create_task(live())
    await begun.wait()
    port = await http.start(0)

    async def go(values: dict[str, Any], **more: Any) -> runner.Outcome:
        block = catalog.get("MCP_TOOL")
        given = {"server_url": f"http://127.0.0.1:{port}/mcp", **values}
        guarded = outgoing.Client(allow=more.pop("allow", f"127.0.0.1:{port}"))
        return await runner.collect(block, catalog.read_input(block, given), context(http=guarded, **more))

    go.seen = seeing  # type: ignore[attr-defined]
    go.port = port  # type: ignore[attr-defined]
    yield go
    await http.stop()
    over.set()
    await living


async def test_a_tool_is_called_and_gives_its_data(run: Any) -> None:
    outcome = await run({"selected_tool": "add", "tool_arguments": {"a": 2, "b": 3}})
    assert (outcome.failure, outcome.tokens) == (None, [("result", 5)])
    several = await run({"selected_tool": "ships", "tool_arguments_#_kind": "tug"})
    assert [ship["name"] for ship in several.tokens[0][1]] == ["Ada", "Grace"]
    assert set(run.seen.methods) <= {"POST", "DELETE"}


async def test_a_tool_that_fails_says_why(run: Any) -> None:
    outcome = await run({"selected_tool": "sink"})
    assert outcome.failure.reason == "MCP_TOOL_FAILED"
    wrong = await run({"selected_tool": "add", "tool_arguments": {"a": "x"}})
    assert wrong.failure is not None


async def test_without_a_tool_it_says_which_there_are(run: Any) -> None:
    outcome = await run({})
    assert "add, ships, sink" in outcome.failure.message


async def test_a_credential_goes_to_its_own_host_and_to_no_other(run: Any) -> None:
    asked = {"selected_tool": "add", "tool_arguments": {"a": 1, "b": 1}, "credentials": {"id": "c"}}
    outcome = await run(asked, wallet=Wallet("127.0.0.1"))
    assert outcome.tokens == [("result", 2)]
    assert {headers.get("authorization") for headers in run.seen.headers} == {"Bearer secret"}
    run.seen.headers.clear()
    for host in ("mcp.example.com", "*.0.0.1.example"):
        refused = await run(asked, wallet=Wallet(host))
        assert refused.failure.reason == "CREDENTIALS_UNSUITABLE"
    assert run.seen.headers == []


async def test_a_private_server_is_refused_by_the_guard(run: Any) -> None:
    outcome = await run({"selected_tool": "add"}, allow="")
    assert outcome.failure.reason == "REQUEST_REFUSED"
    assert "OUTGOING_ALLOW" in outcome.failure.message


async def test_what_is_no_mcp_server_is_a_clear_failure(run: Any) -> None:
    outcome = await run({"server_url": f"http://127.0.0.1:{run.port}/nothing", "selected_tool": "add"})
    assert outcome.failure is not None
    assert outcome.failure.reason not in ("BLOCK_CRASHED", "BLOCK_CONTRACT")
