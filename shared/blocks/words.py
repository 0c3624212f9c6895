"""Which blocks shorten, clean and rename texts?"""

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example


class SlugifyBlock(Block):
    block_type = "SLUGIFY"
    category = "TEXT"
    description = "Makes a text fit for addresses and file names."
    pure = True
    examples = [
        Example(
            title="A title",
            input={"text": "Crème brûlée — à la carte!"},
            output=[("slug", "creme-brulee-a-la-carte")],
        ),
        Example(
            title="Shorter",
            input={"text": "one two three", "separator": "_", "max_length": 9},
            output=[("slug", "one_two")],
        ),
        Example(title="Other scripts stay", input={"text": "Привет, 世界"}, output=[("slug", "привет-世界")]),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        separator: str = Field(default="-", max_length=5, description="Stands between words.")
        max_length: int = Field(default=0, ge=0, description="Characters at most, whole words; 0: no limit.")

    class Output(BlockOutput):
        slug: str = Field(description="Small letters and digits of any script, and separators.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        plain = unicodedata.normalize("NFKD", input.text[:100_000]).casefold()
        words = re.findall(r"[^\W_]+", "".join(one for one in plain if not unicodedata.combining(one)))
        slug = ""
        for word in words:
            longer = f"{slug}{input.separator}{word}" if slug else word
            if input.max_length and len(longer) > input.max_length:
                break
            slug = longer
        yield "slug", slug or "".join(words[:1])[: input.max_length or None]


class TruncateTextBlock(Block):
    block_type = "TRUNCATE_TEXT"
    category = "TEXT"
    description = "Shortens a text to so many characters or words, and says whether it did."
    pure = True
    examples = [
        Example(
            title="To characters, whole words",
            input={"text": "one two three", "length": 9},
            output=[("text", "one two…"), ("truncated", True)],
        ),
        Example(
            title="To words",
            input={"text": "one two three", "length": 2, "unit": "words", "ending": ""},
            output=[("text", "one two"), ("truncated", True)],
        ),
        Example(
            title="Short enough", input={"text": "one", "length": 3}, output=[("text", "one"), ("truncated", False)]
        ),
    ]

    class Unit(Enum):
        CHARACTERS = "characters"
        WORDS = "words"

    class Input(BlockInput):
        text: str = Field(description="The text.")
        length: int = Field(default=100, ge=1, description="How long at most, the ending included.")
        unit: "TruncateTextBlock.Unit" = Field(default="characters", validate_default=True, description="Of what.")
        whole_words: bool = Field(default=True, description="Whether words stay whole, if one fits.")
        ending: str = Field(default="…", max_length=100, description="Shows that something is missing.")

    class Output(BlockOutput):
        text: str = Field(description="The text, or its beginning.")
        truncated: bool = Field(description="Whether something is missing.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        text = input.text
        if input.unit.value == "words":
            words = list(re.finditer(r"\S+", text))
            short = text if len(words) <= input.length else text[: words[input.length - 1].end()] + input.ending
        elif len(text) <= input.length:
            short = text
        else:
            kept = text[: max(0, input.length - len(input.ending))]
            within = not (text[len(kept)].isspace() or kept[-1:].isspace())
            if input.whole_words and within and (space := kept.rstrip().rfind(" ")) > 0:
                kept = kept[:space]
            short = (kept.rstrip() + input.ending)[: input.length]
        yield "text", short
        yield "truncated", short != text


class Case(Enum):
    UPPER = "upper"
    LOWER = "lower"
    TITLE = "title"
    SENTENCE = "sentence"
    CAMEL = "camel"
    PASCAL = "pascal"
    SNAKE = "snake"
    KEBAB = "kebab"
    CONSTANT = "constant"


class ChangeCaseBlock(Block):
    block_type = "CHANGE_CASE"
    category = "TEXT"
    description = "Writes a text in another letter case, or as a name in a program: camelCase, snake_case and so on."
    pure = True
    examples = [
        Example(
            title="A name in a program",
            input={"text": "HTTPServer port", "case": "snake"},
            output=[("text", "http_server_port")],
        ),
        Example(title="Another", input={"text": "user-id 7", "case": "camel"}, output=[("text", "userId7")]),
        Example(
            title="A sentence", input={"text": "HELLO WORLD", "case": "sentence"}, output=[("text", "Hello world")]
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        case: Case = Field(description="How it is written.")

    class Output(BlockOutput):
        text: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+|[^\W\d_]+", input.text)
        lower = [word.lower() for word in words]
        match input.case:
            case Case.UPPER:
                made = input.text.upper()
            case Case.LOWER:
                made = input.text.lower()
            case Case.TITLE:
                made = re.sub(r"[^\W\d_]+('[^\W\d_]+)?", lambda found: found[0].capitalize(), input.text)
            case Case.SENTENCE:
                made = input.text.capitalize()
            case Case.CAMEL:
                made = "".join(lower[:1] + [word.capitalize() for word in lower[1:]])
            case Case.PASCAL:
                made = "".join(word.capitalize() for word in lower)
            case Case.SNAKE:
                made = "_".join(lower)
            case Case.KEBAB:
                made = "-".join(lower)
            case Case.CONSTANT:
                made = "_".join(lower).upper()
        yield "text", made


class CleanTextBlock(Block):
    block_type = "CLEAN_TEXT"
    category = "TEXT"
    description = "Removes what is not meant to be read: spaces, control characters, empty lines, marks on letters."
    pure = True
    examples = [
        Example(title="Spaces", input={"text": "  a \t b\r\n\n\n\nc\u200b "}, output=[("text", "a b\n\nc")]),
        Example(
            title="Marks on letters",
            input={"text": "Crème Ångström", "remove_accents": True},
            output=[("text", "Creme Angstrom")],
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text.")
        squeeze_spaces: bool = Field(default=True, description="Whether spaces and empty lines in a row become one.")
        remove_control: bool = Field(default=True, description="Whether control and invisible characters go.")
        remove_accents: bool = Field(default=False, description="Whether é becomes e.")
        one_line: bool = Field(default=False, description="Whether line ends become spaces.")

    class Output(BlockOutput):
        text: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        text = unicodedata.normalize("NFC", input.text.replace("\r\n", "\n").replace("\r", "\n"))
        if input.remove_accents:
            split = unicodedata.normalize("NFD", text)
            text = "".join(one for one in split if unicodedata.category(one) != "Mn")
        if input.remove_control:
            text = "".join(
                one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf", "Co")
            )
        if input.one_line:
            text = " ".join(text.split())
        if input.squeeze_spaces:
            lines = [" ".join(line.split()) for line in text.split("\n")]
            text = "\n".join(line for i, line in enumerate(lines) if line or (i and lines[i - 1])).strip()
        yield "text", text
