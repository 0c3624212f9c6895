"""GATHER: the end of a list."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example


class Gather(Block):
    """The engine fires it once for each firing of the innermost list, with all items that came, in order."""

    class Input(BlockInput):
        item: list[Any] = Field(description="Link one item of a list here; the node gets all of them.")

    class Output(BlockOutput):
        items: list[Any] = Field(default_factory=list[Any], description="All items, in order; [] where none came.")

    block_type: ClassVar[str] = "GATHER"
    category: ClassVar[str] = "LISTS"
    description: ClassVar[str] = (
        "Collects the items of a list after they have gone their ways: one list for each firing of the innermost "
        "list, in order, once no more items can come. Without a list around it, it gathers all."
    )
    pure: ClassVar[bool] = True
    examples: ClassVar[list[Example]] = [
        Example(title="All items, in order", input={"item": ["a", "b"]}, output=[("items", ["a", "b"])]),
        Example(title="An empty list", input={"item": []}, output=[("items", [])]),
    ]

    def run(self, input: "Gather.Input", context: Context) -> Iterator[tuple[str, Any]]:
        yield "items", input.item
