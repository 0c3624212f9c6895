"""ScreenshotOne: pictures of web pages.

https://screenshotone.com/docs/getting-started/ and …/docs/options/: a POST with the options as JSON.
"""

import base64
from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

SCREENSHOT_ONE = api.Service(
    name="ScreenshotOne",
    url="https://api.screenshotone.com",
    need=Need(
        provider="screenshotone",
        kinds=(Kind.API_KEY,),
        hosts=("api.screenshotone.com",),
        where="https://dash.screenshotone.com/access",
    ),
    authorize=api.header("X-Access-Key"),
)


class Format(Enum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class ScreenshotWebPageBlock(Block):
    block_type = "SCREENSHOT_WEB_PAGE"
    category = "DATA"
    description = "Takes a picture of a web page, through ScreenshotOne."
    max_attempts = 3
    cost = "One screenshot of ScreenshotOne."
    credentials = SCREENSHOT_ONE.needed()
    examples = [
        Example(title="A whole page", input={"url": "https://example.com/", "full_page": True}),
        api.without_credentials({"url": "https://example.com/"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("ScreenshotOne")
        url: str = Field(description="The address of the page.")
        viewport_width: int = Field(default=1920, description="The width of the window in pixels.")
        viewport_height: int = Field(default=1080, description="Its height.")
        full_page: bool = Field(default=False, description="Whether all of the page, down to its end.")
        format: Format = Field(default=Format.PNG, description="The format of the picture.")
        block_ads: bool = Field(default=True, description="Whether advertisements are left out.")
        block_cookie_banners: bool = Field(default=True, description="Whether banners about cookies are left out.")
        block_chats: bool = Field(default=True, description="Whether chat windows are left out.")
        cache: bool = Field(default=False, description="Whether a picture taken before will do.")

    class Output(BlockOutput):
        image: str = Field(description="The picture, as a data URI.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        service = await SCREENSHOT_ONE.open(context, input.credentials)
        options = input.model_dump(mode="json", exclude={"credentials"})
        answer = await service.request("POST", "/take", json=options)
        yield "image", f"data:image/{input.format.value};base64,{base64.b64encode(answer.content).decode()}"
