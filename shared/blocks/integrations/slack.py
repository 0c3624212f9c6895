"""Slack: messages.

https://docs.slack.dev/reference/methods/chat.postMessage; Slack answers 200 also to what it refuses, and says why in
``error``. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks for webhooks.
"""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api
from shared.domain import errors

SLACK = api.Service(
    name="Slack",
    url="https://slack.com/api",
    need=Need(
        provider="slack",
        kinds=(Kind.API_KEY, Kind.OAUTH2),
        hosts=("slack.com",),
        where="https://api.slack.com/apps",
    ),
)
_UNAUTHORIZED = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}


class SendSlackMessageBlock(Block):
    block_type = "SEND_SLACK_MESSAGE"
    category = "COMMUNICATION"
    description = "Sends a message to a channel or a person on Slack, as a bot that is in the channel."
    max_attempts = 3
    credentials = SLACK.needed()
    examples = [
        Example(title="A message", input={"channel": "#news", "text": "It is *done*."}),
        api.without_credentials({"channel": "#news", "text": "It is done."}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("Slack")
        channel: str = Field(description="Id or #name of the channel, or the id of a person.")
        text: str = Field(description="The message, in Slack's Markdown.")
        thread_ts: str | None = Field(default=None, description="The ts of the message to answer in its thread.")
        username: str | None = Field(default=None, description="Another name for the sender.")
        icon_emoji: str | None = Field(default=None, description="An emoji for the sender: :robot_face:.")
        unfurl_links: bool = Field(default=True, description="Whether addresses in it are shown with a preview.")
        mrkdwn: bool = Field(default=True, description="Whether its Markdown counts.")

    class Output(BlockOutput):
        ts: str = Field(description="The time stamp of the message, which is its id in the channel.")
        channel: str = Field(description="The id of the channel.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        slack = await SLACK.open(context, input.credentials)
        message = input.model_dump(exclude={"credentials"}, exclude_none=True)
        answer = await slack.post("/chat.postMessage", json=message)
        if not answer.get("ok"):
            raise refusal(slack, answer.get("error", "an unknown error"))
        yield "ts", answer["ts"]
        yield "channel", answer["channel"]


def refusal(slack: api.Session, error: str) -> errors.BlockError:
    if error in _UNAUTHORIZED:
        return slack.unauthorized(f"refused the credentials: {error}")
    if error == "ratelimited":
        return slack.busy(f"refused the message: {error}")
    return slack.refused(f"refused the message: {error}")


SLACK_HOOK = api.Service(
    name="Slack",
    need=Need(
        provider="slack_webhook",
        kinds=(Kind.API_KEY,),
        hosts=("hooks.slack.com",),
        where="https://api.slack.com/messaging/webhooks",
    ),
    authorize=lambda _: {},
)


class SendSlackWebhookBlock(Block):
    block_type = "SEND_SLACK_WEBHOOK"
    category = "COMMUNICATION"
    description = "Sends a message to the channel of a Slack webhook. Its credential is the webhook's address."
    max_attempts = 3
    credentials = SLACK_HOOK.needed()
    examples = [
        Example(title="A message", input={"text": "It is done."}),
        api.without_credentials({"text": "It is done."}),
    ]

    class Input(BlockInput):
        credentials: Any = api.credentials_pin("a Slack webhook: its address as an API key")
        text: str = Field(description="The message, in Slack's Markdown.")

    class Output(BlockOutput):
        status: str = Field(description='"ok".')

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        hook = await SLACK_HOOK.open(context, input.credentials)
        answer = await hook.request("POST", hook.address(), json={"text": input.text})
        yield "status", answer.text
