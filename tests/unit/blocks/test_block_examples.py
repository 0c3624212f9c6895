"""Does every block do what its examples say, and declare what it does?"""

import re
from typing import Any

import pytest

from shared.blocks import catalog, runner
from shared.blocks.block import Block, Example

BLOCKS = catalog.all()
CASES = [
    (block, example) for block in BLOCKS for example in block.examples if example.output is not None or example.fails
]


@pytest.mark.parametrize(("block", "example"), CASES, ids=[f"{b.block_type}: {e.title}" for b, e in CASES])
async def test_a_block_does_what_its_example_says(block: Block, example: Example, context: Any) -> None:
    outcome = await runner.collect(block, catalog.read_input(block, example.input), context())
    if example.fails is None:
        assert outcome.failure is None
        assert outcome.tokens == example.output
    else:
        assert outcome.failure is not None
        assert example.fails in outcome.failure.message
        assert outcome.failure.reason not in ("BLOCK_CRASHED", "BLOCK_CONTRACT")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.block_type)
def test_a_block_is_described(block: Block) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", block.block_type)
    assert block.category.isupper()
    assert block.description.endswith(".")
    assert block.examples
    fields = {**block.Input.model_fields, **block.Output.model_fields}
    assert [name for name, field in fields.items() if not field.description] == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.block_type)
def test_pins_that_emit_many_are_outputs(block: Block) -> None:
    assert block.emits_many <= set(block.Output.model_fields)
    assert block.many_pins({}) <= block.emits_many


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.pure], ids=lambda block: block.block_type)
async def test_a_pure_block_gives_the_same_twice(block: Block, context: Any) -> None:
    for example in block.examples:
        first = await runner.collect(block, catalog.read_input(block, example.input), context())
        second = await runner.collect(block, catalog.read_input(block, example.input), context())
        assert first.tokens == second.tokens
