"""Which block reads a page of the web?"""

import functools
from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.domain import errors


class WebPageContentBlock(Block):
    block_type = "WEB_PAGE_CONTENT"
    category = "WEB"
    description = (
        "Reads a page of the web as Markdown, without menus and scripts. What a script would write is not seen."
    )
    max_attempts = 3
    examples = [Example(title="A page", input={"url": "https://example.com/"})]

    class Input(BlockInput):
        url: str = Field(description="The address; without a scheme, https://.")
        main_only: bool = Field(default=True, description="Whether menus, headers and footers are left out.")
        max_characters: int = Field(default=100_000, ge=1, description="Of the text, at most.")

    class Output(BlockOutput):
        markdown: str = Field(description="The content, as Markdown.")
        text: str = Field(description="The content, as plain text.")
        title: str = Field(description="The title.")
        description: str = Field(description="What the page says of itself.")
        links: list[str] = Field(description="Where its links lead, each once.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import isolated, threads

        url = input.url.strip() if "://" in input.url else f"https://{input.url.strip()}"
        answer = await context.http.request("GET", url, headers={"Accept": "text/html,*/*;q=0.5"})
        if answer.status_code >= 500 or answer.status_code == 429:
            raise errors.Retryable(f"{url[:200]} answered {answer.status_code}", reason="HTTP_STATUS")
        if answer.status_code >= 400:
            raise errors.BlockError(
                f"{url[:200]} answered {answer.status_code}: check the address", reason="HTTP_STATUS"
            )
        content = answer.text.encode("utf-8", "replace")
        asked = {"base_url": str(answer.url), "main_only": input.main_only}
        found = await threads.run(functools.partial(isolated.call, "pages.to_markdown", content, **asked))
        for pin in ("markdown", "text"):
            yield pin, found[pin][: input.max_characters]
        for pin in ("title", "description", "links"):
            yield pin, found[pin]
