"""Discord: messages of a bot.

https://docs.discord.com/developers/resources/message (create message: with ``enforce_nonce`` a repeated one is the
same one), …/resources/channel, …/resources/user#get-current-user-guilds. A list of channels leaves
out those that the bot may not view, since 16 November 2026. Ids hold the time:
https://docs.discord.com/developers/reference#snowflakes.
"""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api, jobs
from shared.domain import errors

DISCORD = api.Service(
    name="Discord",
    url="https://discord.com/api/v10",
    need=Need(
        provider="discord",
        kinds=(Kind.API_KEY,),
        hosts=("discord.com",),
        where="https://discord.com/developers/applications",
    ),
    authorize=api.header("Authorization", "Bot "),
)
MAX_CHARACTERS = 2000
_EPOCH_MS = 1_420_070_400_000
_TEXT_CHANNELS = (0, 5)
_A_DAY = 86_400.0


class ReadDiscordMessagesBlock(Block):
    block_type = "READ_DISCORD_MESSAGES"
    category = "COMMUNICATION"
    description = "Waits up to a day for the next message in a channel that the bot can read, and gives it."
    max_attempts = 3
    suspends = True
    credentials = DISCORD.needed()
    examples = [Example(title="The next message", input={}), api.without_credentials({})]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Discord: the token of a bot")

    class Output(BlockOutput):
        message_content: str = Field(description="The message.")
        message_id: str = Field(description="Its id.")
        channel_id: str = Field(description="The id of the channel.")
        channel_name: str = Field(description="The name of the channel.")
        user_id: str = Field(description="Who wrote it: an id,")
        username: str = Field(description="and a name.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        discord = await DISCORD.open(context, input.credentials)
        job = jobs.begun(context)
        if job is None:
            me = await discord.get("/users/@me")
            job = {"me": me["id"], "after": str(int(context.now().timestamp() * 1000 - _EPOCH_MS) << 22)}
            raise jobs.wait(context, job, seconds=10, what="A message", at_most=_A_DAY)
        found = await _next_message(discord, job)
        if found is None:
            raise jobs.wait(context, job, seconds=10, what="A message", at_most=_A_DAY)
        channel, message = found
        yield "message_content", message["content"]
        yield "message_id", message["id"]
        yield "channel_id", channel["id"]
        yield "channel_name", channel["name"]
        yield "user_id", message["author"]["id"]
        yield "username", message["author"]["username"]


async def _next_message(discord: api.Session, job: Any) -> tuple[Any, Any] | None:
    """The channel and the message; of several the oldest, and none of the bot's own."""
    found: list[tuple[int, Any, Any]] = []
    for guild in await discord.get("/users/@me/guilds"):
        for channel in await _channels(discord, guild["id"]):
            if int(channel.get("last_message_id") or 0) <= int(job["after"]):
                continue
            params = {"after": job["after"], "limit": 50}
            messages = await discord.get(f"/channels{api.path(channel['id'])}/messages", params=params)
            found += [(int(one["id"]), channel, one) for one in messages if one["author"]["id"] != job["me"]]
    return min(found, key=lambda one: one[0])[1:] if found else None


async def _channels(discord: api.Session, guild_id: str) -> list[Any]:
    channels = await discord.get(f"/guilds{api.path(guild_id)}/channels")
    return [one for one in channels if one["type"] in _TEXT_CHANNELS]


class SendDiscordMessageBlock(Block):
    block_type = "SEND_DISCORD_MESSAGE"
    category = "COMMUNICATION"
    description = "Sends a message to a channel of Discord, in pieces where it is too long for one."
    max_attempts = 3
    credentials = DISCORD.needed()
    examples = [
        Example(title="By name", input={"message_content": "It is done.", "channel_name": "news"}),
        api.without_credentials({"message_content": "It is done.", "channel_name": "news"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Discord: the token of a bot")
        message_content: str = Field(description="The message.")
        channel_name: str = Field(description="The channel: its name, or its id.")
        server_name: str = Field(default="", description="The server, where several have a channel of this name.")

    class Output(BlockOutput):
        status: str = Field(description='"Message sent".')
        message_id: str = Field(description="The id of the message, of several pieces of the first.")
        channel_id: str = Field(description="The id of the channel.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.message_content.strip():
            raise errors.BlockError("The message is empty: give one")
        discord = await DISCORD.open(context, input.credentials)
        channel_id = await _channel(discord, input.channel_name.strip(), input.server_name.strip())
        ids: list[str] = []
        for number, piece in enumerate(pieces(input.message_content)):
            body = {"content": piece, "nonce": _nonce(context, number), "enforce_nonce": True}
            ids.append((await discord.post(f"/channels{api.path(channel_id)}/messages", json=body))["id"])
        yield "status", "Message sent"
        yield "message_id", ids[0]
        yield "channel_id", channel_id


async def _channel(discord: api.Session, name: str, server: str) -> str:
    if name.isdecimal():
        return name
    for guild in await discord.get("/users/@me/guilds"):
        if server and guild["name"].lower() != server.lower():
            continue
        for channel in await _channels(discord, guild["id"]):
            if channel["name"] == name.removeprefix("#"):
                return channel["id"]
    where = f" on the server {server!r}" if server else ""
    raise errors.BlockError(f"The bot sees no channel {name!r}{where}: check the name, and invite the bot")


def pieces(text: str) -> list[str]:
    """At most 2000 characters each, cut at the end of a line where there is one."""
    found: list[str] = []
    while len(text) > MAX_CHARACTERS:
        end = text.rfind("\n", 1, MAX_CHARACTERS + 1)
        end = MAX_CHARACTERS if end < 1 else end
        found.append(text[:end])
        text = text[end:].removeprefix("\n")
    return [*found, text] if text.strip() else found


def _nonce(context: Context, number: int) -> str:
    """At most 25 characters, the same at each attempt."""
    return hashlib.sha256(f"{context.idempotency_key}/{number}".encode()).hexdigest()[:25]


DISCORD_HOOK = api.Service(
    name="Discord",
    need=Need(
        provider="discord_webhook",
        kinds=(Kind.API_KEY,),
        hosts=("discord.com", "discordapp.com"),
        where="https://support.discord.com/hc/en-us/articles/228383668",
    ),
    authorize=lambda _: {},
)


class SendDiscordWebhookBlock(Block):
    block_type = "SEND_DISCORD_WEBHOOK"
    category = "COMMUNICATION"
    description = "Sends a message to the channel of a Discord webhook. Its credential is the webhook's address."
    max_attempts = 3
    credentials = DISCORD_HOOK.needed()
    examples = [
        Example(title="A message", input={"message_content": "It is done.", "username": "Weftly"}),
        api.without_credentials({"message_content": "It is done."}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("a Discord webhook: its address as an API key")
        message_content: str = Field(description="The message.")
        username: str = Field(default="", description="Another name for the sender.")

    class Output(BlockOutput):
        message_id: str = Field(description="The id of the message, of several pieces of the first.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.message_content.strip():
            raise errors.BlockError("The message is empty: give one")
        hook = await DISCORD_HOOK.open(context, input.credentials)
        name = {"username": input.username} if input.username else {}
        sent = [
            await hook.post(hook.address(), params={"wait": "true"}, json={"content": piece, **name})
            for piece in pieces(input.message_content)
        ]
        yield "message_id", sent[0]["id"]
