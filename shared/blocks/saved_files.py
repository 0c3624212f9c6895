"""Which block keeps a file for its user?"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks import sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Delay, Example, Suspended
from shared.blocks.user_files import Saving
from shared.domain import errors

FIRST_SECONDS, LAST_SECONDS = 2.0, 300.0
"""Between two looks at whether it is checked; they double."""


class SaveFileBlock(Block):
    block_type = "SAVE_FILE"
    category = "FILES"
    description = "Keeps a file among those of the user, once it is checked. Nothing runs meanwhile."
    suspends = True
    max_attempts = 3
    examples = [
        Example(title="A text", input={"file": "data:text/plain,hi", "name": "hi.txt"}),
        Example(title="No file", input={"file": "/etc/passwd"}, fails="neither a web address"),
    ]

    class Input(BlockInput):
        file: str = Field(description="The file: its web address, a data URI, or the id of one of yours.")
        name: str = Field(default="", max_length=1_000, description="What it is called; empty: as it is.")

    class Output(BlockOutput):
        file: str = Field(description="The id of the file, which blocks that read files take.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        state = (context.resumption or {}).get("state")
        if state is None:
            file = await sources.read(input.file, context)
            if not file.content:
                raise errors.BlockError("The file is empty: there is nothing to keep", reason="FILE_UNREADABLE")
            name = input.name or file.name
            yield "file", _kept(await context.files.save(context.idempotency_key, name, file.content), 0)
        else:
            yield "file", _kept(await context.files.saving(state["id"]), int(state["looks"]))


def _kept(saving: Saving, looks: int) -> str:
    """Its id. Suspended while it is checked."""
    if saving.refused:
        raise errors.BlockError(f"The file is not kept: {saving.refused}", reason="FILE_REFUSED")
    if not saving.kept:
        seconds = min(FIRST_SECONDS * 2 ** min(looks, 20), LAST_SECONDS)
        raise Suspended(Delay(seconds=seconds, state={"id": saving.id, "looks": looks + 1}))
    return saving.id
