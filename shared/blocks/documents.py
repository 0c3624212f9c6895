"""Which blocks read documents, and make and change pictures?"""

import functools
import io
from collections.abc import AsyncIterator, Iterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.file_store import FILE
from shared.domain import errors

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwAD"
    "AgH/eL9GtQAAAABJRU5ErkJggg=="
)
"""One pixel."""


class ReadPdfBlock(Block):
    block_type = "READ_PDF"
    category = "FILES"
    description = "Reads the text of a PDF document, page by page."
    max_attempts = 3
    examples = [Example(title="No PDF", input={"file": "data:,x"}, fails="cannot be read")]

    class Input(BlockInput):
        file: str = Field(description=FILE)
        first_page: int = Field(default=1, ge=1, description="The first page to read, from 1.")
        last_page: int | None = Field(
            default=None, ge=1, description="The last page to read; empty: the last there is."
        )
        password: str = Field(default="", description="Its password, if it is encrypted.")

    class Output(BlockOutput):
        text: str = Field(description="The text, pages apart by an empty line.")
        pages: list[str] = Field(description="The text of each page.")
        page_count: int = Field(description="How many pages were read.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import isolated, threads

        file = await sources.read(input.file, context)
        asked = {"password": input.password, "first": input.first_page, "last": input.last_page}
        pages = await threads.run(functools.partial(isolated.call, "documents.pdf_text", file.content, **asked))
        yield "text", "\n\n".join(page.strip() for page in pages)
        yield "pages", pages
        yield "page_count", len(pages)


class ImageInfoBlock(Block):
    block_type = "IMAGE_INFO"
    category = "MULTIMEDIA"
    description = "Says of what kind and how large an image is."
    max_attempts = 3
    examples = [
        Example(
            title="A pixel",
            input={"image": PNG},
            output=[("format", "png"), ("width", 1), ("height", 1), ("frames", 1)],
        ),
        Example(title="No image", input={"image": "data:,x"}, fails="cannot be read"),
    ]

    class Input(BlockInput):
        image: str = Field(description="The image: its web address, or a data URI.")

    class Output(BlockOutput):
        format: str = Field(description="png, jpeg, webp, gif and so on.")
        width: int = Field(description="Pixels.")
        height: int = Field(description="Pixels.")
        frames: int = Field(description="How many pictures it has.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks.sandbox import isolated, threads

        file = await sources.read(input.image, context)
        found = await threads.run(functools.partial(isolated.call, "pictures.info", file.content))
        for pin in ("format", "width", "height", "frames"):
            yield pin, found[pin]


class Fit(Enum):
    INSIDE = "inside"
    COVER = "cover"
    STRETCH = "stretch"


class ImageFormat(Enum):
    SAME = "same"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class ResizeImageBlock(Block):
    block_type = "RESIZE_IMAGE"
    category = "MULTIMEDIA"
    description = "Gives an image another size or format, and forgets where and with what it was taken."
    max_attempts = 3
    examples = [
        Example(title="A smaller one", input={"image": "https://example.com/a.png", "width": 640}),
        Example(title="No image", input={"image": "data:,x"}, fails="cannot be read"),
    ]

    class Input(BlockInput):
        image: str = Field(description="The image: its web address, or a data URI.")
        width: int | None = Field(default=None, ge=1, le=20_000, description="Pixels; empty: by the height.")
        height: int | None = Field(default=None, ge=1, le=20_000, description="Pixels; empty: by the width.")
        fit: Fit = Field(default=Fit.INSIDE, description="inside: nothing is cut; cover: cut to the ratio; stretch.")
        format: ImageFormat = Field(default=ImageFormat.SAME, description="In which format.")
        quality: int = Field(default=85, ge=1, le=100, description="Of JPEG and WebP.")

    class Output(BlockOutput):
        image: str = Field(description="The image: a data URI.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        from shared.blocks import file_store
        from shared.blocks.sandbox import isolated, threads

        file = await sources.read(input.image, context)
        format = "" if input.format == ImageFormat.SAME else input.format.value
        asked = {"width": input.width, "height": input.height, "fit": input.fit.value, "quality": input.quality}
        made = await threads.run(
            functools.partial(isolated.call, "pictures.resize", file.content, format=format, **asked)
        )
        yield "image", sources.data_uri(made, file_store.media_type(sources.File(content=made)))


class QrCodeBlock(Block):
    block_type = "QR_CODE"
    category = "MULTIMEDIA"
    description = "Makes a QR code of a text, as a picture."
    pure = True
    examples = [
        Example(title="An address", input={"text": "https://example.com/", "scale": 1}),
    ]

    class Format(Enum):
        PNG = "png"
        SVG = "svg"

    class Input(BlockInput):
        text: str = Field(min_length=1, description="The text.")
        scale: int = Field(default=8, ge=1, le=50, description="Pixels of a square.")
        format: "QrCodeBlock.Format" = Field(default="png", validate_default=True, description="Of the picture.")

    class Output(BlockOutput):
        image: str = Field(description="The picture: a data URI.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        import segno

        try:
            code = segno.make_qr(input.text, error="m", boost_error=False)
        except segno.DataOverflowError as error:
            raise errors.BlockError(
                "The text is too long for a QR code: give less", reason="LIMIT_EXCEEDED"
            ) from error
        made = io.BytesIO()
        code.save(made, kind=input.format.value, scale=input.scale)
        yield (
            "image",
            sources.data_uri(made.getvalue(), "image/svg+xml" if input.format.value == "svg" else "image/png"),
        )
