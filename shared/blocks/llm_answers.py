"""Which blocks get data, lists and decisions out of a language model?"""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from pydantic import Field

from shared.blocks import answers, llm
from shared.blocks.answers import Form
from shared.blocks.block import BlockInput, BlockOutput, Context, Example
from shared.domain import errors

_ONLY_JSON = "Answer with JSON alone, without a word before or after it"
_WORD = re.compile(r"[a-z]+")


class AIStructuredResponseGeneratorBlock(llm.ModelBlock):
    block_type = "AI_STRUCTURED_RESPONSE_GENERATOR"
    description = "Asks a language model for an object with given keys, or a list of such; what is wrong is mended."
    examples = [
        Example(
            title="An object",
            input={"prompt": "Invent a person.", "expected_format": {"name": "first name", "age": "in years"}},
        ),
        Example(title="No keys", input={"prompt": "Anything.", "expected_format": {}}, fails="expected_format"),
    ]

    class Input(llm.ModelInput):
        prompt: str = Field(description="What to ask; with prompt_values, a Jinja2 template.")
        expected_format: dict[str, str] = Field(description="The keys of the object, each with what it means.")
        list_result: bool = Field(default=False, description="Whether a list of such objects is wanted.")
        force_json_output: bool = Field(
            default=False, description="Whether the service is to hold the model to JSON; not every one can."
        )
        sys_prompt: str = Field(default="", description="How to answer; a template too.")
        conversation_history: list[dict[str, Any]] | None = Field(
            default_factory=list[dict[str, Any]], description="Messages that came before."
        )
        retry: int = Field(default=3, description="How often it is asked until the answer can be used.")
        prompt_values: dict[str, str] = Field(default_factory=dict[str, str], description="Values of the template.")
        compress_prompt_to_fit: bool = Field(
            default=True, description="Whether long messages are shortened to what the model takes."
        )

    class Output(BlockOutput):
        response: dict[str, Any] | list[dict[str, Any]] = Field(description="The object, or the list.")
        prompt: list[Any] = Field(description="The messages that were sent.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.expected_format:
            raise errors.BlockError("The expected_format is empty: name the keys that you want")
        schema = _object(input.expected_format, input.list_result)
        asked = await llm.prompted(input.sys_prompt, input.prompt, input.prompt_values)
        messages = [*(input.conversation_history or ()), *asked, {"role": "system", "content": _wanted(schema)}]
        model = input.asked()
        messages = llm.fitted(messages, model) if input.compress_prompt_to_fit else messages
        ask = llm.asker(model, context, form="json" if input.force_json_output else None)
        value = await answers.until_usable(ask, messages, answers.form(schema).read, tries=input.retry)
        yield "response", value["items"] if input.list_result else value
        yield "prompt", messages


def _object(keys: Mapping[str, str], several: bool) -> dict[str, Any]:
    one = {
        "type": "object",
        "properties": {key: {"description": meaning} for key, meaning in keys.items()},
        "required": list(keys),
    }
    return _items(one) if several else one


def _items(of: Mapping[str, Any]) -> dict[str, Any]:
    """A list in an object: services that hold a model to JSON hold it to an object."""
    return {"type": "object", "properties": {"items": {"type": "array", "items": of}}, "required": ["items"]}


def _wanted(schema: Mapping[str, Any]) -> str:
    import json

    return f"{_ONLY_JSON}; it has to keep to this JSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"


class AIListGeneratorBlock(llm.ModelBlock):
    block_type = "AI_LIST_GENERATOR"
    description = "Has a language model make a list of texts: of what is in a source, or of its own."
    emits_many = frozenset({"list_item"})
    examples = [
        Example(title="Out of a text", input={"focus": "planets", "source_data": "Mars is red, Venus is hot."}),
        Example(title="Of its own", input={"focus": "five colours"}),
    ]

    class Input(llm.ModelInput):
        focus: str | None = Field(default=None, description="What the list is of.")
        source_data: str | None = Field(default=None, description="The text that it is made from.")
        max_retries: int = Field(default=3, ge=1, le=5, description="How often it is asked until there is a list.")
        force_json_output: bool = Field(
            default=False, description="Whether the service is to hold the model to JSON; not every one can."
        )

    class Output(BlockOutput):
        generated_list: list[str] = Field(description="The list.")
        list_item: str = Field(description="Each of its texts.")
        prompt: list[Any] = Field(description="The messages that were sent.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.focus and not input.source_data:
            raise errors.BlockError("There is nothing to list: give a focus, or source_data")
        schema = _items({"type": "string"})
        wish = f"Make a list of: {input.focus}." if input.focus else "List what the source says, point by point."
        source = (
            f"\nTake it from this source alone:\n<source>\n{input.source_data}\n</source>"
            if input.source_data
            else ""
        )
        messages = [{"role": "system", "content": _wanted(schema)}, {"role": "user", "content": f"{wish}{source}"}]
        model = input.asked()
        messages = llm.fitted(messages, model)
        ask = llm.asker(model, context, form="json" if input.force_json_output else None)
        read = _list_reader(answers.form(schema))
        made = await answers.until_usable(ask, messages, read, tries=input.max_retries)
        yield "generated_list", made
        for item in made:
            yield "list_item", item
        yield "prompt", messages


def _list_reader(form: Form) -> Any:
    def read(text: str) -> list[str]:
        """A bare list will do, though an object was asked for."""
        value = answers.json_in(text)
        if isinstance(value, list):
            return [one if isinstance(one, str) else str(one) for one in cast(list[Any], value)]
        return form.read(text)["items"]

    return read


class AIConditionBlock(llm.ModelBlock):
    block_type = "AI_CONDITION"
    description = "Has a language model decide whether a condition in plain words holds for a value."
    examples = [
        Example(title="A condition", input={"input_value": "I want my money back!", "condition": "is a complaint"}),
    ]

    class Input(BlockInput):
        input_value: Any = Field(description="The value.")
        condition: str = Field(description="What is to be true of it, in plain words.")
        yes_value: Any = Field(default=None, description="What is sent if it is; without it, the value.")
        no_value: Any = Field(default=None, description="What is sent if it is not; without it, the value.")
        model: str = Field(default=llm.DEFAULT_MODEL, description="The model.")
        credentials: Any = Field(
            default=None, description="Credentials for the model's provider; else the deployment's key."
        )

    class Output(BlockOutput):
        result: bool = Field(description="Whether it holds.")
        yes_output: Any = Field(description="Sent if it holds.")
        no_output: Any = Field(description="Sent if it does not.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        asked = (
            "Does the condition hold for the value? Answer with one word, true or false.\n"
            f"<condition>\n{input.condition}\n</condition>\n<value>\n{input.input_value}\n</value>"
        )
        model = llm.Model(name=input.model, credentials=input.credentials)
        messages = llm.fitted([{"role": "user", "content": asked}], model)
        holds = await answers.until_usable(llm.asker(model, context), messages, yes_or_no, tries=3)
        yield "result", holds
        other = input.yes_value if holds else input.no_value
        yield ("yes_output" if holds else "no_output"), input.input_value if other is None else other


def yes_or_no(text: str) -> bool:
    """ValueError: it says neither, or both."""
    said = {word in ("true", "yes") for word in _WORD.findall(text.lower()) if word in ("true", "yes", "false", "no")}
    if len(said) != 1:
        raise ValueError("it has to be one word, true or false")
    return said.pop()


class AIExtractDataBlock(llm.ModelBlock):
    block_type = "AI_EXTRACT_DATA"
    description = "Gets data that keep to a JSON Schema out of a text; what is wrong is mended."
    examples = [
        Example(
            title="An invoice",
            input={
                "text": "Invoice 17 over 99.50 EUR",
                "json_schema": {
                    "type": "object",
                    "properties": {"number": {"type": "integer"}, "total": {"type": "number"}},
                    "required": ["number", "total"],
                },
            },
        ),
        Example(title="What is no schema", input={"text": "a", "json_schema": {"type": "any"}}, fails="JSON Schema"),
    ]

    class Input(llm.ModelInput):
        text: str = Field(description="The text.")
        json_schema: dict[str, Any] = Field(description="The JSON Schema of the data.")
        instructions: str = Field(default="", description="What to look for, and how.")
        strict: bool = Field(
            default=False, description="Whether the service is to hold the model to the schema; not every one can."
        )
        retry: int = Field(default=3, ge=1, le=10, description="How often it is asked until the answer can be used.")

    class Output(BlockOutput):
        data: Any = Field(description="The data.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        form = answers.form(input.json_schema)
        system = f"{input.instructions}\n{_wanted(form.schema)}".strip()
        text = f"Take the data from this text:\n<text>\n{input.text}\n</text>"
        messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
        model = input.asked()
        ask = llm.asker(model, context, form=form.schema if input.strict else None)
        yield "data", await answers.until_usable(ask, llm.fitted(messages, model), form.read, tries=input.retry)


class AIClassifierBlock(llm.ModelBlock):
    block_type = "AI_CLASSIFIER"
    description = "Has a language model choose which of some categories a text belongs to."
    examples = [
        Example(title="A mail", input={"text": "Where is my parcel?", "categories": ["order", "invoice", "other"]}),
        Example(title="No choice", input={"text": "a", "categories": ["one"]}, fails="two"),
    ]

    class Input(llm.ModelInput):
        text: str = Field(description="The text.")
        categories: list[str] = Field(description="The categories, two or more.")
        instructions: str = Field(default="", description="What tells them apart.")

    class Output(BlockOutput):
        category: str = Field(description="The category, as it was written.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        known = {one.strip().casefold(): one for one in input.categories if one.strip()}
        if len(known) < 2:
            raise errors.BlockError("The categories are too few: name two or more")

        def read(text: str) -> str:
            said = text.strip().strip("\"'`.*").casefold()
            if said not in known:
                raise ValueError(f"it has to be one of: {', '.join(known.values())}")
            return known[said]

        asked = (
            f"{input.instructions}\nWhich category does the text belong to? Answer with its name alone, one of: "
            f"{', '.join(known.values())}.\n<text>\n{input.text}\n</text>"
        ).strip()
        model = input.asked()
        messages = llm.fitted([{"role": "user", "content": asked}], model)
        yield "category", await answers.until_usable(llm.asker(model, context), messages, read, tries=3)
