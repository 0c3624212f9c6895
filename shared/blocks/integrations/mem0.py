"""Mem0: memories that an agent keeps of its users.

https://docs.mem0.ai/api-reference/memory/add-memories, …/search-memories, …/get-memories: version 3. Adding only
queues; https://docs.mem0.ai/api-reference/events/get-event says what became of it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api, jobs
from shared.domain import errors

MEM0 = api.Service(
    name="Mem0",
    url="https://api.mem0.ai",
    need=Need(
        provider="mem0",
        kinds=(Kind.API_KEY,),
        hosts=("api.mem0.ai",),
        where="https://app.mem0.ai/dashboard/api-keys",
    ),
    authorize=api.header("Authorization", "Token "),
)
_PAGE = 100
_MAX_MEMORIES = 1_000


class Content(BaseModel):
    """A text to remember."""

    discriminator: Literal["content"] = "content"
    content: str


class Conversation(BaseModel):
    """Messages to remember: role and content."""

    discriminator: Literal["conversation"] = "conversation"
    messages: list[dict[str, str]]


class Scope(BlockInput):
    credentials: Any = api.credentials_pin("Mem0")
    limit_memory_to_run: bool = Field(default=False, description="Whether only this execution sees the memories.")
    limit_memory_to_agent: bool = Field(default=True, description="Whether only this graph sees the memories.")


def of_whom(input: Scope, context: Context) -> dict[str, str]:
    """Whose memories they are: fields when adding, filters when reading."""
    whose = {"user_id": context.user_id}
    if input.limit_memory_to_run:
        whose["run_id"] = context.execution_id
    if input.limit_memory_to_agent:
        whose["agent_id"] = context.graph_id
    return whose


class AddMemoryBlock(Block):
    block_type = "ADD_MEMORY"
    category = "MEMORY"
    description = "Gives Mem0 something to remember of the user, and waits until it has been taken in."
    max_attempts = 3
    suspends = True
    emits_many = frozenset({"action", "memory"})
    cost = "One addition of Mem0."
    credentials = MEM0.needed()
    examples = [
        Example(title="A fact", input={"content": {"content": "I'm a vegetarian"}, "metadata": {"source": "form"}}),
        Example(
            title="A conversation",
            input={"content": {"messages": [{"role": "user", "content": "I moved to Brest."}]}},
        ),
        api.without_credentials({"content": {"content": "I'm a vegetarian"}}),
    ]

    class Input(Scope):
        content: Content | Conversation = Field(
            default=Content(content="I'm a vegetarian"), description="What to remember: a text, or messages."
        )
        metadata: dict[str, Any] = Field(default_factory=dict[str, Any], description="Beside it, for filters.")

    class Output(BlockOutput):
        action: str = Field(description="ADD, UPDATE or DELETE for each memory it touched; NO_CHANGE without any.")
        memory: str = Field(description="Each memory it touched.")
        results: list[dict[str, str]] = Field(description="All of them: id, event, memory.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        mem0 = await MEM0.open(context, input.credentials)
        job = jobs.begun(context)
        if job is None:
            raise jobs.wait(context, await self._add(mem0, input, context), seconds=1, what="The memory")
        event = await mem0.get(f"/v1/event{api.path(job)}/")
        if event["status"] == "FAILED":
            raise mem0.refused(f"could not remember it: {event.get('error') or 'it does not say why'}")
        if event["status"] != "SUCCEEDED":
            raise jobs.wait(context, job, seconds=2, what="The memory")
        results = [_as_texts(one) for one in event.get("results") or []]
        for one in results:
            yield "action", one["event"]
            yield "memory", one["memory"]
        if not results:
            yield "action", "NO_CHANGE"
        yield "results", results

    async def _add(self, mem0: api.Session, input: Input, context: Context) -> str:
        match input.content:
            case Content(content=text):
                messages = [{"role": "user", "content": text}]
            case Conversation(messages=messages):
                pass
        if not messages:
            raise errors.BlockError("There is nothing to remember: give a text, or messages")
        answer = await mem0.post(
            "/v3/memories/add/",
            json={"messages": messages, "metadata": input.metadata, **of_whom(input, context)},
        )
        return answer["event_id"]


def _as_texts(result: Mapping[str, Any]) -> dict[str, str]:
    data = cast(Mapping[str, Any], result.get("data") or {})
    memory = str(result.get("memory") or data.get("memory") or "")
    return {"id": str(result.get("id") or ""), "event": str(result.get("event") or "ADD"), "memory": memory}


class Filters(Scope):
    trigger: bool = Field(default=False, description="Of no effect: a link to it says when to read.")
    categories: list[str] | None = Field(default=None, description="Only memories of one of these categories.")
    metadata_filter: dict[str, Any] | None = Field(default=None, description="Only memories with this metadata.")


def filters(
    input: Scope, context: Context, categories: Sequence[str] | None, metadata: Mapping[str, Any] | None
) -> dict[str, Any]:
    """https://docs.mem0.ai/platform/features/v2-memory-filters: all of these must hold."""
    every: list[dict[str, Any]] = [{name: value} for name, value in of_whom(input, context).items()]
    if categories:
        every.append({"categories": {"in": list(categories)}})
    if metadata:
        every += [{"metadata": {key: value}} for key, value in metadata.items()]
    return {"AND": every}


class SearchMemoryBlock(Block):
    block_type = "SEARCH_MEMORY"
    category = "MEMORY"
    description = "Searches what Mem0 remembers of the user, by meaning."
    max_attempts = 3
    cost = "One search of Mem0."
    credentials = MEM0.needed()
    examples = [
        Example(title="A question", input={"query": "What does Ann eat?", "categories_filter": ["food"]}),
        api.without_credentials({"query": "What does Ann eat?"}),
    ]

    class Input(Scope):
        query: str = Field(description="What to look for.")
        trigger: bool = Field(default=False, description="Of no effect: a link to it says when to search.")
        categories_filter: list[str] = Field(
            default_factory=list[str], description="Only memories of one of these categories."
        )
        metadata_filter: dict[str, Any] | None = Field(default=None, description="Only memories with this metadata.")

    class Output(BlockOutput):
        memories: Any = Field(description="The memories, the best first.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        mem0 = await MEM0.open(context, input.credentials)
        chosen = filters(input, context, input.categories_filter, input.metadata_filter)
        answer = await mem0.post("/v3/memories/search/", json={"query": input.query, "filters": chosen})
        yield "memories", _listed(answer)


def _listed(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else answer.get("results") or []


async def _read(input: Filters, context: Context, extra: Mapping[str, Any], limit: int) -> list[Any]:
    mem0 = await MEM0.open(context, input.credentials)
    chosen = filters(input, context, input.categories, {**(input.metadata_filter or {}), **extra})
    found: list[Any] = []
    for page in range(1, _MAX_MEMORIES // _PAGE + 1):
        params = {"page": page, "page_size": min(limit, _PAGE)}
        answer = await mem0.post("/v3/memories/", params=params, json={"filters": chosen})
        found += _listed(answer)
        if len(found) >= limit or isinstance(answer, list) or not answer.get("next"):
            break
    return found[:limit]


class GetAllMemoriesBlock(Block):
    block_type = "GET_ALL_MEMORIES"
    category = "MEMORY"
    description = f"Gives all that Mem0 remembers of the user, up to {_MAX_MEMORIES:,} memories."
    max_attempts = 3
    credentials = MEM0.needed()
    examples = [
        Example(title="Of this agent", input={"metadata_filter": {"source": "form"}}),
        api.without_credentials({}),
    ]
    Input = Filters

    class Output(BlockOutput):
        memories: Any = Field(description="The memories.")

    async def run(self, input: Filters, context: Context) -> AsyncIterator[tuple[str, Any]]:
        yield "memories", await _read(input, context, {}, _MAX_MEMORIES)


class GetLatestMemoryBlock(Block):
    block_type = "GET_LATEST_MEMORY"
    category = "MEMORY"
    description = "Gives the newest memory that Mem0 has of the user."
    max_attempts = 3
    credentials = MEM0.needed()
    examples = [
        Example(title="Of a conversation", input={"conversation_id": "c7"}),
        api.without_credentials({}),
    ]

    class Input(Filters):
        conversation_id: str | None = Field(
            default=None, description="Only of this conversation, as its metadata conversation_id says."
        )

    class Output(BlockOutput):
        memory: dict[str, Any] | None = Field(description="The memory; null where there is none.")
        found: bool = Field(description="Whether there is one.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        extra = {"conversation_id": input.conversation_id} if input.conversation_id else {}
        memories = await _read(input, context, extra, _MAX_MEMORIES)
        newest = max(memories, key=lambda one: str(one.get("created_at") or ""), default=None)
        yield "memory", newest
        yield "found", newest is not None
