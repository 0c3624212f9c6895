"""A block that fails when a test says so, and counts its calls."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import Block, BlockInput, BlockOutput, Context
from shared.domain import errors


class Moody(Block):
    """Gives back its input, unless that is among what it ``refuses`` today. ``calls``: by node."""

    class Input(BlockInput):
        value: Any = None

    class Output(BlockOutput):
        output: Any = None

    block_type = "MOODY"
    category = "TEST"
    description = "Fails on some days."

    def __init__(self) -> None:
        self.refuses: list[Any] = []
        self.calls: Counter[str] = Counter()

    def run(self, input: Any, context: Context) -> Iterator[tuple[str, Any]]:
        self.calls[context.node_id] += 1
        if input.value in self.refuses:
            raise errors.BlockError("Not today.")
        yield "output", input.value


@pytest.fixture
def moody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moody]:
    block = Moody()
    everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
    monkeypatch.setattr(catalog, "_registry", lambda: everything)
    catalog.specs.cache_clear()
    yield block
    catalog.specs.cache_clear()


def node(id_: str, **input_data: Any) -> dict[str, Any]:
    return {"id": id_, "block_type": "MOODY", "input_data": input_data}
