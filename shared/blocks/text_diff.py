"""Which block says what changed between two texts?"""

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

MAX_LINES = 5_000
"""Of both texts together: comparing takes their product at worst."""


class TextDiffBlock(Block):
    block_type = "TEXT_DIFF"
    category = "TEXT"
    description = "Says what changed from one text to another, line by line, as a patch."
    pure = True
    examples = [
        Example(
            title="A line changed",
            input={"old": "a\nb\nc", "new": "a\nB\nc"},
            output=[("diff", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c"), ("changed", True), ("added", 1), ("removed", 1)],
        ),
        Example(
            title="Nothing changed",
            input={"old": "a", "new": "a"},
            output=[("diff", ""), ("changed", False), ("added", 0), ("removed", 0)],
        ),
    ]

    class Input(BlockInput):
        old: str = Field(description="The text as it was.")
        new: str = Field(description="The text as it is.")
        context_lines: int = Field(default=3, ge=0, le=100, description="Lines around a change that are shown too.")

    class Output(BlockOutput):
        diff: str = Field(description="The changes, in the form of a patch; empty where there are none.")
        changed: bool = Field(description="Whether there are any.")
        added: int = Field(description="Lines that came.")
        removed: int = Field(description="Lines that went.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        old, new = input.old.splitlines(), input.new.splitlines()
        if len(old) + len(new) > MAX_LINES:
            raise errors.BlockError(
                f"Texts that are compared have at most {MAX_LINES:,} lines", reason="LIMIT_EXCEEDED"
            )
        lines = list(difflib.unified_diff(old, new, n=input.context_lines, lineterm=""))[2:]
        yield "diff", "\n".join(lines)
        yield "changed", bool(lines)
        yield "added", sum(line.startswith("+") for line in lines)
        yield "removed", sum(line.startswith("-") for line in lines)
