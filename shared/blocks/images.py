"""How is an image made by a service that speaks OpenAI's API?

https://platform.openai.com/docs/api-reference/images
"""

from collections.abc import AsyncIterator
from typing import Any, Literal

from pydantic import Field

from shared.blocks import completions, llm, providers, tokens
from shared.blocks.block import BlockInput, BlockOutput, Context, Example
from shared.blocks.prices import Usage
from shared.domain import errors

IMAGE_TOKENS = 8_192
"""Held for an image; a large one of high quality takes about 6,200
(https://platform.openai.com/docs/guides/image-generation#cost-and-latency)."""


class AIDrawImageBlock(llm.ModelBlock):
    block_type = "AI_DRAW_IMAGE"
    description = "Has a model of a service with OpenAI's images API draw an image."
    cost = "The tokens of the prompt and of the image, at the price of the model in shared/blocks/prices.json."
    examples = [
        Example(title="An image", input={"prompt": "A ship at dawn", "size": "1024x1024"}),
        Example(title="Nothing to draw", input={"prompt": " "}, fails="empty"),
    ]

    class Input(BlockInput):
        prompt: str = Field(description="What the image shows.")
        model: str = Field(default="gpt-image-2", description="The model.")
        size: str = Field(default="auto", description="Width x height in pixels, as 1024x1024, or auto.")
        quality: str = Field(default="auto", description="low, medium, high or auto; the better, the dearer.")
        output_format: Literal["png", "jpeg", "webp"] = Field(default="png", description="The format of the file.")
        credentials: Any = Field(
            default=None, description="Credentials for the model's provider; else the deployment's key."
        )

    class Output(BlockOutput):
        image: str = Field(description="The image: its address, or a data URI.")
        token_usage: llm.TokenUsage = Field(description="The tokens it took, where the service counts them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.prompt.strip() or not input.model.strip():
            raise errors.BlockError("The prompt or the model is empty: say what to draw, and which model draws")
        from shared.blocks import chat_api

        at = await providers.endpoint(input.model, input.credentials, "", context)
        if at.api == "anthropic":
            raise completions.refused("Anthropic draws no images; choose a model of another provider")
        most = Usage(prompt=tokens.estimate(input.prompt), completion=IMAGE_TOKENS)
        async with completions.paying(context, at, input.model, input.prompt, most) as bill:
            async with chat_api.client(at, context) as service, chat_api.translated(input.model, at, context):
                generate: Any = service.images.generate
                answer = await generate(
                    prompt=input.prompt,
                    model=input.model,
                    size=input.size,
                    quality=input.quality,
                    output_format=input.output_format,
                )
            used = chat_api.usage(answer.usage)
            bill.dollars = completions.charge(context, at, input.model, used)
        image = answer.data[0] if answer.data else None
        if image is None or not (image.b64_json or image.url):
            raise completions.refused(f"{input.model} answered without an image")
        yield (
            "image",
            image.url or f"data:image/{answer.output_format or input.output_format};base64,{image.b64_json}",
        )
        total = used.prompt + used.completion
        counted = {"prompt_tokens": used.prompt, "completion_tokens": used.completion, "total_tokens": total}
        yield "token_usage", counted
