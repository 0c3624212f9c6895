"""Firecrawl: whole sites as text, and data out of pages.

https://docs.firecrawl.dev/api-reference/endpoint/crawl-post, …/crawl-get, …/scrape, …/agent, …/map: version 2. What
``/extract`` did until it shuts down on 10 December 2026, a scrape as JSON does for one page, and the agent for more:
https://docs.firecrawl.dev/migrating-from-extract.
"""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any, cast

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
            "formats": [_IN_REQUEST.get(one, one.value) for one in _formats(input)],
            "onlyMainContent": input.only_main_content,
            "maxAge": input.max_age,
            "waitFor": input.wait_for,
        },
    }


def _formats(input: FirecrawlCrawlBlock.Input) -> list[ScrapeFormat]:
    """Changes are tracked in the Markdown, which must be made then
    (https://docs.firecrawl.dev/advanced-scraping-guide)."""
    tracked = ScrapeFormat.CHANGE_TRACKING in input.formats and ScrapeFormat.MARKDOWN not in input.formats
    return [*input.formats, ScrapeFormat.MARKDOWN] if tracked else input.formats


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
    cost = "Credits of Firecrawl: a few for one page; for more as many as its agent takes."
    credentials = FIRECRAWL.needed()
    examples = [
        Example(title="A question", input={"urls": ["https://example.com/*"], "prompt": "Who runs this site?"}),
        Example(title="Neither a question nor a schema", input={"urls": ["https://example.com/"]}, fails="prompt"),
        Example(title="No page", input={"urls": [], "prompt": "Who runs this site?"}, fails="no page"),
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
        if not input.urls:
            raise errors.BlockError("There is no page to take data out of: give the address of one")
        firecrawl = await FIRECRAWL.open(context, input.credentials)
        if len(input.urls) == 1 and not input.enable_web_search and not _is_site(input.urls[0]):
            answer = await firecrawl.post("/scrape", json=_scrape(input), timeout=_SECONDS, total_seconds=_SECONDS)
            yield "data", _object(firecrawl, answer["data"].get("json"))
            return
        job = jobs.begun(context)
        if job is None:
            job = (await firecrawl.post("/agent", json=_task(input)))["id"]
            raise jobs.wait(context, job, seconds=5, what="The extraction")
        seen = await firecrawl.get(f"/agent{api.path(job)}")
        if not _is_done(firecrawl, seen):
            raise jobs.wait(context, job, seconds=5, what="The extraction")
        yield "data", _object(firecrawl, seen.get("data"))


_SECONDS = 150
"""A page is read, and a model reads it."""


def _is_site(url: str) -> bool:
    return url.strip().endswith("/*")


def _wanted(input: FirecrawlExtractBlock.Input) -> dict[str, Any]:
    wanted = {"prompt": input.prompt, "schema": input.output_schema}
    return {key: value for key, value in wanted.items() if value}


def _scrape(input: FirecrawlExtractBlock.Input) -> dict[str, Any]:
    page = input.urls[0].strip()
    return {"url": page, "formats": [{"type": "json", **_wanted(input)}], "timeout": (_SECONDS - 30) * 1000}


def _task(input: FirecrawlExtractBlock.Input) -> dict[str, Any]:
    """The agent wants a prompt. It keeps to pages when told to; to a whole site, as far as its prompt says so."""
    urls = [url.strip().removesuffix("*") for url in input.urls]
    prompt = input.prompt or "Gather the data that the schema describes."
    if not input.enable_web_search:
        if not any(_is_site(url) for url in input.urls):
            return {"urls": urls, "strictConstrainToURLs": True, **_wanted(input), "prompt": prompt}
        prompt = f"{prompt}\n\nUse no pages but those below these addresses: {', '.join(urls)}"
    return {"urls": urls, **_wanted(input), "prompt": prompt}


def _object(firecrawl: api.Session, data: Any) -> dict[str, Any]:
    if data is None:
        raise firecrawl.refused("found no such data")
    return cast(dict[str, Any], data) if isinstance(data, dict) else {"data": data}


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
