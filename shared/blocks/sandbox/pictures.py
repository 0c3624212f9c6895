"""What is in an image, and how does it look smaller? Called through ``isolated``."""

import io
import warnings
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from shared.domain import errors

MAX_PIXELS = 50_000_000
FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF"}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


def info(content: bytes) -> dict[str, Any]:
    """``{format, width, height, mode, frames}``. BlockError, reason ``FILE_UNREADABLE``, ``LIMIT_EXCEEDED``."""
    image = _opened(content)
    return {
        "format": (image.format or "").lower(),
        "width": image.width,
        "height": image.height,
        "mode": image.mode,
        "frames": int(getattr(image, "n_frames", 1)),
    }


def resize(content: bytes, *, width: int | None, height: int | None, fit: str, format: str, quality: int) -> bytes:
    """The first frame of the image in another size and format, upright, without what it says of its maker and place.
    ``fit``: inside keeps the ratio, cover cuts to the ratio, stretch takes the size as it is."""
    image = _opened(content)
    target = FORMATS.get(format or (image.format or "").lower(), "PNG")
    try:
        image = ImageOps.exif_transpose(image)
        if image.mode not in ("RGB", "RGBA", "L"):
            image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
        image = _sized(image, width, height, fit)
        if target == "JPEG" and image.mode == "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        made = io.BytesIO()
        image.save(made, target, quality=quality)
    except (OSError, ValueError, SyntaxError) as error:
        raise _unreadable(str(error)) from error
    return made.getvalue()


def _sized(image: Image.Image, width: int | None, height: int | None, fit: str) -> Image.Image:
    if width is None and height is None:
        return image
    box = (
        width or round(image.width * (height or 1) / image.height) or 1,
        height or round(image.height * (width or 1) / image.width) or 1,
    )
    if box[0] * box[1] > MAX_PIXELS:
        raise errors.BlockError(f"An image has at most {MAX_PIXELS:,} pixels", reason="LIMIT_EXCEEDED")
    match fit:
        case "cover":
            return ImageOps.fit(image, box)
        case "stretch":
            return image.resize(box)
        case _:
            return ImageOps.contain(image, box)


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise errors.BlockError(
            f"The image has more than {MAX_PIXELS:,} pixels: give a smaller one", reason="LIMIT_EXCEEDED"
        ) from error
    except UnidentifiedImageError as error:
        raise _unreadable("it is damaged, or no image such as PNG, JPEG, WebP or GIF") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(what: str) -> errors.BlockError:
    return errors.BlockError(f"The image cannot be read: {what[:200]}", reason="FILE_UNREADABLE")
