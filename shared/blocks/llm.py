"""Which blocks have a language model write a text?"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from shared.blocks import completions, estimates, providers, retired, tokens
from shared.blocks.block import LINKED, Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.budget import Estimate
from shared.blocks.completions import Completion, Message, Model
from shared.blocks.credentials import Need
from shared.domain import errors
from shared.domain.spec import Advice

COST = "The tokens of the prompt and of the answer, at the price of the model in shared/blocks/prices.json."
DEFAULT_MODEL = "gpt-6-luna"
_ANSWER_SHARE = 4  # of a model's window one part in so many is left to its answer, where nobody said how long


class TokenUsage(BaseModel):
    """What the service counted."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ModelInput(BlockInput):
    """The pins that blocks share which ask a model."""

    model: str = Field(default=DEFAULT_MODEL, description="The model; a successor, where OpenAI has shut it down.")
    credentials: Any = Field(
        default=None, description="Credentials for the model's provider; else the deployment's key."
    )
    max_tokens: int | None = Field(default=None, ge=1, description="Tokens of the answer at most.")
    ollama_host: str = Field(default="localhost:11434", description="Where Ollama is, for its models.")

    def asked(self) -> Model:
        return Model(
            name=self.model,
            credentials=self.credentials,
            max_tokens=self.max_tokens,
            ollama_host=self.ollama_host,
        )


class ModelBlock(Block):
    """What blocks share which ask a model. Whose credentials they can use, the model decides."""

    category: ClassVar[str] = "AI"
    max_attempts: ClassVar[int] = 3
    cost: ClassVar[str] = COST
    credentials: ClassVar[Mapping[str, Need]] = {"credentials": providers.need("openai")}

    @classmethod
    def needs(cls, input_data: Mapping[str, Any]) -> Mapping[str, Need]:
        model = input_data.get("model") or cls.Input.model_fields["model"].default
        needed = providers.need(providers.of(model if isinstance(model, str) else ""))
        return dict.fromkeys(cls.credentials, needed)

    @classmethod
    def advice(cls, input_data: Mapping[str, Any]) -> Sequence[Advice]:
        model = input_data.get("model")
        name = model.strip() if isinstance(model, str) else ""
        end = retired.end_of(name)
        if end is None or any(providers.asked(name, input_data.get(pin)) != "openai" for pin in cls.credentials):
            return ()
        day, successor = end
        message = (
            f"names the model {name}, which OpenAI has until {day}: then {successor} is asked there in its place"
        )
        metadata = {"model": name, "successor": successor, "shut_down": day.isoformat()}
        return [
            Advice(
                pin="model", reason="MODEL_RETIRED", message=f"{message}. Name that, or another.", metadata=metadata
            )
        ]

    @classmethod
    def estimate(cls, input_data: Mapping[str, Any], *, own: bool) -> Estimate:
        fields = cls.Input.model_fields
        default = fields["model"].default if "model" in fields else DEFAULT_MODEL
        model = input_data.get("model") or default
        if not isinstance(model, str):
            return Estimate(known=False, deployment=not own)
        limit = {"max_tokens": fields["max_tokens"].default} if "max_tokens" in fields else {}
        chosen = any(input_data.get(pin) not in (None, LINKED, "") for pin in cls.credentials)
        return estimates.of_model(model, {**limit, **input_data}, own=own or chosen)


class LlmBlock(ModelBlock):
    block_type = "LLM"
    description = "Asks a language model, and sends its answer on."
    credentials: ClassVar[Mapping[str, Need]] = {"credentials_id": providers.need("openai")}
    examples = [Example(title="A question", input={"prompt": "Name a colour.", "max_tokens": 10})]

    class Input(BlockInput):
        prompt: str = Field(description="What to ask.")
        model: str = Field(
            default="gpt-3.5-turbo", description="The model; a successor, where OpenAI has shut it down."
        )
        max_tokens: int = Field(default=1000, ge=1, description="Tokens of the answer at most.")
        temperature: float = Field(
            default=0.7,
            ge=0,
            le=2,
            description="From 0, always much the same, to 2; models that know none pass it over.",
        )
        credentials_id: Any = Field(
            default=None, description="Credentials for the model's provider; else the deployment's key."
        )

    class Output(BlockOutput):
        response: str = Field(description="The answer.")
        token_usage: TokenUsage = Field(description="The tokens it took.")
        model_used: str = Field(description="The model that answered.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        asked = Model(
            name=input.model,
            credentials=input.credentials_id,
            max_tokens=input.max_tokens,
            temperature=input.temperature,
        )
        messages = [{"role": "user", "content": input.prompt}]
        completion = await completions.complete(messages, asked, context, pin="response")
        yield "response", completion.text
        yield "token_usage", completion.token_usage
        yield "model_used", completion.model


class AITextGeneratorBlock(ModelBlock):
    block_type = "AI_TEXT_GENERATOR"
    description = "Asks a language model with a prompt that may be a template."
    examples = [
        Example(title="A template", input={"prompt": "Greet {{ name }}.", "prompt_values": {"name": "Ada"}}),
    ]

    class Input(ModelInput):
        prompt: str = Field(description="What to ask; with prompt_values, a Jinja2 template.")
        sys_prompt: str = Field(default="", description="How to answer; a template too.")
        retry: int = Field(default=3, description="Left by imported agents; max_attempts of the node counts.")
        prompt_values: dict[str, str] = Field(default_factory=dict[str, str], description="Values of the template.")

    class Output(BlockOutput):
        response: str = Field(description="The answer.")
        prompt: list[Any] = Field(description="The messages that were sent.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        messages = await prompted(input.sys_prompt, input.prompt, input.prompt_values)
        completion = await completions.complete(messages, input.asked(), context, pin="response")
        yield "response", completion.text
        yield "prompt", messages


class AIConversationBlock(ModelBlock):
    block_type = "AI_CONVERSATION"
    description = "Asks a language model to continue a conversation."
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
        completion = await completions.complete(messages, input.asked(), context, pin="response")
        yield "response", completion.text
        yield "prompt", messages


def as_message(value: Any) -> dict[str, Any]:
    """A message as the service takes it; a text alone is the user's."""
    if isinstance(value, Mapping) and "content" in value:
        return {"role": "user", **value}
    if isinstance(value, str):
        return {"role": "user", "content": value}
    raise errors.BlockError(f"{value!r:.100} is not a message: give role and content, or a text")


async def prompted(sys_prompt: str, prompt: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """The messages of a system prompt and a prompt, where they are not empty: templates, where there are values."""
    prompts = [("system", sys_prompt), ("user", prompt)]
    return [{"role": role, "content": await filled(text, values)} for role, text in prompts if text]


async def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` as it is without values, else as a template."""
    if not values:
        return text
    from shared.blocks.sandbox import templates

    return await asyncio.to_thread(templates.render, text, values)


def fitted(messages: Sequence[Message], model: Model) -> list[dict[str, Any]]:
    """The messages, shortened where they would not fit into the model's window, if that is known."""
    window = completions.window(model)
    if window is None:
        return [dict(message) for message in messages]
    return tokens.fit(messages, window - (model.max_tokens or window // _ANSWER_SHARE))


def asker(model: Model, context: Context, *, form: Any = None) -> Any:
    """A function that asks the model with messages, for ``answers.until_usable``."""

    async def ask(messages: Sequence[Message]) -> Completion:
        return await completions.complete(messages, model, context, form=form)

    return ask
