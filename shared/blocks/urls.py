"""Which blocks take addresses apart and put them together?"""

from collections.abc import Iterator
from typing import Any
from urllib import parse

from pydantic import Field

from shared.blocks import rules
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class ParseUrlBlock(Block):
    block_type = "PARSE_URL"
    category = "WEB"
    description = "Takes an address apart: scheme, host, path, parameters."
    pure = True
    examples = [
        Example(
            title="An address",
            input={"url": "https://Example.com:8443/a%20b?x=1&x=2&y=#top"},
            output=[
                (
                    "parts",
                    {"scheme": "https", "host": "example.com", "port": 8443, "path": "/a b", "fragment": "top"},
                ),
                ("query", {"x": ["1", "2"], "y": ""}),
                ("host", "example.com"),
            ],
        ),
        Example(title="No address", input={"url": "http://[x"}, fails="is not an address"),
    ]

    class Input(BlockInput):
        url: str = Field(description="The address.")

    class Output(BlockOutput):
        parts: dict[str, Any] = Field(description="scheme, host, port, path, fragment.")
        query: dict[str, Any] = Field(description="The parameters: a text, or a list where one comes again.")
        host: str = Field(description="The host.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        try:
            parts = parse.urlsplit(input.url.strip())
            found = parse.parse_qs(parts.query, keep_blank_values=True, max_num_fields=10_000)
            port = parts.port
        except ValueError as error:
            raise errors.BlockError(f"{input.url[:200]!r} is not an address: {error}") from error
        host = parts.hostname or ""
        yield (
            "parts",
            {
                "scheme": parts.scheme,
                "host": host,
                "port": port,
                "path": parse.unquote(parts.path),
                "fragment": parts.fragment,
            },
        )
        yield "query", {key: values if len(values) > 1 else values[0] for key, values in found.items()}
        yield "host", host


class BuildUrlBlock(Block):
    block_type = "BUILD_URL"
    category = "WEB"
    description = (
        "Puts an address together of a base, parts of its path and parameters, each written as it has to be."
    )
    pure = True
    examples = [
        Example(
            title="Parts and parameters",
            input={
                "base": "https://example.com/api/",
                "path": ["users", "a/b"],
                "query": {"q": "x y", "n": [1, 2], "none": None},
            },
            output=[("url", "https://example.com/api/users/a%2Fb?q=x+y&n=1&n=2")],
        ),
    ]

    class Input(BlockInput):
        base: str = Field(description="What it begins with.")
        path: list[str] = Field(default_factory=list[str], description="Parts of the path.")
        query: dict[str, Any] = Field(default_factory=dict[str, Any], description="Parameters; null: left out.")
        fragment: str = Field(default="", description="What stands behind #.")

    class Output(BlockOutput):
        url: str = Field(description="The address.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        base, _, given = input.base.strip().partition("?")
        url = "/".join(
            [base.rstrip("/") if input.path else base, *(parse.quote(part, safe="") for part in input.path)]
        )
        entries: list[tuple[str, str]] = []
        for key, value in input.query.items():
            some: list[Any] = value if isinstance(value, list) else [value]
            entries += [(key, rules.as_text(one)) for one in some if one is not None]
        query = "&".join(part for part in (given, parse.urlencode(entries)) if part)
        yield (
            "url",
            url + (f"?{query}" if query else "") + (f"#{parse.quote(input.fragment)}" if input.fragment else ""),
        )
