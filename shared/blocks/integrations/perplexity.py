"""Perplexity: answers out of the web.

https://docs.perplexity.ai/api-reference/agent-post. The Sonar API, whose models the pin names, was supported until
27 September 2026; https://docs.perplexity.ai/docs/agent-api/migrate-from-sonar/how-to says what stands for it. A
preset brings its model and its tools along and may take minutes: it is begun, and looked for.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api, jobs

PERPLEXITY = api.Service(
    name="Perplexity",
    url="https://api.perplexity.ai/v1",
    need=Need(
        provider="perplexity",
        kinds=(Kind.API_KEY,),
        hosts=("api.perplexity.ai",),
        where="https://console.perplexity.ai",
    ),
)
_SEARCH = {"type": "web_search"}
_PRESETS = {
    **{name: name for name in ("fast", "low", "medium", "high", "xhigh")},
    "sonar-pro": "low",
    "sonar-reasoning": "low",
    "sonar-reasoning-pro": "low",
    "sonar-deep-research": "medium",
}
"""By their names (https://docs.perplexity.ai/docs/agent-api/presets), and by those of the models they stand for."""
_LEAST_TOKENS = 16


class PerplexityBlock(Block):
    block_type = "PERPLEXITY"
    category = "AI"
    description = "Asks Perplexity, which searches the web for its answer and names its sources."
    max_attempts = 3
    suspends = True
    cost = "What Perplexity says that the answer cost."
    credentials = PERPLEXITY.needed()
    examples = [
        Example(title="A question", input={"prompt": "When is high water in Brest tomorrow?"}),
        api.without_credentials({"prompt": "When is high water in Brest tomorrow?"}),
    ]

    class Input(BlockInput):
        prompt: str = Field(description="The question.")
        model: str = Field(
            default="perplexity/sonar",
            description="perplexity/sonar; perplexity/sonar-pro or perplexity/sonar-deep-research, for which presets "
            "stand now; a preset: fast, low, medium, high, xhigh; or another model that Perplexity offers.",
        )
        credentials: Any = api.credentials_pin("Perplexity")
        system_prompt: str = Field(default="", description="How to answer.")
        max_tokens: int | None = Field(default=None, description="How long the answer may be; at least 16.")

    class Output(BlockOutput):
        response: str = Field(description="The answer.")
        annotations: list[dict[str, Any]] = Field(description="Its sources: url_citation with title and url.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        perplexity = await PERPLEXITY.open(context, input.credentials)
        job = jobs.begun(context)
        if job is None:
            answer = await perplexity.post("/agent", json=_question(input))
        else:
            answer = await perplexity.get(f"/responses{api.path(job)}")
        if answer["status"] in ("queued", "in_progress"):
            raise jobs.wait(context, answer["id"], seconds=5, what="The answer")
        context.charge(float(((answer.get("usage") or {}).get("cost") or {}).get("total_cost") or 0))
        if answer["status"] not in ("completed", "incomplete"):
            why = (answer.get("error") or {}).get("message") or "it does not say why"
            raise perplexity.refused(f"ended the answer {answer['status']}: {why}")
        yield "response", _text(answer)
        yield "annotations", _sources(answer)


def _question(input: PerplexityBlock.Input) -> dict[str, Any]:
    """The system prompt goes among the messages, where it adds to that of a preset, and does not replace it. Sonar
    searched for each answer; a model that is named is told to."""
    name = input.model.strip().lower()
    preset = _PRESETS.get(name.removeprefix("perplexity/"))
    if preset:
        how: dict[str, Any] = {"preset": preset, "background": True}
    else:
        model = name if "/" in name else f"perplexity/{name}"
        how = {"model": model, "tools": [_SEARCH], "tool_choice": _SEARCH}
    limit = {"max_output_tokens": max(input.max_tokens, _LEAST_TOKENS)} if input.max_tokens else {}
    said = {"system": input.system_prompt, "user": input.prompt}
    messages = [{"type": "message", "role": role, "content": text} for role, text in said.items() if text]
    return {**how, "input": messages, **limit}


def _text(answer: Mapping[str, Any]) -> str:
    parts = [part for item in answer["output"] if item["type"] == "message" for part in item["content"]]
    return "".join(part["text"] for part in parts if part["type"] == "output_text")


def _sources(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was found, each page once: the annotations of the text itself are often empty."""
    found = [one for item in answer["output"] if item["type"] == "search_results" for one in item["results"]]
    titles = {one["url"]: one.get("title") for one in reversed(found)}
    urls = dict.fromkeys(one["url"] for one in found)
    return [{"type": "url_citation", "url_citation": {"title": titles[url], "url": url}} for url in urls]
