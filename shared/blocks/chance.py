"""Which blocks leave something to chance? And where does it come from: ``context.random_bytes``, or a seed."""

import random  # noqa: TID251 - always seeded here, by what the context supplies or the user gives
import string
import uuid
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import rules
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors

Items = list[Any]
SEED = "The same seed gives the same again; without one, another each time."


def generator(context: Context, seed: int | None = None) -> random.Random:
    return random.Random(context.random_bytes(32) if seed is None else seed)  # noqa: S311 - not for secrets


class RandomNumberBlock(Block):
    block_type = "RANDOM_NUMBER"
    category = "NUMBERS"
    description = "Draws a number between two others, whole or not."
    examples = [
        Example(title="A die, by a seed", input={"min": 1, "max": 6, "seed": 7}, output=[("number", 3)]),
        Example(title="Bounds the wrong way round", input={"min": 2, "max": 1}, fails="above"),
    ]

    class Input(BlockInput):
        min: float = Field(default=0, description="The least.")
        max: float = Field(default=100, description="The greatest.")
        whole: bool = Field(default=True, description="Whether it is a whole number.")
        seed: int | None = Field(default=None, description=SEED)

    class Output(BlockOutput):
        number: float = Field(description="The number.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if not input.min <= input.max < float("inf") or input.min == -float("inf"):
            raise errors.BlockError(f"The least, {input.min}, is above the greatest, {input.max}: turn them round")
        drawn = generator(context, input.seed)
        yield (
            "number",
            drawn.randint(round(input.min), round(input.max)) if input.whole else drawn.uniform(input.min, input.max),
        )


class RandomChoiceBlock(Block):
    block_type = "RANDOM_CHOICE"
    category = "LISTS"
    description = "Draws elements of a list, each at most once, or with their weights."
    examples = [
        Example(
            title="One, by a seed",
            input={"list": ["a", "b", "c"], "seed": 1},
            output=[("chosen", ["a"]), ("first", "a")],
        ),
        Example(title="Of nothing", input={"list": []}, fails="no elements"),
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        count: int = Field(default=1, ge=1, le=100_000, description="How many; of fewer, all in a random order.")
        weight_field: str = Field(default="", description="The field with the weight of an element; it may repeat.")
        seed: int | None = Field(default=None, description=SEED)

    class Output(BlockOutput):
        chosen: Items = Field(description="The elements drawn.")
        first: Any = Field(description="The first of them.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        if not input.list:
            raise errors.BlockError("The list has no elements to choose of")
        drawn = generator(context, input.seed)
        if input.weight_field:
            chosen = drawn.choices(input.list, weights(input.list, input.weight_field), k=input.count)
        else:
            chosen = drawn.sample(input.list, min(input.count, len(input.list)))
        yield "chosen", chosen
        yield "first", chosen[0]


def weights(items: Items, field: str) -> list[float]:
    """The weights of elements. BlockError where one has none, or all are 0."""
    found = [rules.as_number(rules.at(one, field)) for one in items]
    for position, one in enumerate(found):
        if one is None or not 0 <= one < float("inf"):
            raise errors.BlockError(f"Element {position} has no weight {field!r}: give a number from 0")
    if sum(one or 0.0 for one in found) == float("inf"):
        raise errors.BlockError(f"The weights {field!r} are too large together: give smaller ones")
    if not any(found):
        raise errors.BlockError(f"All weights {field!r} are 0: give one above")
    return [one or 0.0 for one in found]


class ShuffleListBlock(Block):
    block_type = "SHUFFLE_LIST"
    category = "LISTS"
    description = "Puts the elements of a list in a random order."
    examples = [
        Example(title="By a seed", input={"list": [1, 2, 3], "seed": 6}, output=[("shuffled_list", [3, 1, 2])])
    ]

    class Input(BlockInput):
        list: Items = Field(description="The list.")
        seed: int | None = Field(default=None, description=SEED)

    class Output(BlockOutput):
        shuffled_list: Items = Field(description="Its elements in another order.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        yield "shuffled_list", generator(context, input.seed).sample(input.list, len(input.list))


class GenerateUuidBlock(Block):
    block_type = "GENERATE_UUID"
    category = "SECURITY"
    description = "Makes ids that are nowhere else, or always the same for a name (UUID)."
    examples = [
        Example(title="A new one", input={}, output=[("uuid", "07070707-0707-4707-8707-070707070707")]),
        Example(
            title="Of a name",
            input={"name": "https://example.com/"},
            output=[("uuid", "dd2c1780-811a-5296-81c5-178a0ef488bc")],
        ),
    ]

    class Input(BlockInput):
        name: str = Field(default="", description="The same name gives the same id (version 5); empty: a new one.")
        trigger: Any = Field(default=None, description="Any value: when it comes, the block fires.")

    class Output(BlockOutput):
        uuid: str = Field(description="The id.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        made = uuid.uuid5(uuid.NAMESPACE_URL, input.name) if input.name else None
        yield "uuid", str(made or uuid.UUID(bytes=context.random_bytes(16), version=4))


class Alphabet(Enum):
    LETTERS_AND_DIGITS = "letters_and_digits"
    WITH_SYMBOLS = "with_symbols"
    LETTERS = "letters"
    DIGITS = "digits"
    HEX = "hex"


ALPHABETS = {
    Alphabet.LETTERS_AND_DIGITS: string.ascii_letters + string.digits,
    Alphabet.WITH_SYMBOLS: string.ascii_letters + string.digits + "!#$%&*+-=?@^_~",
    Alphabet.LETTERS: string.ascii_letters,
    Alphabet.DIGITS: string.digits,
    Alphabet.HEX: "0123456789abcdef",
}


class RandomTextBlock(Block):
    block_type = "RANDOM_TEXT"
    category = "SECURITY"
    description = "Makes a text that nobody can guess: a password, a code, a token."
    examples = [Example(title="A code", input={"length": 6, "alphabet": "digits"}, output=[("text", "777777")])]

    class Input(BlockInput):
        length: int = Field(default=24, ge=1, le=10_000, description="Characters.")
        alphabet: Alphabet = Field(default=Alphabet.LETTERS_AND_DIGITS, description="Of which characters.")
        trigger: Any = Field(default=None, description="Any value: when it comes, the block fires.")

    class Output(BlockOutput):
        text: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        alphabet = ALPHABETS[input.alphabet]
        usable = 256 - 256 % len(alphabet)  # so that no character is likelier than another
        text = ""
        while len(text) < input.length:
            text += "".join(alphabet[one % len(alphabet)] for one in context.random_bytes(256) if one < usable)
        yield "text", text[: input.length]
