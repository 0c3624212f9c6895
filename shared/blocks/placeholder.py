"""What stands where an imported agent has a block that is not here?"""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class PlaceholderBlock(Block):
    """Keeps what the node was, and fails where it is reached. ``shared/interop`` makes it and turns it back."""

    class Input(BlockInput):
        model_config = ConfigDict(extra="allow", protected_namespaces=())

        missing_block: str = Field(description="The block that the node had: its id or type there.")
        reason: str = Field(default="There is no such block here.", description="Why it is not in its place.")
        data: dict[str, Any] = Field(default_factory=dict[str, Any], description="What the node held, as it was.")

    class Output(BlockOutput):
        model_config = ConfigDict(extra="allow", protected_namespaces=())

    block_type = "PLACEHOLDER"
    category = "BASIC"
    description = (
        "Stands in an imported agent for a block that is not here, with its data and its links. It fails where it is "
        "reached; put another block in its place."
    )
    pure = True
    open_pins = True
    examples: ClassVar[list[Example]] = [
        Example(
            title="Where it is reached",
            input={"missing_block": "n8n-nodes-base.code", "data": {"jsCode": "return []"}},
            fails="n8n-nodes-base.code",
        )
    ]

    def run(self, input: "PlaceholderBlock.Input", context: Context) -> Iterator[tuple[str, Any]]:
        raise errors.BlockError(
            f"This node stands for the block {input.missing_block}. {input.reason} Put another block in its place.",
            reason="BLOCK_MISSING",
        )
