"""Telegram: messages of a bot.

https://core.telegram.org/bots/api#sendmessage: the bot's token stands in the path, and the wait after a 429 in the
body (https://core.telegram.org/bots/api#responseparameters).
"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api
from shared.domain import errors

TELEGRAM = api.Service(
    name="Telegram",
    url="https://api.telegram.org",
    need=Need(
        provider="telegram",
        kinds=(Kind.API_KEY,),
        hosts=("api.telegram.org",),
        where="https://core.telegram.org/bots#how-do-i-create-a-bot",
    ),
    authorize=lambda _: {},
)


class SendTelegramMessageBlock(Block):
    block_type = "SEND_TELEGRAM_MESSAGE"
    category = "COMMUNICATION"
    description = "Sends a message to a chat of Telegram, as a bot."
    max_attempts = 3
    credentials = TELEGRAM.needed()
    examples = [
        Example(title="A message", input={"chat_id": "@tides", "text": "<b>High</b> water", "parse_mode": "HTML"}),
        api.without_credentials({"chat_id": "@tides", "text": "High water"}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Telegram: the token of a bot")
        chat_id: str = Field(description="The chat: its id, or @name of a channel.")
        text: str = Field(description="The message, up to 4096 characters.")
        parse_mode: str = Field(default="", description="MarkdownV2 or HTML, where the text has such marks.")
        reply_to_message_id: int | None = Field(default=None, description="The id of the message that it answers.")

    class Output(BlockOutput):
        message_id: int = Field(description="The id of the message.")
        chat_id: int = Field(description="The id of the chat.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        if not input.text.strip():
            raise errors.BlockError("The text is empty: give a message")
        telegram = await TELEGRAM.open(context, input.credentials)
        message: dict[str, Any] = {"chat_id": input.chat_id, "text": input.text}
        if input.parse_mode:
            message["parse_mode"] = input.parse_mode
        if input.reply_to_message_id is not None:
            message["reply_parameters"] = {"message_id": input.reply_to_message_id}
        answer = await telegram.post(f"/bot{telegram.key()}/sendMessage", json=message)
        yield "message_id", answer["result"]["message_id"]
        yield "chat_id", answer["result"]["chat"]["id"]
