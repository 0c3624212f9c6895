"""Revid: short videos out of a script.

https://www.revid.ai/docs/workflows/script-to-video and https://www.revid.ai/llm/api/endpoints.md (version 3): a
render is begun and looked for. Voices are those of ElevenLabs, by their ids.
"""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api, jobs

REVID = api.Service(
    name="Revid",
    url="https://www.revid.ai/api/public/v3",
    need=Need(
        provider="revid",
        kinds=(Kind.API_KEY,),
        hosts=("www.revid.ai",),
        where="https://www.revid.ai/account",
    ),
    authorize=api.header("key"),
)


class Voice(Enum):
    LILY = "Lily"
    DANIEL = "Daniel"
    BRIAN = "Brian"
    JESSICA = "Jessica"
    CHARLOTTE = "Charlotte"
    CALLUM = "Callum"
    EVA = "Eva"


_VOICES = {
    Voice.LILY: "pFZP5JQG7iQjIQuC4Bku",
    Voice.DANIEL: "onwK4e9ZLuTAKqWW03F9",
    Voice.BRIAN: "nPczCjzI2devNBz1zQrb",
    Voice.JESSICA: "cgSgspJ2msm6clMCkdW9",
    Voice.CHARLOTTE: "XB0fDUnXU5powFXDhCwA",
    Voice.CALLUM: "N2lVS1w4EtoT3dr4eOWO",
    Voice.EVA: "FGY2WhTYpPnrIDTdsKH5",
}
_MEDIA = {"stockvideo": "stock-video", "movingimage": "moving-image", "aivideo": "ai-video"}


class AIShortformVideoCreatorBlock(Block):
    block_type = "AI_SHORTFORM_VIDEO_CREATOR"
    category = "MULTIMEDIA"
    description = "Makes a short video out of a script, with a voice, music and pictures, through Revid."
    max_attempts = 3
    suspends = True
    cost = "Credits of Revid."
    credentials = REVID.needed()
    examples = [
        Example(title="A video", input={"script": "The tide comes twice a day.", "voice": "Brian"}),
        api.without_credentials({"script": "The tide comes twice a day."}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Revid")
        script: str = Field(description="What is said; a new line is a new scene.")
        ratio: str = Field(default="9 / 16", description="Width to height.")
        resolution: str = Field(default="720p", description="How fine the picture is.")
        frame_rate: int = Field(default=60, description="Pictures a second.")
        generation_preset: str = Field(default="LEONARDO", description="The style of painted pictures.")
        background_music: str = Field(default="Highway Nocturne", description="The name of a track of Revid's.")
        voice: Voice = Field(default=Voice.LILY, description="Who speaks.")
        video_style: str = Field(default="stockVideo", description="stockVideo, movingImage or aiVideo.")

    class Output(BlockOutput):
        video_url: str = Field(description="The address of the video.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        revid = await REVID.open(context, input.credentials)
        job = jobs.begun(context)
        if job is None:
            begun = await revid.post("/render", json=_render(input))
            if not begun.get("pid"):
                raise revid.refused(f"does not begin the video: {begun.get('error') or 'it does not say why'}")
            raise jobs.wait(context, begun["pid"], seconds=15, what="The video")
        seen = await revid.get("/status", params={"pid": job})
        if seen["status"] in ("failed", "error"):
            raise revid.refused(f"could not make the video: {seen.get('error') or 'it does not say why'}")
        if seen["status"] != "ready":
            raise jobs.wait(context, job, seconds=15, what="The video")
        yield "video_url", seen["videoUrl"]


def _render(input: AIShortformVideoCreatorBlock.Input) -> dict[str, Any]:
    """What earlier exports have for a style and for a ratio (9 / 16) is spelt otherwise by version 3."""
    plain = input.video_style.replace("-", "").replace("_", "").replace(" ", "").lower()
    return {
        "workflow": "script-to-video",
        "source": {"text": input.script},
        "aspectRatio": input.ratio.replace(" ", "").replace("/", ":"),
        "voice": {"enabled": True, "voiceId": _VOICES[input.voice]},
        "music": {"enabled": True, "trackName": input.background_music},
        "media": {"type": _MEDIA.get(plain, input.video_style), "mediaPreset": input.generation_preset},
        "options": {"summarizationPreference": "no-summarization"},
        "render": {"resolution": input.resolution, "frameRate": input.frame_rate},
    }
