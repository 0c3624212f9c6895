"""What a block is charged by outside services is what its node execution cost, failed attempts and waits included."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Delay, Suspended
from shared.domain import errors
from tests.engine.stage import Stage


class Dear(Block):
    """Is charged a quarter at each call: fails at first, then waits, then gives."""

    class Input(BlockInput):
        pass

    class Output(BlockOutput):
        output: str = ""

    block_type = "DEAR"
    category = "TEST"
    description = "Costs."
    suspends = True
    max_attempts = 2

    def run(self, input: Any, context: Context) -> Iterator[tuple[str, Any]]:
        context.charge(0.25)
        if context.attempt == 1:
            raise errors.Retryable("Not yet.")
        if context.resumption is None:
            raise Suspended(Delay(seconds=5))
        yield "output", "done"


@pytest.fixture
def dear(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    block = Dear()
    everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
    monkeypatch.setattr(catalog, "_registry", lambda: everything)
    catalog.specs.cache_clear()
    yield
    catalog.specs.cache_clear()


@pytest.mark.usefixtures("dear")
async def test_every_call_counts_those_that_failed_and_those_that_waited_too(stage: Stage) -> None:
    version = await stage.graph([{"id": "dear", "block_type": "DEAR"}], [])
    execution = await stage.start(version)
    await stage.run(duplicate=0.3)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["cost"]) == ("COMPLETED", 0.75)
    assert [node.cost for node in await stage.nodes(execution)] == [0.75]
