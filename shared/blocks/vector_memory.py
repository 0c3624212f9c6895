"""Which blocks find again by meaning what an agent has learnt?"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic import Field

from shared.blocks import embeddings, llm, memory
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.completions import Model
from shared.blocks.memory import MAX_KEY, Scope
from shared.domain import errors

MAX_TEXTS = 1_000
COLLECTION = "The name of the collection."
SCOPE = "Who shares it: all runs of this agent, or all agents of the user."
MODEL = f"The model of the vectors: one that gives {memory.DIMENSIONS} numbers; the same to add and to search."
CREDENTIALS = "Credentials for the model's provider; else the deployment's key."


class VectorMemoryAddBlock(llm.ModelBlock):
    block_type = "VECTOR_MEMORY_ADD"
    category = "MEMORY"
    description = "Learns texts, to be found by their meaning later. The same text is kept once."
    examples = [
        Example(
            title="Two texts", input={"texts": ["The ship sails at noon.", "Tea is at four."], "metadata": {"day": 1}}
        ),
    ]

    class Input(BlockInput):
        texts: list[str] = Field(max_length=MAX_TEXTS, description="The texts: chunks of some hundred words do best.")
        metadata: dict[str, Any] = Field(
            default_factory=dict[str, Any], description="What is kept with each of them."
        )
        collection: str = Field(default="default", min_length=1, max_length=MAX_KEY, description=COLLECTION)
        scope: Scope = Field(default=Scope.WITHIN_AGENT, description=SCOPE)
        model: str = Field(default=embeddings.DEFAULT_MODEL, description=MODEL)
        credentials: Any = Field(default=None, description=CREDENTIALS)
        ollama_host: str = Field(default="localhost:11434", description="Where Ollama is, for its models.")

    class Output(BlockOutput):
        count: int = Field(description="How many texts were learnt.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        texts = list(dict.fromkeys(input.texts))
        model = Model(name=input.model, credentials=input.credentials, ollama_host=input.ollama_host)
        vectors = await meanings(texts, model, context)
        await context.memory.learn(input.scope, input.collection, texts, vectors, input.metadata)
        yield "count", len(texts)


class VectorMemorySearchBlock(llm.ModelBlock):
    block_type = "VECTOR_MEMORY_SEARCH"
    category = "MEMORY"
    description = "Finds the texts that VECTOR_MEMORY_ADD learnt whose meaning is nearest to a question."
    examples = [Example(title="A question", input={"query": "When does the ship leave?", "limit": 3})]

    class Input(BlockInput):
        query: str = Field(description="What to look for.")
        limit: int = Field(default=5, ge=1, le=100, description="How many texts at most.")
        min_similarity: float = Field(default=0, ge=-1, le=1, description="None that is less alike: 1 is the same.")
        collection: str = Field(default="default", min_length=1, max_length=MAX_KEY, description=COLLECTION)
        scope: Scope = Field(default=Scope.WITHIN_AGENT, description=SCOPE)
        model: str = Field(default=embeddings.DEFAULT_MODEL, description=MODEL)
        credentials: Any = Field(default=None, description=CREDENTIALS)
        ollama_host: str = Field(default="localhost:11434", description="Where Ollama is, for its models.")

    class Output(BlockOutput):
        results: list[dict[str, Any]] = Field(description="text, metadata and similarity of each, the nearest first.")
        texts: list[str] = Field(description="The texts alone.")
        best: str = Field(description="The nearest text, where there is one.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        model = Model(name=input.model, credentials=input.credentials, ollama_host=input.ollama_host)
        (vector,) = await meanings([input.query], model, context)
        found = await context.memory.recall(input.scope, input.collection, vector, input.limit)
        near = [one for one in found if one.similarity >= input.min_similarity]
        yield (
            "results",
            [{"text": n.text, "metadata": n.metadata, "similarity": round(n.similarity, 6)} for n in near],
        )
        yield "texts", [one.text for one in near]
        if near:
            yield "best", near[0].text


class VectorMemoryClearBlock(Block):
    block_type = "VECTOR_MEMORY_CLEAR"
    category = "MEMORY"
    description = "Forgets all texts of a collection that VECTOR_MEMORY_ADD learnt."
    max_attempts = 3
    examples = [Example(title="Nothing was learnt", input={}, output=[("count", 0)])]

    class Input(BlockInput):
        collection: str = Field(default="default", min_length=1, max_length=MAX_KEY, description=COLLECTION)
        scope: Scope = Field(default=Scope.WITHIN_AGENT, description=SCOPE)
        trigger: Any = Field(default=None, description="Any value: when it comes, the block fires.")

    class Output(BlockOutput):
        count: int = Field(description="How many texts there were.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        yield "count", await context.memory.unlearn(input.scope, input.collection)


async def meanings(texts: Sequence[str], model: Model, context: Context) -> list[list[float]]:
    """A vector for each text. BlockError, reason ``INVALID_INPUT``: the model gives vectors of another length."""
    vectors, _ = await embeddings.embed(texts, model, context, dimensions=memory.DIMENSIONS)
    for vector in vectors:
        if len(vector) != memory.DIMENSIONS:
            raise errors.BlockError(
                f"{model.name} gives vectors of {len(vector)} numbers, and the memory holds {memory.DIMENSIONS}: "
                "choose a model such as text-embedding-3-small or nomic-embed-text",
                reason="INVALID_INPUT",
            )
    return vectors
