"""Perplexity: answers out of the web.

https://docs.perplexity.ai/api-reference/sonar-post; deep research takes minutes and is begun and looked for,
https://docs.perplexity.ai/api-reference/async-sonar-post.
"""

from collections.abc import AsyncIterator
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
        where="https://www.perplexity.ai/account/api/keys",
    ),
)
_SLOW = "sonar-deep-research"


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
            description="sonar, sonar-pro or sonar-deep-research, with perplexity/ before.",
        )
        credentials: Any = api.credentials_pin("Perplexity")
        system_prompt: str = Field(default="", description="How to answer.")
        max_tokens: int | None = Field(default=None, description="How long the answer may be.")

    class Output(BlockOutput):
        response: str = Field(description="The answer.")
        annotations: list[dict[str, Any]] = Field(description="Its sources: url_citation with title and url.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        perplexity = await PERPLEXITY.open(context, input.credentials)
        question = _question(input)
        if question["model"] == _SLOW:
            answer = await _researched(perplexity, question, context)
        else:
            answer = await perplexity.post("/sonar", json=question)
        context.charge(float(((answer.get("usage") or {}).get("cost") or {}).get("total_cost") or 0))
        yield "response", answer["choices"][0]["message"]["content"]
        yield (
            "annotations",
            [
                {"type": "url_citation", "url_citation": {"title": one.get("title"), "url": one.get("url")}}
                for one in answer.get("search_results") or []
            ],
        )


def _question(input: PerplexityBlock.Input) -> dict[str, Any]:
    messages = [{"role": "system", "content": input.system_prompt}] if input.system_prompt else []
    limit = {"max_tokens": input.max_tokens} if input.max_tokens else {}
    model = input.model.strip().removeprefix("perplexity/")
    return {"model": model, "messages": [*messages, {"role": "user", "content": input.prompt}], **limit}


async def _researched(perplexity: api.Session, question: dict[str, Any], context: Context) -> Any:
    job = jobs.begun(context)
    if job is None:
        begun = await perplexity.post("/async/sonar", json={"request": question})
        raise jobs.wait(context, begun["id"], seconds=10, what="The research")
    seen = await perplexity.get(f"/async/sonar{api.path(job)}")
    if seen["status"] == "FAILED":
        raise perplexity.refused(f"could not answer: {seen.get('error_message') or 'it does not say why'}")
    if seen["status"] != "COMPLETED":
        raise jobs.wait(context, job, seconds=10, what="The research")
    return seen["response"]
