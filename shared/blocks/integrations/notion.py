"""Notion: pages and databases.

https://developers.notion.com/reference/post-page and /query-a-data-source, in the version 2026-03-11: a database
holds data sources, and the first of them is meant.
"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

NOTION = api.Service(
    name="Notion",
    url="https://api.notion.com/v1",
    need=Need(
        provider="notion",
        kinds=(Kind.API_KEY, Kind.OAUTH2),
        hosts=("api.notion.com",),
        where="https://www.notion.so/profile/integrations",
    ),
    headers={"Notion-Version": "2026-03-11"},
)
_PAGE = 100
_MAX_TEXT = 2000
_MAX_BLOCKS = 100
"""Of one request: https://developers.notion.com/reference/request-limits."""


class NotionCreatePageBlock(Block):
    block_type = "NOTION_CREATE_PAGE"
    category = "PRODUCTIVITY"
    description = "Adds a page below another in Notion, with paragraphs of text."
    max_attempts = 3
    credentials = NOTION.needed()
    examples = [
        Example(title="A page", input={"parent_page_id": "195d", "title": "Tides", "content": "High water at six."}),
        api.without_credentials({"parent_page_id": "195d", "title": "Tides"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Notion")
        parent_page_id: str = Field(description="The id of the page above it.")
        title: str = Field(description="The title.")
        content: str = Field(default="", description="The text; an empty line begins a new paragraph.")

    class Output(BlockOutput):
        page_id: str = Field(description="The id of the page.")
        url: str = Field(description="Its address.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        notion = await NOTION.open(context, input.credentials)
        children = paragraphs(input.content)
        body = {
            "parent": {"page_id": input.parent_page_id},
            "properties": {"title": {"title": [{"text": {"content": input.title}}]}},
            "children": children[:_MAX_BLOCKS],
        }
        page = await notion.post("/pages", json=body)
        for begin in range(_MAX_BLOCKS, len(children), _MAX_BLOCKS):
            some = children[begin : begin + _MAX_BLOCKS]
            await notion.patch(f"/blocks{api.path(page['id'])}/children", json={"children": some})
        yield "page_id", page["id"]
        yield "url", page["url"]


def paragraphs(text: str) -> list[dict[str, Any]]:
    """A text of Notion has at most 2000 characters."""
    found: list[dict[str, Any]] = []
    for one in (part.strip() for part in text.split("\n\n")):
        pieces = [one[begin : begin + _MAX_TEXT] for begin in range(0, len(one), _MAX_TEXT)]
        if pieces:
            rich = [{"type": "text", "text": {"content": piece}} for piece in pieces]
            found.append({"object": "block", "type": "paragraph", "paragraph": {"rich_text": rich}})
    return found


class NotionQueryDatabaseBlock(Block):
    block_type = "NOTION_QUERY_DATABASE"
    category = "DATA"
    description = "Gives the pages of a database in Notion, with their properties as plain values."
    max_attempts = 3
    emits_many = frozenset({"page"})
    credentials = NOTION.needed()
    examples = [
        Example(title="All of them", input={"database_id": "d9824bdc"}),
        api.without_credentials({"database_id": "d9824bdc"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Notion")
        database_id: str = Field(description="The id of the database.")
        filter: dict[str, Any] | None = Field(default=None, description="A filter, as Notion's API has it.")
        limit: int = Field(default=100, ge=1, le=10_000, description="How many pages at most.")

    class Output(BlockOutput):
        page: dict[str, Any] = Field(description="Each page: id, url, properties.")
        pages: list[dict[str, Any]] = Field(description="All of them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        notion = await NOTION.open(context, input.credentials)
        database = await notion.get(f"/databases{api.path(input.database_id)}")
        if not database.get("data_sources"):
            raise notion.refused("has nothing in this database")
        route = f"/data_sources{api.path(database['data_sources'][0]['id'])}/query"
        body: dict[str, Any] = {"page_size": min(input.limit, _PAGE)}
        if input.filter:
            body["filter"] = input.filter
        found: list[dict[str, Any]] = []
        while len(found) < input.limit:
            answer = await notion.post(route, json=body)
            found += [_page(one) for one in answer["results"]]
            if not answer.get("has_more"):
                break
            body["start_cursor"] = answer["next_cursor"]
        for pair in api.several(found[: input.limit], "page", "pages"):
            yield pair


def _page(page: Any) -> dict[str, Any]:
    properties = {name: _plain(value) for name, value in page["properties"].items()}
    return {"id": page["id"], "url": page["url"], "properties": properties}


def _plain(value: Any) -> Any:
    """A property as one would write it: https://developers.notion.com/reference/page-property-values."""
    inner = value.get(value["type"])
    if value["type"] in ("title", "rich_text"):
        return "".join(one["plain_text"] for one in inner)
    if value["type"] in ("select", "status"):
        return inner["name"] if inner else None
    if value["type"] == "multi_select":
        return [one["name"] for one in inner]
    if value["type"] == "date":
        return inner["start"] if inner else None
    return inner
