"""Which blocks run what a user wrote in a programming language?"""

import asyncio
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


class JavaScriptExpressionBlock(Block):
    block_type = "JAVASCRIPT_EXPRESSION"
    category = "CODE"
    description = "Computes the value of an expression of JavaScript over its values, in a sandbox."
    pure = True
    examples = [
        Example(
            title="Sorted and put together",
            input={
                "expression": "rows.sort((a, b) => b.n - a.n).map(({ id }) => id).join('-')",
                "values": {"rows": [{"id": "a", "n": 9}, {"id": "b", "n": 10}]},
            },
            output=[("result", "b-a")],
        ),
        Example(
            title="Types and copies",
            input={
                "expression": "({ ...item, kind: typeof item.n, none: typeof item.x })",
                "values": {"item": {"n": 1}},
            },
            output=[("result", {"n": 1, "kind": "number", "none": "undefined"})],
        ),
        Example(title="A mistake is named", input={"expression": "undefined.x"}, fails="no property x"),
        Example(
            title="What is not known is named", input={"expression": "eval('1')"}, fails="eval has no counterpart"
        ),
    ]

    class Input(BlockInput):
        expression: str = Field(
            description="The expression: operators, arrow functions, objects, lists and texts with spreads, and the "
            "functions of JavaScript's values; no assignments, loops or patterns."
        )
        values: dict[str, Any] = Field(default_factory=dict[str, Any], description="Values, by their names.")
        timezone: str = Field(default="UTC", description="Of which place the clock is that dates are read by.")
        null_on_error: bool = Field(
            default=False, description="Whether what JavaScript would throw gives null, as in n8n."
        )

    class Output(BlockOutput):
        result: Any = Field(description="The value; undefined is null.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import javascript

        compute = functools.partial(javascript.evaluate, input.expression, input.values, zone=input.timezone)
        yield "result", await asyncio.to_thread(compute, forgiving=input.null_on_error)


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
