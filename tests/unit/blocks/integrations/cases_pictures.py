"""Replicate, Ideogram, ScreenshotOne: pictures."""

from typing import Any

from double import BEARER, SECRET, Ask, Case

REPLICATE = "https://api.replicate.com/v1"
PICTURE = "https://replicate.delivery/xyz/out-0.webp"


def painted(model: str, values: dict[str, Any], output: Any = PICTURE) -> list[Ask]:
    return [
        Ask(
            method="POST",
            url=f"{REPLICATE}/models/{model}/predictions",
            headers={"authorization": BEARER},
            sent={"input": values},
            status=201,
            answer={"id": "p1", "status": "starting", "output": None},
        ),
        Ask(
            method="GET",
            url=f"{REPLICATE}/predictions/p1",
            headers={"authorization": BEARER},
            answer={"id": "p1", "status": "processing", "output": None},
        ),
        Ask(method="GET", url=f"{REPLICATE}/predictions/p1", answer={"status": "succeeded", "output": output}),
    ]


def generated(model: str, path: str, values: dict[str, Any], **input: Any) -> Case:
    return Case(
        block="AI_IMAGE_GENERATOR",
        title=model,
        input={"prompt": "a boat", "model": model, **input},
        asks=painted(path, values),
        tokens=[("image_url", PICTURE)],
    )


FLUX = {"prompt": "a boat", "aspect_ratio": "1:1", "output_format": "webp", "output_quality": 80}
IDEOGRAM_KEY = {"api-key": SECRET}
IDEOGRAM_ANSWER = {"created": "2026-03-14T12:00:00Z", "data": [{"url": "https://ideogram.ai/api/images/x.png"}]}

CASES = [
    generated(
        "Nano Banana 2",
        "google/nano-banana-2",
        {"prompt": "a boat", "aspect_ratio": "1:1", "output_format": "jpg"},
    ),
    generated(
        "Flux 1.1 Pro Ultra",
        "black-forest-labs/flux-1.1-pro-ultra",
        {"prompt": "pixel art, digital illustration: a boat", "aspect_ratio": "4:3", "output_format": "jpg"},
        size="landscape",
        style="digital_illustration/pixel_art",
    ),
    generated(
        "Recraft v3",
        "recraft-ai/recraft-v3",
        {"prompt": "a boat", "size": "1820x1024", "style": "realistic_image/hdr"},
        size="wide",
        style="realistic_image/hdr",
    ),
    generated(
        "Stable Diffusion 3.5 Medium",
        "stability-ai/stable-diffusion-3.5-medium",
        {"prompt": "realistic image: a boat", "aspect_ratio": "4:5", "output_format": "jpg"},
        size="portrait",
        style="realistic_image",
    ),
    Case(
        block="AI_IMAGE_GENERATOR",
        title="failed",
        input={"prompt": "a boat"},
        asks=[
            painted("google/nano-banana-2", {"prompt": "a boat", "aspect_ratio": "1:1", "output_format": "jpg"})[0],
            Ask(
                method="GET",
                url=f"{REPLICATE}/predictions/p1",
                answer={"status": "failed", "error": "flagged as sensitive"},
            ),
        ],
        fails="flagged as sensitive",
    ),
    Case(
        block="REPLICATE_FLUX_ADVANCED_MODEL",
        input={"prompt": "a boat", "seed": 7},
        asks=painted("black-forest-labs/flux-schnell", {**FLUX, "seed": 7, "num_inference_steps": 4}, [PICTURE]),
        tokens=[("result", PICTURE)],
    ),
    Case(
        block="REPLICATE_FLUX_ADVANCED_MODEL",
        title="Flux Pro",
        input={"prompt": "a boat", "replicate_model_name": "Flux Pro"},
        asks=painted(
            "black-forest-labs/flux-pro",
            {**FLUX, "steps": 25, "guidance": 3.0, "interval": 2.0, "safety_tolerance": 2},
        ),
        tokens=[("result", PICTURE)],
    ),
    Case(
        block="REPLICATE_FLUX_ADVANCED_MODEL",
        title="Flux Pro 1.1 made nothing",
        input={"prompt": "a boat", "replicate_model_name": "Flux Pro 1.1"},
        asks=painted("black-forest-labs/flux-1.1-pro", {**FLUX, "safety_tolerance": 2}, []),
        fails="made no picture",
    ),
    Case(
        block="IDEOGRAM_MODEL",
        input={
            "prompt": "a boat",
            "aspect_ratio": "16:9",
            "seed": 7,
            "style_type": "ANIME",
            "color_palette_name": "EMBER",
        },
        asks=[
            Ask(
                method="POST",
                url="https://api.ideogram.ai/v1/ideogram-v3/generate",
                headers=IDEOGRAM_KEY,
                parts={
                    "prompt": "a boat",
                    "seed": "7",
                    "aspect_ratio": "16x9",
                    "rendering_speed": "DEFAULT",
                    "magic_prompt": "AUTO",
                    "style_type": "FICTION",
                    "color_palette": '{"name": "EMBER"}',
                },
                answer=IDEOGRAM_ANSWER,
            )
        ],
        tokens=[("result", "https://ideogram.ai/api/images/x.png")],
    ),
    Case(
        block="IDEOGRAM_MODEL",
        title="before V_3, enlarged",
        input={
            "prompt": "a boat",
            "ideogram_model_name": "V_2",
            "upscale": "AI Upscale",
            "custom_color_palette": ["#ff0000"],
        },
        asks=[
            Ask(
                method="POST",
                url="https://api.ideogram.ai/generate",
                headers=IDEOGRAM_KEY,
                sent={
                    "image_request": {
                        "prompt": "a boat",
                        "model": "V_2",
                        "aspect_ratio": "ASPECT_1_1",
                        "magic_prompt_option": "AUTO",
                        "style_type": "AUTO",
                        "color_palette": {"members": [{"color_hex": "#ff0000"}]},
                    }
                },
                answer=IDEOGRAM_ANSWER,
            ),
            Ask(
                method="GET",
                url="https://ideogram.ai/api/images/x.png",
                headers={"api-key": None},
                raw=b"\x89PNG",
            ),
            Ask(
                method="POST",
                url="https://api.ideogram.ai/upscale",
                headers=IDEOGRAM_KEY,
                parts={"image_request": "{}", "image_file": "\x89PNG"},
                answer={"data": [{"url": "https://ideogram.ai/api/images/big.png"}]},
            ),
        ],
        tokens=[("result", "https://ideogram.ai/api/images/big.png")],
    ),
    Case(
        block="IDEOGRAM_MODEL",
        title="V_1, unsafe",
        input={"prompt": "a boat", "ideogram_model_name": "V_1", "color_palette_name": "EMBER"},
        asks=[
            Ask(
                method="POST",
                url="https://api.ideogram.ai/generate",
                sent={
                    "image_request": {
                        "prompt": "a boat",
                        "model": "V_1",
                        "aspect_ratio": "ASPECT_1_1",
                        "magic_prompt_option": "AUTO",
                    }
                },
                answer={"data": [{"is_image_safe": False}]},
            )
        ],
        fails="unsafe",
    ),
]
