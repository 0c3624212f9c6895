"""Where do values come into an agent, and where do they leave it?

The inputs and outputs of an agent are nodes: the ``name`` of the node is the name of the input or output.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example


class AgentInput(BlockInput):
    """The pins that every input of an agent has."""

    name: str = Field(description="Under this name a run supplies the value.")
    title: str | None = Field(default=None, description="What a form shows for it.")
    description: str | None = Field(default=None, description="What it is for.")
    advanced: bool = Field(default=False, description="Whether a form tucks it away.")
    secret: bool = Field(default=False, description="Whether its values are kept from view.")
    optional: bool = Field(default=False, description="Whether a run may do without a value.")


class AgentInputFamily(Block):
    """An input of an agent: emits the value that the run supplied, else the one on the node, else nothing."""

    category: ClassVar[str] = "INPUT"
    pure: ClassVar[bool] = True
    static_output: ClassVar[bool] = True

    def run(self, input: Any, context: Context) -> Iterator[tuple[str, Any]]:
        if input.value is not None:
            yield "result", input.value


class AgentInputBlock(AgentInputFamily):
    block_type = "AGENT_INPUT"
    description = "An input of the agent, of any type."
    examples = [
        Example(title="A value", input={"name": "city", "value": "Bern"}, output=[("result", "Bern")]),
        Example(title="No value sends nothing", input={"name": "city"}, output=[]),
    ]

    class Input(AgentInput):
        value: Any = Field(default=None, description="The value, where the run supplies none.")

    class Output(BlockOutput):
        result: Any = Field(description="The value.")


class AgentOutputBlock(Block):
    block_type = "AGENT_OUTPUT"
    category = "OUTPUT"
    description = "An output of the agent, as it is or written through a template."
    pure = True
    static_output = True
    examples = [
        Example(
            title="A value as it is",
            input={"name": "answer", "value": [1, 2]},
            output=[("output", [1, 2]), ("name", "answer")],
        ),
        Example(
            title="Through a template, which knows the value by its name and as value",
            input={"name": "city", "value": "Bern", "format": "To {{ city }}: {{ value | upper }}"},
            output=[("output", "To Bern: BERN"), ("name", "city")],
        ),
        Example(
            title="A template that cannot be read",
            input={"name": "city", "value": "Bern", "format": "{{ city"},
            fails="template",
        ),
    ]

    class Input(BlockInput):
        value: Any = Field(default=None, description="The value.")
        name: str = Field(description="Under this name the execution shows it.")
        title: str | None = Field(default=None, description="What a page shows for it.")
        description: str | None = Field(default=None, description="What it is.")
        format: str = Field(default="", description="A Jinja2 template that writes the value as text.")
        escape_html: bool = Field(default=False, description="Whether the template escapes values for HTML.")
        advanced: bool = Field(default=False, description="Whether a page tucks it away.")
        secret: bool = Field(default=False, description="Whether its values are kept from view.")

    class Output(BlockOutput):
        output: Any = Field(description="The value, or the filled template.")
        name: Any = Field(description="The name of the output.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        value = input.value
        if input.format:
            from shared.blocks.sandbox import templates

            values = {"value": value, input.name: value}
            value = await asyncio.to_thread(templates.render, input.format, values, escape_html=input.escape_html)
        yield "output", value
        yield "name", input.name
