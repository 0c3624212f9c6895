"""Firecrawl: whole sites as text, and data out of pages.

https://docs.firecrawl.dev/api-reference/endpoint/crawl-post, …/crawl-get, …/extract, …/extract-get, …/map: version 2.
"""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api, jobs
from shared.domain import errors

FIRECRAWL = api.Service(
    name="Firecrawl",
    url="https://api.firecrawl.dev/v2",
    need=Need(
        provider="firecrawl",
        kinds=(Kind.API_KEY,),
        hosts=("api.firecrawl.dev",),
        where="https://www.firecrawl.dev/app/api-keys",
    ),
)


class ScrapeFormat(Enum):
    MARKDOWN = "markdown"
    HTML = "html"
    RAW_HTML = "rawHtml"
    LINKS = "links"
    SCREENSHOT = "screenshot"
    SCREENSHOT_FULL_PAGE = "screenshot@fullPage"
    JSON = "json"
    CHANGE_TRACKING = "changeTracking"


_IN_REQUEST: dict[ScrapeFormat, Any] = {
    ScrapeFormat.SCREENSHOT: {"type": "screenshot"},
    ScrapeFormat.SCREENSHOT_FULL_PAGE: {"type": "screenshot", "fullPage": True},
    ScrapeFormat.JSON: {"type": "json", "prompt": "The facts that this page states."},
    ScrapeFormat.CHANGE_TRACKING: {"type": "changeTracking"},
}
_PIN_AND_KEY = {
    ScrapeFormat.MARKDOWN: ("markdown", "markdown"),
    ScrapeFormat.HTML: ("html", "html"),
    ScrapeFormat.RAW_HTML: ("raw_html", "rawHtml"),
    ScrapeFormat.LINKS: ("links", "links"),
    ScrapeFormat.SCREENSHOT: ("screenshot", "screenshot"),
    ScrapeFormat.SCREENSHOT_FULL_PAGE: ("screenshot_full_page", "screenshot"),
    ScrapeFormat.JSON: ("json_data", "json"),
    ScrapeFormat.CHANGE_TRACKING: ("change_tracking", "changeTracking"),
}


class FirecrawlCrawlBlock(Block):
    block_type = "FIRECRAWL_CRAWL"
    category = "SEARCH"
    description = "Reads a web site page by page through Firecrawl, and waits until it is done."
    max_attempts = 3
    suspends = True
    emits_many = frozenset(pin for pin, _ in _PIN_AND_KEY.values())
    cost = "Credits of Firecrawl for each page."
    credentials = FIRECRAWL.needed()
    examples = [
        Example(title="Ten pages as Markdown", input={"url": "https://example.com/"}),
        api.without_credentials({"url": "https://example.com/"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Firecrawl")
        url: str = Field(description="Where to begin.")
        limit: int = Field(default=10, description="How many pages at most.")
        only_main_content: bool = Field(default=True, description="Whether menus, headers and footers are left out.")
        max_age: int = Field(default=3_600_000, description="Milliseconds up to which Firecrawl's own copy will do.")
        wait_for: int = Field(default=0, description="Milliseconds to wait for each page's scripts.")
        formats: list[ScrapeFormat] = Field(default=[ScrapeFormat.MARKDOWN], description="What to make of each page.")

    class Output(BlockOutput):
        data: list[dict[str, Any]] = Field(description="All pages, as Firecrawl gives them.")
        markdown: str = Field(description="Each page as Markdown.")
        html: str = Field(description="Each page as cleaned HTML.")
        raw_html: str = Field(description="Each page as the HTML that it is.")
        links: list[str] = Field(description="The links of each page.")
        screenshot: str = Field(description="The address of a picture of each page.")
        screenshot_full_page: str = Field(description="The same of the whole page.")
        json_data: dict[str, Any] = Field(description="Facts of each page.")
        change_tracking: dict[str, Any] = Field(description="What has changed in each page.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        firecrawl = await FIRECRAWL.open(context, input.credentials)
        job = jobs.begun(context)
        if job is None:
            begun = await firecrawl.post("/crawl", json=_crawl(input))
            raise jobs.wait(context, begun["id"], seconds=5, what="The crawl")
        seen = await firecrawl.get(f"/crawl{api.path(job)}")
        if not _is_done(firecrawl, seen):
            raise jobs.wait(context, job, seconds=5, what="The crawl")
        pages = [*seen["data"]]
        while (more := seen.get("next")) and len(pages) < input.limit:
            seen = await firecrawl.get(more)
            pages += seen["data"]
        yield "data", pages
        for page in pages:
            for one in input.formats:
                pin, key = _PIN_AND_KEY[one]
                if page.get(key):
                    yield pin, page[key]


def _crawl(input: FirecrawlCrawlBlock.Input) -> dict[str, Any]:
    return {
        "url": input.url,
        "limit": input.limit,
        "scrapeOptions": {
            "formats": [_IN_REQUEST.get(one, one.value) for one in input.formats],
            "onlyMainContent": input.only_main_content,
            "maxAge": input.max_age,
            "waitFor": input.wait_for,
        },
    }


def _is_done(firecrawl: api.Session, seen: Any) -> bool:
    if seen["status"] in ("failed", "cancelled"):
        raise firecrawl.refused(f"ended the job {seen['status']}: {seen.get('error') or 'it does not say why'}")
    return seen["status"] == "completed"


class FirecrawlExtractBlock(Block):
    block_type = "FIRECRAWL_EXTRACT"
    category = "SEARCH"
    description = "Takes data out of web pages through Firecrawl, by a question or by a JSON Schema."
    max_attempts = 3
    suspends = True
    cost = "Tokens of Firecrawl."
    credentials = FIRECRAWL.needed()
    examples = [
        Example(title="A question", input={"urls": ["https://example.com/*"], "prompt": "Who runs this site?"}),
        Example(title="Neither a question nor a schema", input={"urls": ["https://example.com/"]}, fails="prompt"),
        api.without_credentials({"urls": ["https://example.com/"], "prompt": "Who runs this site?"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Firecrawl")
        urls: list[str] = Field(description="The pages; with /* at its end a whole site.")
        prompt: str | None = Field(default=None, description="What to look for.")
        output_schema: dict[str, Any] | None = Field(default=None, description="A JSON Schema of the data.")
        enable_web_search: bool = Field(default=False, description="Whether other sites may be searched as well.")

    class Output(BlockOutput):
        data: dict[str, Any] = Field(description="The data.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.prompt and not input.output_schema:
            raise errors.BlockError("Give a prompt or an output_schema: what is to be found?")
        firecrawl = await FIRECRAWL.open(context, input.credentials)
        job = jobs.begun(context)
        if job is None:
            wanted = {"prompt": input.prompt, "schema": input.output_schema}
            body = {key: value for key, value in wanted.items() if value}
            more = {"urls": input.urls, "enableWebSearch": input.enable_web_search}
            job = (await firecrawl.post("/extract", json={**more, **body}))["id"]
            raise jobs.wait(context, job, seconds=5, what="The extraction")
        seen = await firecrawl.get(f"/extract{api.path(job)}")
        if not _is_done(firecrawl, seen):
            raise jobs.wait(context, job, seconds=5, what="The extraction")
        yield "data", seen["data"]


class FirecrawlMapWebsiteBlock(Block):
    block_type = "FIRECRAWL_MAP_WEBSITE"
    category = "SEARCH"
    description = "Lists the addresses of a web site, through Firecrawl."
    max_attempts = 3
    cost = "One credit of Firecrawl."
    credentials = FIRECRAWL.needed()
    examples = [
        Example(title="A site", input={"url": "https://example.com/"}),
        api.without_credentials({"url": "https://example.com/"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Firecrawl")
        url: str = Field(description="The site.")

    class Output(BlockOutput):
        links: list[str] = Field(description="The addresses.")
        results: list[dict[str, Any]] = Field(description="The same with titles and descriptions: url, title, …")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        firecrawl = await FIRECRAWL.open(context, input.credentials)
        answer = await firecrawl.post("/map", json={"url": input.url})
        found = [{"url": one} if isinstance(one, str) else one for one in answer["links"]]
        yield "links", [one["url"] for one in found]
        yield "results", found
