"""Replicate: images by the models that it runs.

https://replicate.com/docs/reference/http#models.predictions.create and #predictions.get; which inputs a model takes
is on its page, https://replicate.com/black-forest-labs/flux-1.1-pro/api/schema and the like.
"""

import re
from collections.abc import AsyncIterator, Callable
from enum import Enum
from typing import Any, cast

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api, jobs
from shared.domain import errors

REPLICATE = api.Service(
    name="Replicate",
    url="https://api.replicate.com/v1",
    need=Need(
        provider="replicate",
        kinds=(Kind.API_KEY,),
        hosts=("api.replicate.com",),
        where="https://replicate.com/account/api-tokens",
    ),
)


class ImageGenModel(Enum):
    FLUX = "Flux 1.1 Pro"
    FLUX_ULTRA = "Flux 1.1 Pro Ultra"
    RECRAFT = "Recraft v3"
    SD3_5 = "Stable Diffusion 3.5 Medium"
    NANO_BANANA_PRO = "Nano Banana Pro"
    NANO_BANANA_2 = "Nano Banana 2"


class ImageSize(Enum):
    SQUARE = "square"
    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    WIDE = "wide"
    TALL = "tall"


class ImageStyle(Enum):
    ANY = "any"
    REALISTIC = "realistic_image"
    REALISTIC_BW = "realistic_image/b_and_w"
    REALISTIC_HDR = "realistic_image/hdr"
    REALISTIC_NATURAL = "realistic_image/natural_light"
    REALISTIC_STUDIO = "realistic_image/studio_portrait"
    REALISTIC_ENTERPRISE = "realistic_image/enterprise"
    REALISTIC_FLASH = "realistic_image/hard_flash"
    REALISTIC_MOTION = "realistic_image/motion_blur"
    DIGITAL_ART = "digital_illustration"
    PIXEL_ART = "digital_illustration/pixel_art"
    HAND_DRAWN = "digital_illustration/hand_drawn"
    GRAIN = "digital_illustration/grain"
    SKETCH = "digital_illustration/infantile_sketch"
    POSTER = "digital_illustration/2d_art_poster"
    POSTER_2 = "digital_illustration/2d_art_poster_2"
    HANDMADE_3D = "digital_illustration/handmade_3d"
    OUTLINE = "digital_illustration/hand_drawn_outline"
    ENGRAVING = "digital_illustration/engraving_color"


_RATIO = {"square": "1:1", "landscape": "4:3", "portrait": "3:4", "wide": "16:9", "tall": "9:16"}
_RATIO_OF_SD = {**_RATIO, "landscape": "5:4", "portrait": "4:5"}
_PIXELS = {
    "square": "1024x1024",
    "landscape": "1365x1024",
    "portrait": "1024x1365",
    "wide": "1820x1024",
    "tall": "1024x1820",
}


async def predicted(input: Any, context: Context, model: str, values: dict[str, Any]) -> str:
    """The address of the first picture that ``model`` makes. Suspended until it is there."""
    replicate = await REPLICATE.open(context, input.credentials)
    job = jobs.begun(context)
    if job is None:
        owner, name = model.split("/")
        begun = await replicate.post(f"/models{api.path(owner, name)}/predictions", json={"input": values})
        raise jobs.wait(context, begun["id"], seconds=2, what="The picture")
    seen = await replicate.get(f"/predictions{api.path(job)}")
    if seen["status"] in ("failed", "canceled", "aborted"):
        raise replicate.refused(f"ended the picture {seen['status']}: {seen.get('error') or 'it does not say why'}")
    if seen["status"] != "succeeded":
        raise jobs.wait(context, job, seconds=2, what="The picture")
    output = seen["output"]
    address = cast(list[Any], output)[0] if isinstance(output, list) and output else output
    if not isinstance(address, str) or not address:
        raise replicate.refused("made no picture")
    return address


class AIImageGeneratorBlock(Block):
    block_type = "AI_IMAGE_GENERATOR"
    category = "MULTIMEDIA"
    description = "Paints a picture after a description, by one of several models at Replicate."
    max_attempts = 3
    suspends = True
    cost = "One picture of the model, at Replicate."
    credentials = REPLICATE.needed()
    examples = [
        Example(title="A picture", input={"prompt": "A lighthouse at ebb", "size": "wide", "model": "Recraft v3"}),
        api.without_credentials({"prompt": "A lighthouse at ebb"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Replicate")
        prompt: str = Field(description="What the picture shows.")
        model: ImageGenModel = Field(default=ImageGenModel.NANO_BANANA_2, description="Which model paints it.")
        size: ImageSize = Field(default=ImageSize.SQUARE, description="Its shape.")
        style: ImageStyle = Field(default=ImageStyle.ANY, description="Its style.")

    class Output(BlockOutput):
        image_url: str = Field(description="The address of the picture; Replicate keeps it for an hour.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        model, values = _MODELS[input.model]
        yield "image_url", await predicted(input, context, model, values(input))


def _styled(input: AIImageGeneratorBlock.Input) -> str:
    """The style in words, for models that have no input for it."""
    if input.style is ImageStyle.ANY:
        return input.prompt
    kind, _, detail = input.style.value.replace("_", " ").partition("/")
    return f"{f'{detail}, {kind}' if detail else kind}: {input.prompt}"


Values = Callable[[AIImageGeneratorBlock.Input], dict[str, Any]]


def _with_ratio(**more: Any) -> Values:
    return lambda wanted: {"prompt": _styled(wanted), "aspect_ratio": _RATIO[wanted.size.value], **more}


def _of_recraft(input: AIImageGeneratorBlock.Input) -> dict[str, Any]:
    return {"prompt": input.prompt, "size": _PIXELS[input.size.value], "style": input.style.value}


def _of_sd(input: AIImageGeneratorBlock.Input) -> dict[str, Any]:
    return {"prompt": _styled(input), "aspect_ratio": _RATIO_OF_SD[input.size.value], "output_format": "jpg"}


_MODELS: dict[ImageGenModel, tuple[str, Values]] = {
    ImageGenModel.FLUX: ("black-forest-labs/flux-1.1-pro", _with_ratio(output_format="jpg")),
    ImageGenModel.FLUX_ULTRA: ("black-forest-labs/flux-1.1-pro-ultra", _with_ratio(output_format="jpg")),
    ImageGenModel.RECRAFT: ("recraft-ai/recraft-v3", _of_recraft),
    ImageGenModel.SD3_5: ("stability-ai/stable-diffusion-3.5-medium", _of_sd),
    ImageGenModel.NANO_BANANA_PRO: ("google/nano-banana-pro", _with_ratio(output_format="jpg")),
    ImageGenModel.NANO_BANANA_2: ("google/nano-banana-2", _with_ratio(output_format="jpg")),
}


class ImageType(Enum):
    WEBP = "webp"
    JPG = "jpg"
    PNG = "png"


_FLUX = {"fluxschnell": "flux-schnell", "fluxpro": "flux-pro", "fluxpro11": "flux-1.1-pro"}
_MAX_STEPS_OF_SCHNELL = 4


class ReplicateFluxAdvancedModelBlock(Block):
    block_type = "REPLICATE_FLUX_ADVANCED_MODEL"
    category = "MULTIMEDIA"
    description = "Paints a picture by a Flux model at Replicate, with all that it can be told."
    max_attempts = 3
    suspends = True
    cost = "One picture of the model, at Replicate."
    credentials = REPLICATE.needed()
    examples = [
        Example(title="A picture", input={"prompt": "A lighthouse at ebb", "seed": 7, "output_format": "png"}),
        Example(
            title="An unknown model",
            input={"prompt": "A lighthouse", "replicate_model_name": "Flux Ultra"},
            fails="Flux Schnell, Flux Pro, Flux Pro 1.1",
        ),
        api.without_credentials({"prompt": "A lighthouse at ebb"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Replicate")
        prompt: str = Field(description="What the picture shows.")
        replicate_model_name: str = Field(
            default="Flux Schnell", description="The model: Flux Schnell, Flux Pro or Flux Pro 1.1."
        )
        seed: int | None = Field(default=None, description="The same number gives the same picture again.")
        steps: int = Field(default=25, description="Steps of Flux Pro; of Flux Schnell at most four.")
        guidance: float = Field(default=3, description="How close to the prompt, for Flux Pro.")
        interval: float = Field(default=2, description="How varied, for Flux Pro.")
        aspect_ratio: str = Field(default="1:1", description="Width to height.")
        output_format: ImageType = Field(default=ImageType.WEBP, description="The format of the file.")
        output_quality: int = Field(default=80, description="Its quality, up to 100.")
        safety_tolerance: int = Field(default=2, description="1 (strict) to 6, for Flux Pro and Flux Pro 1.1.")

    class Output(BlockOutput):
        result: str = Field(description="The address of the picture; Replicate keeps it for an hour.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        name = _FLUX.get(re.sub(r"[^a-z0-9]", "", input.replicate_model_name.lower()))
        if name is None:
            raise errors.BlockError(
                f"There is no model {input.replicate_model_name!r}; name Flux Schnell, Flux Pro, Flux Pro 1.1"
            )
        yield "result", await predicted(input, context, f"black-forest-labs/{name}", _flux(name, input))


def _flux(name: str, input: ReplicateFluxAdvancedModelBlock.Input) -> dict[str, Any]:
    """Only what the model takes: https://replicate.com/black-forest-labs/flux-schnell/api/schema and the like."""
    values = input.model_dump(
        mode="json", include={"prompt", "aspect_ratio", "output_format", "output_quality", "seed"}, exclude_none=True
    )
    match name:
        case "flux-schnell":
            return {**values, "num_inference_steps": max(1, min(input.steps, _MAX_STEPS_OF_SCHNELL))}
        case "flux-pro":
            several = {"steps": input.steps, "guidance": input.guidance, "interval": input.interval}
            return {**values, **several, "safety_tolerance": input.safety_tolerance}
        case _:
            return {**values, "safety_tolerance": input.safety_tolerance}
