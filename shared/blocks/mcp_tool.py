"""How does an agent use a tool of an MCP server? By the official client, over the guarded way out.

Streamable HTTP only (https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http): a
stdio server would be a program that runs on the function.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import HostScoped, Kind, Need, chosen_id
from shared.domain import errors

if TYPE_CHECKING:
    from mcp import Client

NEED = Need(
    provider="http",
    kinds=(Kind.HOST_SCOPED,),
    where="the documentation of the MCP server; the credential's host has to be that of the server",
    required=False,
)
TIMEOUT_SECONDS = 120.0


class MCPToolBlock(Block):
    block_type = "MCP_TOOL"
    category = "AGENT"
    description = "Calls a tool of an MCP server by streamable HTTP."
    credentials: ClassVar[Mapping[str, Need]] = {"credentials": NEED}
    examples = [
        Example(
            title="A tool",
            input={
                "server_url": "https://mcp.example.com/mcp",
                "selected_tool": "search",
                "tool_arguments": {"query": "ships"},
            },
        ),
        Example(title="No address", input={"server_url": "mcp.example.com"}, fails="https://"),
    ]

    class Input(BlockInput):
        server_url: str = Field(description="The address of the server.")
        credentials: Any = Field(
            default_factory=dict[str, Any], description="A host_scoped credential for the server, where it wants one."
        )
        selected_tool: str = Field(default="", description="The tool.")
        tool_input_schema: dict[str, Any] = Field(
            default_factory=dict[str, Any], description="What the tool takes, for those who build the agent."
        )
        tool_description: str = Field(default="", description="What it does, for those who build the agent.")
        tool_arguments: dict[str, Any] = Field(default_factory=dict[str, Any], description="What it is called with.")

    class Output(BlockOutput):
        result: Any = Field(description="What the tool gave: its data, its text, or a list of its parts.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        url = input.server_url.strip()
        if urlsplit(url).scheme not in ("http", "https"):
            raise errors.BlockError(f"The server_url {url[:200]!r} is no web address: give one that begins https://")
        async with connected(url, await _headers(input, context), context) as client:
            if not input.selected_tool:
                raise errors.BlockError(f"No tool is selected; the server has: {await _names(client)}")
            answer = await client.call_tool(input.selected_tool, input.tool_arguments)
            if answer.is_error:
                said = " ".join(str(part) for part in map(_part, answer.content)) or "it does not say why"
                raise errors.BlockError(
                    f"The tool {input.selected_tool} failed: {said[:2_000]}", reason="MCP_TOOL_FAILED"
                )
        yield "result", _result(answer)


async def _headers(input: MCPToolBlock.Input, context: Context) -> dict[str, str]:
    """Those of the user's credential, which go to its own host alone."""
    if not chosen_id(input.credentials):
        return {}
    credential = await context.credential(NEED, input.credentials)
    host = (urlsplit(input.server_url).hostname or "").lower()
    if not isinstance(credential, HostScoped) or not _covers(credential.host.lower(), host):
        raise errors.BlockError(
            f"The credential is not for {host}: its host has to be that of the server",
            reason="CREDENTIALS_UNSUITABLE",
        )
    return dict(credential.headers)


def _covers(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


@asynccontextmanager
async def connected(url: str, headers: Mapping[str, str], context: Context) -> "AsyncGenerator[Client]":
    """A client of the server. BlockError: it refuses, or is no MCP server; Retryable: it does not answer."""
    import httpx2
    from mcp import Client, MCPError
    from mcp.client.streamable_http import streamable_http_client

    from shared.blocks import guarded_transport

    class Transport(guarded_transport.Transport):
        """Every request has one answer here: the stream in which a server may speak first is not asked for."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if request.method == "GET":
                return httpx2.Response(405, request=request)
            return await super().handle_async_request(request)

    host = urlsplit(url).hostname
    try:
        async with httpx2.AsyncClient(
            transport=Transport(context), headers=dict(headers), trust_env=False, timeout=TIMEOUT_SECONDS
        ) as http:
            server = streamable_http_client(url, http_client=http)
            async with Client(server, read_timeout_seconds=TIMEOUT_SECONDS) as client:
                yield client
    except Exception as error:
        causes = list(_causes(error))
        if found := next((one for one in causes if isinstance(one, errors.BlockError)), None):
            raise found from None
        if found := next((one for one in causes if isinstance(one, MCPError)), None):
            raise errors.BlockError(f"The MCP server {host} refused: {found}", reason="MCP_REFUSED") from error
        if any(isinstance(one, httpx2.TransportError | TimeoutError) for one in causes):
            raise errors.Retryable(f"The MCP server {host} does not answer", reason="REQUEST_FAILED") from error
        raise errors.BlockError(
            f"{host} does not speak MCP as it should: {causes[-1]!r:.500}", reason="MCP_REFUSED"
        ) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, groups of a task group included."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _causes(one)
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)


async def _names(client: "Client") -> str:
    listed = await client.list_tools()
    return ", ".join(tool.name for tool in listed.tools) or "none"


def _result(answer: Any) -> Any:
    """Structured content where there is some, else the one part or all of them; a text that is JSON as JSON."""
    if answer.structured_content is not None:
        value = answer.structured_content
        return value["result"] if isinstance(value, dict) and set(value) == {"result"} else value
    parts = [_part(part) for part in answer.content]
    return parts[0] if len(parts) == 1 else parts


def _part(part: Any) -> Any:
    if part.type == "text":
        return _read(part.text)
    if part.type in ("image", "audio"):
        return f"data:{part.mime_type};base64,{part.data}"
    return part.model_dump(mode="json", exclude_none=True)


def _read(text: str) -> Any:
    import json

    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
