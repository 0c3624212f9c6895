"""Which blocks remember from run to run?"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.memory import MAX_KEY, Scope
from shared.domain import errors

KEY = "Under which name it is kept."
SCOPE = "Who shares it: all runs of this agent, or all agents of the user."


class PersistInformationBlock(Block):
    block_type = "PERSIST_INFORMATION"
    category = "MEMORY"
    description = "Keeps a value for later runs, until it is written over. Of two that write at once, the last stays."
    max_attempts = 3
    examples = [
        Example(title="A value", input={"key": "last_seen", "value": 17}, output=[("value", 17)]),
        Example(title="No name", input={"key": "", "value": 17}, fails="needs a key"),
    ]

    class Input(BlockInput):
        key: str = Field(description=KEY)
        value: Any = Field(description="The value to keep.")
        scope: Scope = Field(default=Scope.WITHIN_AGENT, description=SCOPE)

    class Output(BlockOutput):
        value: Any = Field(description="The value that was kept.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        await context.memory.keep(input.scope, _key(input.key), input.value)
        yield "value", input.value


class RetrieveInformationBlock(Block):
    block_type = "RETRIEVE_INFORMATION"
    category = "MEMORY"
    description = "Gives what PERSIST_INFORMATION kept, or a default."
    static_output = True
    max_attempts = 3
    examples = [
        Example(title="Nothing was kept", input={"key": "last_seen", "default_value": 0}, output=[("value", 0)]),
    ]

    class Input(BlockInput):
        key: str = Field(description=KEY)
        scope: Scope = Field(default=Scope.WITHIN_AGENT, description=SCOPE)
        default_value: Any = Field(default=None, description="What is given where nothing was kept.")

    class Output(BlockOutput):
        value: Any = Field(description="What was kept, or the default.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        kept = await context.memory.find(input.scope, _key(input.key))
        yield "value", input.default_value if kept is None else kept.value


class ForgetInformationBlock(Block):
    block_type = "FORGET_INFORMATION"
    category = "MEMORY"
    description = "Removes what PERSIST_INFORMATION kept."
    max_attempts = 3
    examples = [Example(title="Nothing was kept", input={"key": "last_seen"}, output=[("forgotten", False)])]

    class Input(BlockInput):
        key: str = Field(description=KEY)
        scope: Scope = Field(default=Scope.WITHIN_AGENT, description=SCOPE)

    class Output(BlockOutput):
        forgotten: bool = Field(description="Whether anything was kept there.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        yield "forgotten", await context.memory.forget(input.scope, _key(input.key))


def _key(key: str) -> str:
    if not key or len(key) > MAX_KEY:
        raise errors.BlockError(f"What is kept needs a key of 1 to {MAX_KEY:,} characters, not of {len(key):,}")
    return key
