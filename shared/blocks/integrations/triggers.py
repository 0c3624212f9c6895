"""Which blocks start a run by what somebody else sends?"""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example


class GenericWebhookTriggerBlock(Block):
    block_type = "GENERIC_WEBHOOK_TRIGGER"
    category = "TRIGGERS"
    description = "Starts a run with what was sent to a webhook of the graph, and gives it."
    pure = True
    examples = [
        Example(
            title="What was sent",
            input={"payload": {"order": 7}, "constants": {"shop": "Brest"}},
            output=[("payload", {"order": 7}), ("constants", {"shop": "Brest"})],
        ),
        Example(title="Run by hand", input={}, output=[("payload", {})]),
    ]

    class Input(BlockInput):
        payload: dict[str, Any] = Field(
            default_factory=dict[str, Any],
            description="Link an input of the agent here, and have a webhook of the graph fill it.",
        )
        constants: dict[str, Any] = Field(default_factory=dict[str, Any], description="Sent on beside it, if any.")

    class Output(BlockOutput):
        payload: dict[str, Any] = Field(description="What was sent.")
        constants: dict[str, Any] = Field(description="The constants.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "payload", input.payload
        if input.constants:
            yield "constants", input.constants
