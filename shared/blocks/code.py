"""Which blocks run what a user wrote in a programming language?"""

import functools
from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example

LANGUAGE = "a subset of Python 3 (https://github.com/pydantic/monty): no files, network or machine"


class EvaluateExpressionBlock(Block):
    block_type = "EVALUATE_EXPRESSION"
    category = "CODE"
    description = "Computes the value of an expression over its data, in a sandbox."
    pure = True
    examples = [
        Example(
            title="A sum over records",
            input={"expression": "sum(item['price'] for item in data)", "data": [{"price": 2}, {"price": 3.5}]},
            output=[("result", 5.5)],
        ),
        Example(
            title="Named values",
            input={"expression": "f'{first} {last}'.title()", "values": {"first": "ada", "last": "lovelace"}},
            output=[("result", "Ada Lovelace")],
        ),
        Example(title="A mistake is named", input={"expression": "1 / 0"}, fails="ZeroDivisionError"),
        Example(title="Nothing of the machine is there", input={"expression": "open('/etc/passwd')"}, fails="failed"),
    ]

    class Input(BlockInput):
        expression: str = Field(description=f"The expression, in {LANGUAGE}, clock or chance.")
        data: Any = Field(default=None, description="What the expression calls data.")
        values: dict[str, Any] = Field(default_factory=dict[str, Any], description="More values, by their names.")
        timeout_seconds: float = Field(default=5, gt=0, le=30, description="How long it may compute.")

    class Output(BlockOutput):
        result: Any = Field(description="The value.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import scripts, threads

        names = {"data": input.data, **input.values}
        yield (
            "result",
            await threads.run(
                functools.partial(scripts.evaluate, input.expression, names, seconds=input.timeout_seconds)
            ),
        )


class RunPythonBlock(Block):
    block_type = "RUN_PYTHON"
    category = "CODE"
    description = "Runs a program over its data, in a sandbox."
    examples = [
        Example(
            title="Records put together",
            input={
                "code": "result = {}\nfor item in data:\n    result[item['id']] = item['name']\nprint(len(result))",
                "data": [{"id": "a", "name": "Ada"}],
            },
            output=[("result", {"a": "Ada"}), ("printed", "1\n")],
        ),
        Example(title="A mistake is named", input={"code": "result = data + 1"}, fails="TypeError"),
        Example(
            title="A program without end", input={"code": "while True: pass", "timeout_seconds": 0.1}, fails="limit"
        ),
    ]

    class Input(BlockInput):
        code: str = Field(description=f"The program, in {LANGUAGE}. It assigns to result what it gives.")
        data: Any = Field(default=None, description="What the program calls data.")
        values: dict[str, Any] = Field(default_factory=dict[str, Any], description="More values, by their names.")
        timeout_seconds: float = Field(default=5, gt=0, le=30, description="How long it may compute.")

    class Output(BlockOutput):
        result: Any = Field(description="What the program assigned to result; else null.")
        printed: str = Field(description="What it printed, up to 100,000 characters.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import scripts, threads

        chance = scripts.Chance(now=context.now(), seed=context.random_bytes(32))
        names = {"data": input.data, **input.values}
        ran = await threads.run(
            functools.partial(scripts.run, input.code, names, seconds=input.timeout_seconds, chance=chance)
        )
        yield "result", ran.result
        yield "printed", ran.printed
