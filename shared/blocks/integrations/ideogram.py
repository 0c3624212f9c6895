"""Ideogram: pictures with readable writing.

https://developer.ideogram.ai/api-reference/api-reference/generate-v3 for V_3, …/generate (legacy) for the models
before it, …/upscale. A picture takes some ten to thirty seconds.
"""

import json
from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks import sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api

IDEOGRAM = api.Service(
    name="Ideogram",
    url="https://api.ideogram.ai",
    need=Need(
        provider="ideogram",
        kinds=(Kind.API_KEY,),
        hosts=("api.ideogram.ai",),
        where="https://ideogram.ai/manage-api",
    ),
    authorize=api.header("Api-Key"),
)


class IdeogramModelName(Enum):
    V3 = "V_3"
    V2 = "V_2"
    V1 = "V_1"
    V1_TURBO = "V_1_TURBO"
    V2_TURBO = "V_2_TURBO"


class MagicPromptOption(Enum):
    AUTO = "AUTO"
    ON = "ON"
    OFF = "OFF"


class StyleType(Enum):
    AUTO = "AUTO"
    GENERAL = "GENERAL"
    REALISTIC = "REALISTIC"
    DESIGN = "DESIGN"
    RENDER_3D = "RENDER_3D"
    ANIME = "ANIME"


class ColorPalettePreset(Enum):
    NONE = "NONE"
    EMBER = "EMBER"
    FRESH = "FRESH"
    JUNGLE = "JUNGLE"
    MAGIC = "MAGIC"
    MELON = "MELON"
    MOSAIC = "MOSAIC"
    PASTEL = "PASTEL"
    ULTRAMARINE = "ULTRAMARINE"


class UpscaleOption(Enum):
    AI_UPSCALE = "AI Upscale"
    NO_UPSCALE = "No Upscale"


_V1 = (IdeogramModelName.V1, IdeogramModelName.V1_TURBO)
_STYLES_OF_V3 = {StyleType.RENDER_3D: "FICTION", StyleType.ANIME: "FICTION"}


class IdeogramModelBlock(Block):
    block_type = "IDEOGRAM_MODEL"
    category = "MULTIMEDIA"
    description = "Paints a picture after a description, by a model of Ideogram, which writes well."
    max_attempts = 3
    cost = "One picture of Ideogram, and one more where it is enlarged."
    credentials = IDEOGRAM.needed()
    examples = [
        Example(title="A poster", input={"prompt": 'A poster that says "Ebb"', "aspect_ratio": "2:3"}),
        api.without_credentials({"prompt": "A lighthouse at ebb"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Ideogram")
        prompt: str = Field(description="What the picture shows.")
        ideogram_model_name: IdeogramModelName = Field(default=IdeogramModelName.V3, description="Which model.")
        aspect_ratio: str = Field(default="ASPECT_1_1", description="Width to height: ASPECT_16_9, or 16:9.")
        upscale: UpscaleOption = Field(default=UpscaleOption.NO_UPSCALE, description="Whether it is enlarged.")
        magic_prompt_option: MagicPromptOption = Field(
            default=MagicPromptOption.AUTO, description="Whether Ideogram embellishes the prompt."
        )
        seed: int | None = Field(default=None, description="The same number gives the same picture again.")
        style_type: StyleType = Field(
            default=StyleType.AUTO, description="The style, from V_2 on; V_3 has FICTION for RENDER_3D and ANIME."
        )
        negative_prompt: str | None = Field(default=None, description="What it must not show.")
        color_palette_name: ColorPalettePreset = Field(
            default=ColorPalettePreset.NONE, description="A palette, from V_2 on."
        )
        custom_color_palette: list[str] | None = Field(
            default=None, description="A palette of one's own: #rrggbb, instead of a named one."
        )

    class Output(BlockOutput):
        result: str = Field(description="The address of the picture; Ideogram keeps it for a day.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        ideogram = await IDEOGRAM.open(context, input.credentials)
        if input.ideogram_model_name is IdeogramModelName.V3:
            answer = await ideogram.post("/v1/ideogram-v3/generate", files=_form(_v3(input)))
        else:
            answer = await ideogram.post("/generate", json={"image_request": _legacy(input)})
        address = _address(ideogram, answer)
        if input.upscale is UpscaleOption.AI_UPSCALE:
            picture = await sources.read(address, context)
            parts = {"image_file": (picture.name, picture.content, picture.media_type or "image/png")}
            answer = await ideogram.post("/upscale", files={**_form({"image_request": {}}), **parts})
            address = _address(ideogram, answer)
        yield "result", address


def _address(ideogram: api.Session, answer: Any) -> str:
    picture = answer["data"][0]
    if not picture.get("url"):
        raise ideogram.refused("made the picture, and holds it back as unsafe: change the prompt")
    return picture["url"]


def _form(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of a multipart form, which is what these routes take."""
    return {name: (None, one if isinstance(one, str) else json.dumps(one)) for name, one in values.items()}


def _palette(input: IdeogramModelBlock.Input) -> dict[str, Any]:
    if input.custom_color_palette:
        return {"color_palette": {"members": [{"color_hex": one} for one in input.custom_color_palette]}}
    if input.color_palette_name is not ColorPalettePreset.NONE:
        return {"color_palette": {"name": input.color_palette_name.value}}
    return {}


def _common(input: IdeogramModelBlock.Input) -> dict[str, Any]:
    several = {"prompt": input.prompt, "seed": input.seed, "negative_prompt": input.negative_prompt}
    return {name: value for name, value in several.items() if value is not None}


def _v3(input: IdeogramModelBlock.Input) -> dict[str, Any]:
    return {
        **_common(input),
        "aspect_ratio": _ratio(input).replace("_", "x"),
        "rendering_speed": "DEFAULT",
        "magic_prompt": input.magic_prompt_option.value,
        "style_type": _STYLES_OF_V3.get(input.style_type, input.style_type.value),
        **_palette(input),
    }


def _legacy(input: IdeogramModelBlock.Input) -> dict[str, Any]:
    request = {
        **_common(input),
        "model": input.ideogram_model_name.value,
        "aspect_ratio": f"ASPECT_{_ratio(input)}",
        "magic_prompt_option": input.magic_prompt_option.value,
    }
    if input.ideogram_model_name in _V1:
        return request
    return {**request, "style_type": input.style_type.value, **_palette(input)}


def _ratio(input: IdeogramModelBlock.Input) -> str:
    """``16_9`` of ``ASPECT_16_9``, ``16:9`` or ``16x9``."""
    return input.aspect_ratio.upper().removeprefix("ASPECT_").replace(":", "_").replace("X", "_")
