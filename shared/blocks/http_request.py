"""Which block asks an API over HTTP, page after page if it has them?"""

import json
from collections.abc import AsyncIterator, Mapping
from enum import Enum
from typing import Any, cast
from urllib import parse

from pydantic import Field

from shared.blocks import http_auth, rules, sources, web
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.http_auth import Way
from shared.blocks.web import HttpMethod
from shared.domain import errors

MAX_PAGES = 100
MAX_TOGETHER = 20_000_000
"""Bytes of all pages."""
REPEATABLE = {HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.PUT, HttpMethod.DELETE}


class BodyFormat(Enum):
    JSON = "json"
    FORM = "form"
    TEXT = "text"


class ResponseFormat(Enum):
    AUTO = "auto"
    JSON = "json"
    TEXT = "text"
    FILE = "file"


class Paging(Enum):
    NONE = "none"
    NEXT_LINK = "next_link"
    LINK_HEADER = "link_header"
    PAGE_NUMBER = "page_number"
    CURSOR = "cursor"


class OnError(Enum):
    FAIL = "fail"
    CONTINUE = "continue"


class HttpRequestBlock(Block):
    block_type = "HTTP_REQUEST"
    category = "WEB"
    description = "Asks an API over HTTP, with credentials and page after page if wanted; tries again what may pass."
    max_attempts = 4
    credentials = {"credentials": http_auth.HTTP}
    examples = [
        Example(title="A list", input={"url": "https://api.example.com/orders", "query": {"status": "open"}}),
        Example(
            title="All pages, by a cursor",
            input={
                "url": "https://api.example.com/orders",
                "pagination": "cursor",
                "next_path": "meta.next_cursor",
                "page_parameter": "cursor",
                "items_path": "data",
            },
        ),
        Example(title="No address", input={"url": "ftp://example.com/"}, fails="https and http"),
    ]

    class Input(BlockInput):
        url: str = Field(description="The address.")
        method: HttpMethod = Field(default=HttpMethod.GET, description="The method.")
        query: dict[str, Any] = Field(default_factory=dict[str, Any], description="Parameters of the address.")
        headers: dict[str, str] = Field(default_factory=dict[str, str], description="Headers.")
        body: Any = Field(default=None, description="The body, if there is one.")
        body_format: BodyFormat = Field(default=BodyFormat.JSON, description="How the body is written.")
        credentials: Any = Field(default=None, description="The credentials to ask with, if any.")
        auth: Way = Field(default=Way.BEARER, description="Where an API key goes: bearer, header or query.")
        auth_name: str = Field(default="", description="The name of that header or parameter; X-API-Key, api_key.")
        response_format: ResponseFormat = Field(
            default=ResponseFormat.AUTO, description="What the answer is read as."
        )
        on_error: OnError = Field(default=OnError.FAIL, description="Whether a status from 400 on fails the block.")
        pagination: Paging = Field(default=Paging.NONE, description="How one page leads to the next.")
        next_path: str = Field(
            default="next", description="Where in an answer its next link or cursor is, like meta.next."
        )
        page_parameter: str = Field(default="page", description="The parameter for the page's number or the cursor.")
        first_page: int = Field(default=1, description="The number of the first page.")
        items_path: str = Field(
            default="", description="Where in an answer its items are; empty: the answer is the list."
        )
        max_pages: int = Field(default=10, ge=1, le=MAX_PAGES, description="Pages at most.")

    class Output(BlockOutput):
        response: Any = Field(description="The answer; of several pages, the last.")
        items: list[Any] = Field(description="With pagination: the items of all pages.")
        status: int = Field(description="The status, as 200.")
        headers: dict[str, str] = Field(description="The headers of the answer.")
        error_response: Any = Field(
            description="The answer of a status from 400 on, where it does not fail the block."
        )

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        asked = await _Asked.of(input, context)
        items: list[Any] = []
        answer: Any = None
        size = 0
        for number in range(input.max_pages if input.pagination != Paging.NONE else 1):
            answer = await asked.page(number)
            if answer.status_code >= 400:
                break
            size += len(answer.content)
            if size > MAX_TOGETHER:
                raise errors.BlockError(
                    f"The pages have more than {MAX_TOGETHER:,} bytes: ask for fewer", reason="LIMIT_EXCEEDED"
                )
            found = (
                _items(_read(answer, input.response_format), input.items_path)
                if input.pagination != Paging.NONE
                else []
            )
            items += found
            if not asked.turn(answer, found):
                break
        failed = answer.status_code >= 400
        if failed and input.on_error == OnError.FAIL:
            raise _failure(input, answer)
        yield (
            "error_response" if failed else "response",
            _read(answer, ResponseFormat.AUTO if failed else input.response_format),
        )
        if input.pagination != Paging.NONE and not failed:
            yield "items", items
        yield "status", answer.status_code
        yield "headers", dict(answer.headers.items())


class _Asked:
    """The request for one page after the other. Credentials go to the host of the first alone."""

    def __init__(
        self, input: HttpRequestBlock.Input, context: Context, auth: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._input = input
        self._context = context
        self._auth = auth
        self._url = input.url.strip()
        self._query = {key: rules.as_text(value) for key, value in input.query.items() if value is not None}

    @classmethod
    async def of(cls, input: HttpRequestBlock.Input, context: Context) -> "_Asked":
        if http_auth.origin(input.url)[0] not in ("http", "https"):
            raise errors.BlockError(
                f"{input.url[:200]!r} is no address for blocks: they may use https and http", reason="REQUEST_REFUSED"
            )
        auth: Mapping[str, Mapping[str, str]] = {}
        if input.credentials:
            credential = await context.credential(http_auth.HTTP, input.credentials)
            auth = http_auth.options(credential, input.url, input.auth, input.auth_name)
        return cls(input, context, auth)

    async def page(self, number: int) -> Any:
        input = self._input
        if input.pagination == Paging.PAGE_NUMBER:
            self._query[input.page_parameter] = str(input.first_page + number)
        headers = {**input.headers, **self._auth.get("headers", {})}
        key = self._context.idempotency_key
        if input.method not in web.WITHOUT_EFFECT and key and "idempotency-key" not in {h.lower() for h in headers}:
            headers["Idempotency-Key"] = key
        url, query = _parted(self._url)
        params = [*query, *self._query.items(), *self._auth.get("params", {}).items()]
        options = {"headers": headers, **_body(input), **({"params": params} if params else {})}
        return await self._context.http.request(input.method.value, url, **options)

    def turn(self, answer: Any, found: list[Any]) -> bool:
        """Go on to the next page; False: there is none."""
        input = self._input
        match input.pagination:
            case Paging.NONE:
                return False
            case Paging.PAGE_NUMBER:
                return bool(found)
            case Paging.CURSOR:
                cursor = rules.at(_read(answer, ResponseFormat.AUTO), input.next_path)
                if (
                    cursor is rules.MISSING
                    or cursor in (None, "", False)
                    or self._query.get(input.page_parameter) == rules.as_text(cursor)
                ):
                    return False
                self._query[input.page_parameter] = rules.as_text(cursor)
                return True
            case Paging.NEXT_LINK:
                link = rules.at(_read(answer, ResponseFormat.AUTO), input.next_path)
                return self._follow(link if isinstance(link, str) else "")
            case Paging.LINK_HEADER:
                return self._follow(str(answer.links.get("next", {}).get("url", "")))

    def _follow(self, link: str) -> bool:
        if not link:
            return False
        following = parse.urljoin(self._url, link)
        if http_auth.origin(following) != http_auth.origin(self._url):
            raise errors.BlockError(
                f"The next page is at {http_auth.origin(following)[1]}, another host than the first: it is not asked",
                reason="REQUEST_REFUSED",
            )
        went = following != self._url
        self._url, self._query = following, {}
        return went


def _parted(url: str) -> tuple[str, list[tuple[str, str]]]:
    """An address and its query, which httpx would replace by ``params``."""
    parts = parse.urlsplit(url)
    return parts._replace(query="").geturl(), parse.parse_qsl(parts.query, keep_blank_values=True)


def _body(input: HttpRequestBlock.Input) -> dict[str, Any]:
    if input.body is None or input.method in (HttpMethod.GET, HttpMethod.HEAD):
        return {}
    match input.body_format:
        case BodyFormat.JSON:
            return {"json": input.body}
        case BodyFormat.FORM if isinstance(input.body, dict):
            return {"data": {key: rules.as_text(value) for key, value in cast(dict[str, Any], input.body).items()}}
        case BodyFormat.FORM:
            raise errors.BlockError("The body of a form is a dictionary: name -> value")
        case BodyFormat.TEXT:
            return {"content": rules.as_text(input.body).encode("utf-8", "replace")}


def _read(answer: Any, how: ResponseFormat) -> Any:
    match how:
        case ResponseFormat.AUTO:
            return web.content(answer)
        case ResponseFormat.TEXT:
            return answer.text
        case ResponseFormat.FILE:
            kind = answer.headers.get("content-type", "").partition(";")[0].strip() or "application/octet-stream"
            return sources.data_uri(answer.content, kind)
        case ResponseFormat.JSON:
            try:
                return json.loads(answer.content)
            except (ValueError, RecursionError) as error:
                raise errors.BlockError(
                    f"The answer is not JSON: {answer.text[:200]!r}", reason="ANSWER_INVALID"
                ) from error


def _items(content: Any, path: str) -> list[Any]:
    found = rules.at(content, path)
    if isinstance(found, list):
        return cast(list[Any], found)
    return [] if found is rules.MISSING or found is None else [found]


def _failure(input: HttpRequestBlock.Input, answer: Any) -> errors.BlockError:
    status = answer.status_code
    message = f"{http_auth.origin(input.url)[1]} answered {status}: {answer.text[:500]}"
    after = str(answer.headers.get("retry-after", ""))
    if status in (429, 503) or (status >= 500 and input.method in REPEATABLE):
        return errors.Retryable(
            message, after=float(after) if after.isdecimal() and len(after) < 6 else None, reason="HTTP_STATUS"
        )
    return errors.BlockError(message, reason="HTTP_STATUS")
