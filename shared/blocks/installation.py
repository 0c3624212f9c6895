"""Which block would install blocks? It says how it is done here."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class BlockInstallationBlock(Block):
    block_type = "BLOCK_INSTALLATION"
    category = "CODE"
    description = "Refuses to install the code of a block, and says what to do instead: blocks are deployed here."
    pure = True
    examples = [Example(title="Some code", input={"code": "class MyBlock(Block): ..."}, fails="RUN_PYTHON")]

    class Input(BlockInput):
        code: str = Field(description="The code of the block.")

    class Output(BlockOutput):
        success: str = Field(description="Never sent.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        raise errors.BlockError(
            "Code from a run is not installed: it would run with the rights of the platform, for everybody. Run it "
            "in the sandbox with RUN_PYTHON, or have the block added to the library (docs/adding-a-block.md)",
            reason="NOT_SUPPORTED",
        )
        yield
