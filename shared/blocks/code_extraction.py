"""Which block takes code out of a text?"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example

LANGUAGES = {
    "html": ("html", "htm"),
    "css": ("css",),
    "javascript": ("javascript", "js"),
    "python": ("python", "py"),
    "sql": ("sql",),
    "java": ("java",),
    "cpp": ("cpp", "c++"),
    "csharp": ("csharp", "c#", "cs"),
    "json_code": ("json",),
    "bash": ("bash", "sh", "shell"),
    "php": ("php",),
    "ruby": ("ruby", "rb"),
    "yaml": ("yaml", "yml"),
    "markdown": ("markdown", "md"),
    "typescript": ("typescript", "ts"),
    "xml": ("xml",),
}
"""Output pin -> what a fence may say."""

_PINS = {name: pin for pin, names in LANGUAGES.items() for name in names}
_FENCE = re.compile(r"```[ \t]*+([\w+#-]*+)[^\n`]*+\n(.*?)```", re.DOTALL)
"""What it has read it does not give back: a fence that is none takes time linear in the text."""


class CodeExtractionBlock(Block):
    block_type = "CODE_EXTRACTION"
    category = "TEXT"
    description = "Takes the code between fences out of a text, by its language."
    pure = True
    examples = [
        Example(
            title="Code of one language is put together",
            input={"text": "First:\n```py\na = 1\n```\nthen\n```python\nb = 2\n```"},
            output=[("python", "a = 1\n\nb = 2"), ("remaining_text", "First:\n\nthen")],
        ),
        Example(
            title="Another language stays in the text",
            input={"text": "```rust\nfn\n```"},
            output=[("remaining_text", "```rust\nfn\n```")],
        ),
    ]

    class Input(BlockInput):
        text: str = Field(description="The text, such as a model writes it.")

    class Output(BlockOutput):
        html: str = Field(description="The HTML.")
        css: str = Field(description="The CSS.")
        javascript: str = Field(description="The JavaScript.")
        python: str = Field(description="The Python.")
        sql: str = Field(description="The SQL.")
        java: str = Field(description="The Java.")
        cpp: str = Field(description="The C++.")
        csharp: str = Field(description="The C#.")
        json_code: str = Field(description="The JSON.")
        bash: str = Field(description="The shell commands.")
        php: str = Field(description="The PHP.")
        ruby: str = Field(description="The Ruby.")
        yaml: str = Field(description="The YAML.")
        markdown: str = Field(description="The Markdown.")
        typescript: str = Field(description="The TypeScript.")
        xml: str = Field(description="The XML.")
        remaining_text: str = Field(description="The text without the code.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        found: dict[str, list[str]] = {}
        for match in _FENCE.finditer(input.text):
            if pin := _PINS.get(match[1].lower()):
                found.setdefault(pin, []).append(match[2].strip())
        for pin in LANGUAGES:
            if pin in found:
                yield pin, "\n\n".join(found[pin])
        rest = _FENCE.sub(lambda match: "" if match[1].lower() in _PINS else match[0], input.text)
        yield "remaining_text", rest.strip()
