"""Which blocks choose a way by rules, and end a run on purpose?"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.rules import Combination, Rule, all_keep
from shared.domain import errors

MAX_CASES = 8
COMBINE = "Whether all rules have to be kept, or any."


class IfBlock(Block):
    block_type = "IF"
    category = "LOGIC"
    description = "Sends a value one way where it keeps the rules, and the other where it does not."
    pure = True
    examples = [
        Example(
            title="All rules are kept",
            input={
                "value": {"city": "Bern", "age": "42"},
                "rules": [{"field": "city", "value": "Bern"}, {"field": "age", "operator": "greater", "value": 18}],
            },
            output=[("true", {"city": "Bern", "age": "42"})],
        ),
        Example(
            title="One rule is not",
            input={"value": [1], "rules": [{"operator": "empty"}, {"operator": "contains", "value": 1}]},
            output=[("false", [1])],
        ),
        Example(
            title="One of several is enough",
            input={
                "value": "a",
                "rules": [{"value": "b"}, {"operator": "matches", "value": "^a$"}],
                "combine": "any",
            },
            output=[("true", "a")],
        ),
    ]

    class Input(BlockInput):
        value: Any = Field(description="The value to judge, and to send on.")
        rules: list[Rule] = Field(default_factory=list[Rule], description="The rules; without any, all are kept.")
        combine: Combination = Field(default=Combination.ALL, description=COMBINE)

    class Output(BlockOutput):
        true: Any = Field(description="The value, where it keeps them.")
        false: Any = Field(description="The value, where it does not.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        kept = await asyncio.to_thread(all_keep, input.value, input.rules, input.combine)
        yield "true" if kept else "false", input.value


class SwitchBlock(Block):
    block_type = "SWITCH"
    category = "LOGIC"
    description = "Sends a value the way of the first rule that it keeps, or the way of none."
    pure = True
    examples = [
        Example(
            title="The second case",
            input={
                "value": {"kind": "cat"},
                "cases": [{"field": "kind", "value": "dog"}, {"field": "kind", "value": "cat"}],
            },
            output=[("case_2", {"kind": "cat"})],
        ),
        Example(title="No case", input={"value": 3, "cases": [{"value": 1}]}, output=[("otherwise", 3)]),
    ]

    class Input(BlockInput):
        value: Any = Field(description="The value to judge, and to send on.")
        cases: list[Rule] = Field(max_length=MAX_CASES, description=f"The rules, in order, {MAX_CASES} at most.")

    class Output(BlockOutput):
        case_1: Any = Field(description="The value, where the first rule is the one.")
        case_2: Any = Field(description="The value, where it is the second.")
        case_3: Any = Field(description="The value, where it is the third.")
        case_4: Any = Field(description="The value, where it is the fourth.")
        case_5: Any = Field(description="The value, where it is the fifth.")
        case_6: Any = Field(description="The value, where it is the sixth.")
        case_7: Any = Field(description="The value, where it is the seventh.")
        case_8: Any = Field(description="The value, where it is the eighth.")
        otherwise: Any = Field(description="The value, where it keeps no rule.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        for number, rule in enumerate(input.cases, 1):
            if await asyncio.to_thread(all_keep, input.value, [rule], Combination.ALL):
                yield f"case_{number}", input.value
                return
        yield "otherwise", input.value


class StopWithErrorBlock(Block):
    block_type = "STOP_WITH_ERROR"
    category = "LOGIC"
    description = "Fails with a message of your own; where its error pin has no link, the run fails with it."
    pure = True
    examples = [Example(title="A message", input={"message": "No stock left."}, fails="No stock left.")]

    class Input(BlockInput):
        message: str = Field(description="What to say.")
        trigger: Any = Field(default=None, description="Any value: when it comes, the block fails.")

    class Output(BlockOutput):
        pass

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        raise errors.BlockError(input.message or "Stopped on purpose.", reason="STOPPED_ON_PURPOSE")
        yield


class FirstValueBlock(Block):
    block_type = "FIRST_VALUE"
    category = "LOGIC"
    description = "Gives the first of some values that is not null or empty, or a default."
    pure = True
    examples = [
        Example(title="The second", input={"values": [None, "a", "b"]}, output=[("value", "a")]),
        Example(title="None", input={"values": ["", []], "default": 7}, output=[("value", 7)]),
    ]

    class Input(BlockInput):
        values: list[Any] = Field(description="The values, in order; link them to values_$_0, values_$_1, …")
        default: Any = Field(default=None, description="What is given where all are empty.")

    class Output(BlockOutput):
        value: Any = Field(description="The value.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "value", next((one for one in input.values if one not in (None, "", [], {})), input.default)
