"""How is a text summarised that is longer than a model takes at once? Part by part, then the parts' summaries."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import completions, llm, tokens
from shared.blocks.block import BlockInput, BlockOutput, Context, Example
from shared.blocks.completions import Model
from shared.domain import errors

AT_A_TIME = 4
MAX_PARTS = 200
"""More parts than this are refused: that would cost more than anybody meant to spend."""


class SummaryStyle(Enum):
    CONCISE = "concise"
    DETAILED = "detailed"
    BULLET_POINTS = "bullet points"
    NUMBERED_LIST = "numbered list"


class AITextSummarizerBlock(llm.ModelBlock):
    block_type = "AI_TEXT_SUMMARIZER"
    description = "Summarises a text of any length with a language model: part by part where it is long."
    examples = [
        Example(title="A text", input={"text": "The ship sailed at dawn. It came back at dusk.", "focus": "times"}),
        Example(title="No text", input={"text": " "}, fails="empty"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        model: str = Field(default=llm.DEFAULT_MODEL, description="The model.")
        focus: str = Field(default="general information", description="What the summary is to be about.")
        style: SummaryStyle = Field(default=SummaryStyle.CONCISE, description="How it is written.")
        credentials: Any = Field(
            default=None, description="Credentials for the model's provider; else the deployment's key."
        )
        max_tokens: int = Field(default=4096, ge=1, description="Tokens of a part, and of a summary, at most.")
        chunk_overlap: int = Field(default=100, ge=0, description="Tokens by which the parts overlap.")
        ollama_host: str = Field(default="localhost:11434", description="Where Ollama is, for its models.")

    class Output(BlockOutput):
        summary: str = Field(description="The summary.")
        prompt: list[Any] = Field(description="The messages that were sent last.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.text.strip():
            raise errors.BlockError("The text is empty: there is nothing to summarise")
        model = Model(
            name=input.model,
            credentials=input.credentials,
            max_tokens=input.max_tokens,
            ollama_host=input.ollama_host,
        )
        parts = await asyncio.to_thread(tokens.split, input.text, input.max_tokens, input.chunk_overlap)
        while len(parts) > 1:
            parts = await self._reduced(parts, input, model, context)
        messages = [_wish(input, parts[0])]
        completion = await completions.complete(messages, model, context, pin="summary")
        yield "summary", completion.text
        yield "prompt", messages

    async def _reduced(self, parts: Sequence[str], input: Input, model: Model, context: Context) -> list[str]:
        """Fewer parts: the summaries of these, put together as far as they fit into one."""
        if len(parts) > MAX_PARTS:
            raise errors.BlockError(
                f"The text has {len(parts)} parts of {input.max_tokens} tokens, and at most {MAX_PARTS} are "
                "summarised; raise max_tokens, or give less text",
                reason="LIMIT_EXCEEDED",
            )
        gate = asyncio.Semaphore(AT_A_TIME)

        async def summary(part: str) -> str:
            async with gate:
                return (await completions.complete([_wish(input, part)], model, context)).text

        asked = [asyncio.create_task(summary(part)) for part in parts]
        try:
            together = "\n\n".join(await asyncio.gather(*asked))
        finally:
            for task in asked:
                task.cancel()
        made = await asyncio.to_thread(tokens.split, together, input.max_tokens, 0)
        return made if len(made) < len(parts) else ["\n\n".join(made)]


def _wish(input: AITextSummarizerBlock.Input, text: str) -> dict[str, Any]:
    wish = f"Summarise the text below. Style: {input.style.value}. Focus: {input.focus}. Give the summary alone."
    return {"role": "user", "content": f"{wish}\n<text>\n{text}\n</text>"}
