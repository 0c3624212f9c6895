"""Which blocks encode and decode texts?"""

import base64
import binascii
import html
from collections.abc import Iterator
from enum import Enum
from typing import Any
from urllib import parse

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class Encoding(Enum):
    BASE64 = "base64"
    BASE64URL = "base64url"
    HEX = "hex"
    URL = "url"
    HTML = "html"


class EncodeTextBlock(Block):
    block_type = "ENCODE_TEXT"
    category = "FORMATS"
    description = "Writes a text in base64, hex, or as it goes into an address or a page."
    pure = True
    examples = [
        Example(title="Base64", input={"text": "é?"}, output=[("encoded", "w6k/")]),
        Example(
            title="For an address", input={"text": "a b&ü", "encoding": "url"}, output=[("encoded", "a%20b%26%C3%BC")]
        ),
        Example(title="For a page", input={"text": "<b>", "encoding": "html"}, output=[("encoded", "&lt;b&gt;")]),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text; its bytes are UTF-8.")
        encoding: Encoding = Field(default=Encoding.BASE64, description="How.")

    class Output(BlockOutput):
        encoded: str = Field(description="The encoded text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        content = input.text.encode("utf-8", "replace")
        match input.encoding:
            case Encoding.BASE64:
                yield "encoded", base64.b64encode(content).decode()
            case Encoding.BASE64URL:
                yield "encoded", base64.urlsafe_b64encode(content).rstrip(b"=").decode()
            case Encoding.HEX:
                yield "encoded", content.hex()
            case Encoding.URL:
                yield "encoded", parse.quote(content, safe="")
            case Encoding.HTML:
                yield "encoded", html.escape(input.text)


class DecodeTextBlock(Block):
    block_type = "DECODE_TEXT"
    category = "FORMATS"
    description = "Reads a text in base64, hex, or as it stands in an address or a page."
    pure = True
    examples = [
        Example(
            title="Base64, also without its end",
            input={"text": "w6k_", "encoding": "base64url"},
            output=[("decoded", "é?")],
        ),
        Example(title="Of an address", input={"text": "a%20b%26", "encoding": "url"}, output=[("decoded", "a b&")]),
        Example(title="No hex", input={"text": "xy", "encoding": "hex"}, fails="is not hex"),
    ]

    class Input(BlockInput):
        text: str = Field(description="The encoded text.")
        encoding: Encoding = Field(default=Encoding.BASE64, description="How it is encoded.")

    class Output(BlockOutput):
        decoded: str = Field(description="The text.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        text = input.text.strip()
        try:
            match input.encoding:
                case Encoding.BASE64 | Encoding.BASE64URL:
                    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
                    yield "decoded", base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
                case Encoding.HEX:
                    yield "decoded", bytes.fromhex(text).decode()
                case Encoding.URL:
                    yield "decoded", parse.unquote(text, errors="strict")
                case Encoding.HTML:
                    yield "decoded", html.unescape(input.text)
        except (binascii.Error, ValueError) as error:
            message = f"The text is not {input.encoding.value}, or not of a text in UTF-8: {error}"
            raise errors.BlockError(message, reason="TEXT_INVALID") from error
