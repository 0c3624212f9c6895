"""Which vectors stand for texts, so that near meanings are near vectors?"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic import Field

from shared.blocks import completions, llm, providers, tokens
from shared.blocks.block import BlockInput, BlockOutput, Context, Example
from shared.blocks.completions import Model
from shared.blocks.prices import Usage
from shared.domain import errors

DEFAULT_MODEL = "text-embedding-3-small"
MAX_TEXTS = 2_048
"""In one call (https://platform.openai.com/docs/api-reference/embeddings/create)."""


async def embed(
    texts: Sequence[str], model: Model, context: Context, *, dimensions: int | None = None
) -> tuple[list[list[float]], Usage]:
    """A vector for each text, in order, charged. Failures as of ``completions.complete``; BlockError
    ``INVALID_INPUT`` for a text that is empty, and for too many."""
    if not model.name.strip() or len(texts) > MAX_TEXTS or not all(text.strip() for text in texts):
        raise errors.BlockError(
            f"Name a model, and give at most {MAX_TEXTS} texts, none of them empty", reason="INVALID_INPUT"
        )
    if not texts:
        return [], Usage()
    from shared.blocks import chat_api

    at = await providers.endpoint(model.name, model.credentials, model.ollama_host, context)
    if at.api == "anthropic":
        raise completions.refused("Anthropic has no embeddings; choose a model of another provider")
    options: dict[str, Any] = {} if dimensions is None else {"dimensions": dimensions}
    most = Usage(prompt=sum(tokens.estimate(text) for text in texts))
    async with completions.paying(context, at, model.name, list(texts), most) as bill:
        async with chat_api.client(at, context) as service, chat_api.translated(model.name, at, context):
            answer = await service.embeddings.create(model=model.name, input=list(texts), **options)
        used = chat_api.usage(answer.usage)
        bill.dollars = completions.charge(context, at, model.name, used)
    if len(answer.data) != len(texts):
        raise completions.refused(f"{model.name} answered with {len(answer.data)} vectors for {len(texts)} texts")
    return [one.embedding for one in sorted(answer.data, key=lambda one: one.index)], used


class AIEmbeddingsBlock(llm.ModelBlock):
    block_type = "AI_EMBEDDINGS"
    description = "Turns texts into vectors, to find what is near in meaning."
    examples = [Example(title="Two texts", input={"texts": ["a ship", "a boat"]})]

    class Input(BlockInput):
        texts: list[str] = Field(description="The texts.")
        model: str = Field(default=DEFAULT_MODEL, description="The model.")
        dimensions: int | None = Field(
            default=None, ge=1, description="Numbers in each vector, where the model leaves a choice."
        )
        credentials: Any = Field(
            default=None, description="Credentials for the model's provider; else the deployment's key."
        )
        ollama_host: str = Field(default="localhost:11434", description="Where Ollama is, for its models.")

    class Output(BlockOutput):
        embeddings: list[list[float]] = Field(description="A vector for each text, in order.")
        token_usage: llm.TokenUsage = Field(description="The tokens it took.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        model = Model(name=input.model, credentials=input.credentials, ollama_host=input.ollama_host)
        vectors, used = await embed(input.texts, model, context, dimensions=input.dimensions)
        yield "embeddings", vectors
        yield "token_usage", {"prompt_tokens": used.prompt, "completion_tokens": 0, "total_tokens": used.prompt}
