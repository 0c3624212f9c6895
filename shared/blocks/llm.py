"""Which blocks ask a language model?"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import BaseModel, Field

from shared.blocks import completions
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

COST = "The tokens of the prompt and of the answer, at the price of the model."


class TokenUsage(BaseModel):
    """What the service counted."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class LlmBlock(Block):
    block_type = "LLM"
    category = "AI"
    description = "Asks a language model, and sends its answer on."
    max_attempts = 3
    cost = COST
    examples = [Example(title="A question", input={"prompt": "Name a colour.", "max_tokens": 10})]

    class Input(BlockInput):
        prompt: str = Field(description="What to ask.")
        model: str = Field(default="gpt-3.5-turbo", description="The model.")
        max_tokens: int = Field(default=1000, ge=1, description="Tokens of the answer at most.")
        temperature: float = Field(default=0.7, ge=0, le=2, description="From 0, always much the same, to 2.")

    class Output(BlockOutput):
        response: str = Field(description="The answer.")
        token_usage: TokenUsage = Field(description="The tokens it took.")
        model_used: str = Field(description="The model that answered.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        completion = await completions.complete(
            [{"role": "user", "content": input.prompt}],
            model=input.model,
            max_tokens=input.max_tokens,
            temperature=input.temperature,
            context=context,
        )
        yield "response", completion.text
        yield "token_usage", completion.usage
        yield "model_used", completion.model


class ModelInput(BlockInput):
    """The pins that the blocks of imported agents share."""

    model: str = Field(default="gpt-4o-mini", description="The model.")
    credentials: Any = Field(default=None, description="Left by imported agents; the deployment's key counts.")
    max_tokens: int | None = Field(default=None, ge=1, description="Tokens of the answer at most.")
    ollama_host: str = Field(default="localhost:11434", description="Left by imported agents; not used.")


class AITextGeneratorBlock(Block):
    block_type = "AI_TEXT_GENERATOR"
    category = "AI"
    description = "Asks a language model with a prompt that may be a template."
    max_attempts = 3
    cost = COST
    examples = [
        Example(title="A template", input={"prompt": "Greet {{ name }}.", "prompt_values": {"name": "Ada"}}),
    ]

    class Input(ModelInput):
        prompt: str = Field(description="What to ask; with prompt_values, a Jinja2 template.")
        sys_prompt: str = Field(default="", description="How the model should behave.")
        retry: int = Field(default=3, description="Left by imported agents; max_attempts of the node counts.")
        prompt_values: dict[str, str] = Field(default_factory=dict[str, str], description="Values of the template.")

    class Output(BlockOutput):
        response: str = Field(description="The answer.")
        prompt: list[Any] = Field(description="The messages that were sent.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        prompts = [("system", input.sys_prompt), ("user", input.prompt)]
        messages = [
            {"role": role, "content": await filled(text, input.prompt_values)} for role, text in prompts if text
        ]
        completion = await ask(messages, input, context)
        yield "response", completion.text
        yield "prompt", messages


class AIConversationBlock(Block):
    block_type = "AI_CONVERSATION"
    category = "AI"
    description = "Asks a language model to continue a conversation."
    max_attempts = 3
    cost = COST
    examples = [
        Example(title="A conversation", input={"messages": [{"role": "user", "content": "Hello"}]}),
        Example(title="Nothing was said", input={"messages": []}, fails="messages"),
    ]

    class Input(ModelInput):
        prompt: str = Field(default="", description="What to ask last.")
        messages: list[Any] = Field(description="The messages so far: role and content.")

    class Output(BlockOutput):
        response: str = Field(description="The answer.")
        prompt: list[Any] = Field(description="The messages that were sent.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        last = [{"role": "user", "content": input.prompt}] if input.prompt else []
        messages = [as_message(one) for one in [*input.messages, *last]]
        if not messages:
            raise errors.BlockError("There is nothing to answer: give messages, or a prompt")
        completion = await ask(messages, input, context)
        yield "response", completion.text
        yield "prompt", messages


def as_message(value: Any) -> dict[str, Any]:
    """A message as the service takes it; a text alone is the user's."""
    if isinstance(value, Mapping) and "content" in value:
        return {"role": "user", **value}
    if isinstance(value, str):
        return {"role": "user", "content": value}
    raise errors.BlockError(f"{value!r:.100} is not a message: give role and content, or a text")


async def ask(messages: list[dict[str, Any]], input: ModelInput, context: Context) -> completions.Completion:
    return await completions.complete(
        messages, model=input.model, max_tokens=input.max_tokens, temperature=None, context=context
    )


async def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` as it is without values, else as a template."""
    if not values:
        return text
    from shared.blocks.sandbox import templates

    return await asyncio.to_thread(templates.render, text, values)
