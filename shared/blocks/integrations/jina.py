"""Jina: search, and pages as text.

https://jina.ai/reader: s.jina.ai searches, r.jina.ai reads a page; both answer with Markdown.
"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks import sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

JINA = api.Service(
    name="Jina",
    need=Need(
        provider="jina",
        kinds=(Kind.API_KEY,),
        hosts=("s.jina.ai", "r.jina.ai"),
        where="https://jina.ai/api-dashboard/key-manager",
    ),
)


class SearchTheWebBlock(Block):
    block_type = "SEARCH_THE_WEB"
    category = "SEARCH"
    description = "Searches the web through Jina, and gives the results as text."
    max_attempts = 3
    cost = "Tokens of Jina."
    credentials = JINA.needed()
    examples = [
        Example(title="A search", input={"query": "tide tables Brest"}),
        api.without_credentials({"query": "tide tables Brest"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Jina")
        query: str = Field(description="What to search for.")

    class Output(BlockOutput):
        results: str = Field(description="Titles, addresses and contents of the pages found, as Markdown.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        jina = await JINA.open(context, input.credentials)
        answer = await jina.request("GET", "https://s.jina.ai/", params={"q": input.query})
        yield "results", answer.text


class ExtractWebsiteContentBlock(Block):
    block_type = "EXTRACT_WEBSITE_CONTENT"
    category = "SEARCH"
    description = "Gives the content of a web page: its text through Jina, or what the page itself answers."
    max_attempts = 3
    cost = "Tokens of Jina, unless the content is wanted raw."
    credentials = JINA.needed()
    examples = [
        Example(title="A page as Markdown", input={"url": "https://example.com/"}),
        api.without_credentials({"url": "https://example.com/"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Jina")
        url: str = Field(description="The address of the page.")
        raw_content: bool = Field(default=False, description="Whether the page is fetched as it is, without Jina.")

    class Output(BlockOutput):
        content: str = Field(description="The content of the page.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if input.raw_content:
            yield "content", (await sources.read(input.url, context)).text()
            return
        jina = await JINA.open(context, input.credentials)
        answer = await jina.request("POST", "https://r.jina.ai/", json={"url": input.url})
        yield "content", answer.text
