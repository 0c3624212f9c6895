"""Does every block do what its examples say, and declare what it does?"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.blocks import catalog, categories, runner
from shared.blocks.block import Block, Example

BLOCKS = catalog.all()
HERE = Path(__file__)
TESTS = "".join(path.read_text(encoding="utf-8") for path in HERE.parents[2].rglob("*.py") if path != HERE)
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
    assert block.category in categories.CATEGORIES
    assert block.description.endswith(".")
    assert len(block.description) <= 200
    assert block.examples
    fields = {**block.Input.model_fields, **block.Output.model_fields}
    assert [name for name, field in fields.items() if not field.description] == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.block_type)
def test_an_example_is_one_that_the_block_would_get(block: Block) -> None:
    titles = [example.title for example in block.examples]
    assert len(set(titles)) == len(titles)
    for example in block.examples:
        assert len(json.dumps(example.input)) <= 2_000
        assert not (example.output and example.fails)
        if not block.open_pins:
            assert {pin for pin, _ in example.output or []} <= set(block.Output.model_fields)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.block_type)
def test_what_examples_cannot_show_has_a_test_elsewhere(block: Block) -> None:
    """Each block has an example whose outputs are compared, or is named in another test."""
    shown = any(example.output is not None for example in block.examples)
    assert shown or f'"{block.block_type}"' in TESTS, f"test {block.block_type}: no example says what it gives"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.block_type)
def test_pins_that_emit_many_are_outputs(block: Block) -> None:
    assert block.emits_many <= set(block.Output.model_fields)
    assert block.many_pins({}) <= block.emits_many


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.pure], ids=lambda block: block.block_type)
async def test_a_pure_block_gives_the_same_twice_and_asks_nobody(block: Block, context: Any) -> None:
    """The context of these tests fails whoever takes time, randomness, memory or credentials, or reaches out."""
    assert not block.credentials
    assert not block.suspends
    for example in block.examples:
        given = catalog.read_input(block, example.input)
        first, second = [await runner.collect(block, given, context(pure=True)) for _ in range(2)]
        assert first.failure is None or example.fails
        assert first.tokens == second.tokens
