"""Which blocks talk to the web?"""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class HttpMethod(Enum):
    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"
    PATCH = "PATCH"
    OPTIONS = "OPTIONS"
    HEAD = "HEAD"


WITHOUT_EFFECT = {HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS}


class SendWebRequestBlock(Block):
    block_type = "SEND_WEB_REQUEST"
    category = "WEB"
    description = "Sends a request to a web address, and sends its answer on by its status."
    max_attempts = 3
    examples = [
        Example(title="JSON", input={"url": "https://api.example.com/orders", "body": {"item": 7}}),
        Example(title="A page", input={"url": "https://example.com/", "method": "GET"}),
    ]

    class Input(BlockInput):
        url: str = Field(description="The address; without a scheme, http://.")
        method: HttpMethod = Field(default=HttpMethod.POST, description="The method.")
        headers: dict[str, str] = Field(default_factory=dict[str, str], description="Headers of the request.")
        json_format: bool = Field(default=True, description="Whether the body goes as JSON, or as form fields.")
        body: dict[str, Any] | None = Field(default=None, description="The body.")
        files_name: str = Field(default="file", description="The form field of the files.")
        files: list[str] = Field(default_factory=list[str], description="Files to send: web addresses or data URIs.")

    class Output(BlockOutput):
        response: Any = Field(description="The answer of a status below 400: its JSON, else its text.")
        client_error: Any = Field(description="The answer of a status of 400 to 499.")
        server_error: Any = Field(description="The answer of a status from 500 on.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.url.strip():
            raise errors.BlockError("The url is empty: give an address such as https://example.com/")
        url = input.url.strip() if "://" in input.url else f"http://{input.url.strip()}"
        options = {"headers": _headers(input, context), **await _body(input, context)}
        answer = await context.http.request(input.method.value, url, **options)
        if answer.status_code < 400:
            yield "response", content(answer)
        else:
            yield "client_error" if answer.status_code < 500 else "server_error", content(answer)


def _headers(input: SendWebRequestBlock.Input, context: Context) -> dict[str, str]:
    """The user's; and a key, the same at each attempt, by which a server may know a request again."""
    named = {name.lower() for name in input.headers}
    if input.method in WITHOUT_EFFECT or not context.idempotency_key or "idempotency-key" in named:
        return input.headers
    return {**input.headers, "Idempotency-Key": context.idempotency_key}


async def _body(input: SendWebRequestBlock.Input, context: Context) -> dict[str, Any]:
    if input.files:
        files = await sources.read_all(input.files, context)
        parts = [(input.files_name, (file.name, file.content, file.media_type or None)) for file in files]
        return {"files": parts, "data": _fields(input.body or {})}
    if input.body is None:
        return {}
    return {"json": input.body} if input.json_format else {"data": _fields(input.body)}


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    for name, value in body.items():
        if isinstance(value, dict):
            raise errors.BlockError(f"The form field {name!r} cannot hold a dictionary: send JSON, or a text")
    return body


def content(answer: Any) -> Any:
    """The body: parsed where it says that it is JSON and is, null where there is none, else its text."""
    if not answer.content:
        return None
    if "json" in answer.headers.get("content-type", "").lower():
        try:
            return answer.json()
        except (ValueError, RecursionError):
            return answer.text
    return answer.text
