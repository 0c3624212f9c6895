"""DataForSEO: what people search for.

https://docs.dataforseo.com/v3/dataforseo_labs-google-related_keywords-live/ and …-keyword_suggestions-live/. It
answers 200 also to what it refuses, says so by the ``status_code`` of the task, and names the price of each call.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

DATA_FOR_SEO = api.Service(
    name="DataForSEO",
    url="https://api.dataforseo.com/v3/dataforseo_labs/google",
    need=Need(
        provider="dataforseo",
        kinds=(Kind.USER_PASSWORD,),
        hosts=("api.dataforseo.com",),
        where="https://app.dataforseo.com/api-access",
    ),
)
_AT_ONCE = 1000
_OK = 20000
_UNAUTHORIZED = 40100
_BUSY = (40202, 50000)
"""https://docs.dataforseo.com/v3/appendix/errors/: the limit of calls, and errors of theirs."""


class KeywordInput(BlockInput):
    credentials: Any = api.credentials_pin("DataForSEO")
    keyword: str = Field(description="The keyword to begin with.")
    location_code: int | None = Field(default=2840, description="Where people search: 2840 is the United States.")
    language_code: str | None = Field(default="en", description="In which language.")
    include_seed_keyword: bool = Field(default=True, description="Whether the keyword itself is told about as well.")
    include_serp_info: bool = Field(default=False, description="Whether with what Google finds for them.")
    include_clickstream_data: bool = Field(
        default=False, description="Whether with data of clicks, at twice the price."
    )
    limit: int = Field(default=100, ge=1, le=3000, description="How many keywords at most.")


async def asked(input: KeywordInput, context: Context, route: str) -> list[Mapping[str, Any]]:
    """The items of the one task, asked for a thousand at a time."""
    service = await DATA_FOR_SEO.open(context, input.credentials)
    task = input.model_dump(exclude={"credentials"}, exclude_none=True)
    found: list[Mapping[str, Any]] = []
    while len(found) < input.limit:
        task["limit"] = min(input.limit - len(found), _AT_ONCE)
        page = await _page(service, context, route, task)
        found += page
        if len(page) < task["limit"]:
            break
        task["offset"] = len(found)
    return found


async def _page(
    service: api.Session, context: Context, route: str, task: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    answer = await service.post(route, json=[task])
    done = answer["tasks"][0] if answer.get("tasks") else answer
    context.charge(float(done.get("cost") or 0))
    code, message = done["status_code"], done["status_message"]
    if code == _UNAUTHORIZED:
        raise service.unauthorized(f"refused the credentials: {message}")
    if code in _BUSY:
        raise service.busy(f"answered {code}: {message}")
    if code != _OK:
        raise service.refused(f"answered {code}: {message}")
    return ((done.get("result") or [{}])[0] or {}).get("items") or []


def _keyword(item: Mapping[str, Any]) -> dict[str, Any]:
    info = item.get("keyword_info") or {}
    return {
        "keyword": item.get("keyword", ""),
        "search_volume": info.get("search_volume"),
        "competition": info.get("competition"),
        "cpc": info.get("cpc"),
        "keyword_difficulty": (item.get("keyword_properties") or {}).get("keyword_difficulty"),
        "serp_info": item.get("serp_info"),
        "clickstream_data": item.get("clickstream_keyword_info"),
    }


_KEYWORD = "keyword, search_volume, competition, cpc, keyword_difficulty, serp_info, clickstream_data"


class DataForSeoRelatedKeywordsBlock(Block):
    block_type = "DATA_FOR_SEO_RELATED_KEYWORDS"
    category = "SEARCH"
    description = "Gives keywords that Google shows as related to one, through DataForSEO."
    max_attempts = 3
    emits_many = frozenset({"related_keyword"})
    cost = "What DataForSEO says that the call cost."
    credentials = DATA_FOR_SEO.needed()
    examples = [
        Example(title="Related", input={"keyword": "tide table", "depth": 2}),
        api.without_credentials({"keyword": "tide table"}),
    ]

    class Input(KeywordInput):
        depth: int = Field(default=1, ge=0, le=4, description="How far to follow relations of relations.")

    class Output(BlockOutput):
        related_keywords: list[dict[str, Any]] = Field(description=f"All of them: {_KEYWORD}.")
        related_keyword: dict[str, Any] = Field(description="Each of them.")
        total_count: int = Field(description="How many were given.")
        seed_keyword: str = Field(description="The keyword that it began with.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        items = await asked(input, context, "/related_keywords/live")
        found = [_keyword(one.get("keyword_data") or {}) for one in items]
        for pair in api.several(found, "related_keyword", "related_keywords"):
            yield pair
        yield "total_count", len(found)
        yield "seed_keyword", input.keyword


class DataForSeoKeywordSuggestionsBlock(Block):
    block_type = "DATA_FOR_SEO_KEYWORD_SUGGESTIONS"
    category = "SEARCH"
    description = "Gives longer searches that hold a keyword, through DataForSEO."
    max_attempts = 3
    emits_many = frozenset({"suggestion"})
    cost = "What DataForSEO says that the call cost."
    credentials = DATA_FOR_SEO.needed()
    examples = [
        Example(title="Suggestions", input={"keyword": "tide table", "limit": 10}),
        api.without_credentials({"keyword": "tide table"}),
    ]
    Input = KeywordInput

    class Output(BlockOutput):
        suggestions: list[dict[str, Any]] = Field(description=f"All of them: {_KEYWORD}.")
        suggestion: dict[str, Any] = Field(description="Each of them.")
        total_count: int = Field(description="How many were given.")
        seed_keyword: str = Field(description="The keyword that it began with.")

    async def run(self, input: KeywordInput, context: Context) -> AsyncIterator[tuple[str, Any]]:
        found = [_keyword(one) for one in await asked(input, context, "/keyword_suggestions/live")]
        for pair in api.several(found, "suggestion", "suggestions"):
            yield pair
        yield "total_count", len(found)
        yield "seed_keyword", input.keyword
