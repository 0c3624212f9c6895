"""YouTube: what is said in a video.

As youtube-transcript-api does it (https://github.com/jdepoix/youtube-transcript-api): the page of the video has a
key, the player answers with tracks of captions, a track is XML. YouTube turns data centres away, so all of it goes
through residential proxies of Webshare, whose address changes with each request
(https://help.webshare.io/en/articles/8596715-what-is-webshare-s-rotating-proxy-endpoint).
"""

import html
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need, UserPassword
from shared.blocks.integrations import api
from shared.domain import errors

NEED = Need(
    provider="webshare_proxy",
    kinds=(Kind.USER_PASSWORD,),
    hosts=("p.webshare.io",),
    where="https://dashboard.webshare.io/proxy/settings",
)
YOUTUBE = api.Service(
    name="YouTube",
    url="https://www.youtube.com",
    headers={"Accept-Language": "en-US", "Cookie": "SOCS=CAI; CONSENT=YES+1"},
)
_PROXY = ("p.webshare.io", 80)
_PLAYER = {"client": {"clientName": "ANDROID", "clientVersion": "20.10.38"}}
_ID = re.compile(r"(?:youtu\.be/|[?&]v=|/(?:shorts|embed|live|v)/|^)([\w-]{11})(?:$|[^\w-])")


class TranscribeYoutubeVideoBlock(Block):
    block_type = "TRANSCRIBE_YOUTUBE_VIDEO"
    category = "MULTIMEDIA"
    description = "Gives the captions of a YouTube video as a text: English ones, else those that there are."
    max_attempts = 3
    cost = "Traffic of Webshare."
    credentials = {"credentials": NEED}
    examples = [
        Example(title="A video", input={"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}),
        Example(title="Not a video", input={"youtube_url": "https://example.com/"}, fails="no video of YouTube"),
        api.without_credentials({"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}),
    ]

    class Input(BlockInput):
        youtube_url: str = Field(description="The address of the video, or its id.")
        credentials: Any = api.credentials_pin("Webshare: user and password of the proxy")

    class Output(BlockOutput):
        video_id: str = Field(description="The id of the video.")
        transcript: str = Field(description="What is said, line by line.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        video_id = video(input.youtube_url)
        credential = await context.credential(NEED, input.credentials)
        if not isinstance(credential, UserPassword):
            raise errors.BlockError("Credentials with user and password are needed", reason="CREDENTIALS_UNSUITABLE")
        user = f"{credential.username.removesuffix('-rotate')}-rotate"
        way: dict[str, Any] = {"proxy": (*_PROXY, user, credential.password)}
        youtube = await YOUTUBE.open(context)
        youtube.hide(credential)
        track = _best(youtube, await _tracks(youtube, video_id, way))
        address = track["baseUrl"].replace("&fmt=srv3", "")
        lines = _lines((await youtube.request("GET", address, **way)).text)
        if not lines:
            raise youtube.busy("answered with empty captions")
        yield "video_id", video_id
        yield "transcript", "\n".join(lines)


def video(address: str) -> str:
    found = _ID.search(address.strip())
    if found is None:
        raise errors.BlockError(f"{address!r:.200} is no video of YouTube: give its address", reason="INVALID_INPUT")
    return found[1]


async def _tracks(youtube: api.Session, video_id: str, way: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    page = (await youtube.request("GET", "/watch", params={"v": video_id}, **way)).text
    key = re.search(r'"INNERTUBE_API_KEY":\s*"([\w-]+)"', page)
    if key is None:
        raise youtube.busy("shows no video, but asks whether we are a robot")
    body = {"context": _PLAYER, "videoId": video_id}
    player = await youtube.post("/youtubei/v1/player", params={"key": key[1]}, json=body, **way)
    state = player.get("playabilityStatus", {})
    if state.get("status", "OK") != "OK":
        reason = state.get("reason", "it does not say why")
        if "bot" in reason:
            raise youtube.busy(f"does not show {video_id}: {reason}")
        raise youtube.refused(f"does not show {video_id}: {reason}")
    return player.get("captions", {}).get("playerCaptionsTracklistRenderer", {}).get("captionTracks", [])


def _best(youtube: api.Session, tracks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """English before others, and what people wrote before what was recognized."""
    if not tracks:
        raise youtube.refused("has no captions of this video")
    return min(tracks, key=lambda one: (not one["languageCode"].startswith("en"), one.get("kind") == "asr"))


def _lines(xml: str) -> list[str]:
    texts = re.findall(r"<text\b[^>]*>([^<]*)</text>", xml)
    plain = (re.sub(r"<[^<>]{0,200}>", "", html.unescape(html.unescape(one))) for one in texts)
    return [line for line in (" ".join(one.split()) for one in plain) if line]
