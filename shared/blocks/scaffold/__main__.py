"""Write the files of a new block: ``python -m shared.blocks.scaffold SHOUT_TEXT --category TEXT``.

A module with one block that works, with an example, and a test beside the other tests of blocks; neither may be
there already. docs/adding-a-block.md says how to go on.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.blocks import catalog
from shared.blocks.categories import CATEGORIES

ROOT = Path(__file__).parents[3]
NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

MODULE = '''"""Which blocks …?"""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class {cls}Block(Block):
    block_type = "{name}"
    category = "{category}"
    description = "Says what it does, in a sentence."
    pure = True
    examples = [
        Example(title="A text", input={{"text": "a"}}, output=[("result", "A")]),
        Example(title="No text", input={{"text": " "}}, fails="is empty"),
    ]

    class Input(BlockInput):
        text: str = Field(description="What it takes.")

    class Output(BlockOutput):
        result: str = Field(description="What it gives.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if not input.text.strip():
            raise errors.BlockError("The text is empty: give one")
        yield "result", input.text.upper()
'''

TEST = '''"""Does {name} do what its examples do not show?"""

from typing import Any

from shared.blocks import catalog, runner


async def test_spaces_stay(context: Any) -> None:
    block = catalog.get("{name}")
    outcome = await runner.collect(block, catalog.read_input(block, {{"text": " a "}}), context())
    assert outcome.tokens == [("result", " A ")]
'''


def write(name: str, category: str, root: Path = ROOT) -> list[Path]:
    """The files of a block of this type. ValueError says what is wrong with the name, or is there already."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a block: write it like SHOUT_TEXT")
    if catalog.find(name):
        raise ValueError(f"There is a block {name} already: choose another name, or change that one")
    words = {"name": name, "category": category, "cls": "".join(word.capitalize() for word in name.split("_"))}
    texts = {
        root / "shared" / "blocks" / f"{name.lower()}.py": MODULE.format(**words),
        root / "tests" / "unit" / "blocks" / f"test_{name.lower()}.py": TEST.format(**words),
    }
    for path in texts:
        if path.exists():
            raise ValueError(f"{path.relative_to(root)} is there already: choose another name")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.blocks.scaffold", description=__doc__)
    parser.add_argument("name", help="its type, like SHOUT_TEXT")
    parser.add_argument("--category", default="TEXT", choices=sorted(CATEGORIES), help="where it stands (TEXT)")
    asked = parser.parse_args(arguments)
    try:
        paths = write(asked.name, asked.category)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in paths:
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    sys.stdout.write("next: docs/adding-a-block.md\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
