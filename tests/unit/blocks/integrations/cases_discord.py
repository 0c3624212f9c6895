"""Discord and Telegram."""

from typing import Any

from double import SECRET, Ask, Case

URL = "https://discord.com/api/v10"
BOT = {"authorization": f"Bot {SECRET}"}
NOON = str((1_773_489_600_000 - 1_420_070_400_000) << 22)
LATER = str(int(NOON) + 5)
HOOK = "https://discord.com/api/webhooks/1/token"


def channel(last: str) -> dict[str, Any]:
    return {"id": "77", "name": "news", "type": 0, "last_message_id": last}


def look(last: str) -> list[Ask]:
    return [
        Ask(method="GET", url=f"{URL}/users/@me/guilds", headers=BOT, answer=[{"id": "5", "name": "Tides"}]),
        Ask(
            method="GET",
            url=f"{URL}/guilds/5/channels",
            headers=BOT,
            answer=[{"id": "70", "name": "voice", "type": 2}, channel(last)],
        ),
    ]


def message(id_: str, author: str) -> dict[str, Any]:
    return {"id": id_, "content": "High water", "author": {"id": author, "username": "ann"}}


def sent(content: str, nonce: str) -> Ask:
    return Ask(
        method="POST",
        url=f"{URL}/channels/77/messages",
        headers=BOT,
        sent={"content": content, "nonce": nonce, "enforce_nonce": True},
        answer={"id": f"m{nonce[:1]}"},
    )


CASES = [
    Case(
        block="READ_DISCORD_MESSAGES",
        input={},
        asks=[
            Ask(method="GET", url=f"{URL}/users/@me", headers=BOT, answer={"id": "9"}),
            *look(NOON),
            *look(LATER),
            Ask(
                method="GET",
                url=f"{URL}/channels/77/messages?after={NOON}&limit=50",
                headers=BOT,
                answer=[message(str(int(NOON) + 4), "8"), message(str(int(NOON) + 3), "7"), message(LATER, "9")],
            ),
        ],
        tokens=[
            ("message_content", "High water"),
            ("message_id", str(int(NOON) + 3)),
            ("channel_id", "77"),
            ("channel_name", "news"),
            ("user_id", "7"),
            ("username", "ann"),
        ],
    ),
    Case(
        block="SEND_DISCORD_MESSAGE",
        input={"message_content": "hi", "channel_name": "#news", "server_name": "tides"},
        asks=[*look(NOON), sent("hi", "363deabd7637bf07dc92c77af")],
        tokens=[("status", "Message sent"), ("message_id", "m3"), ("channel_id", "77")],
    ),
    Case(
        block="SEND_DISCORD_MESSAGE",
        title="in pieces, by id",
        input={"message_content": "a" * 1500 + "\n" + "b" * 2500, "channel_name": "77"},
        asks=[
            sent("a" * 1500, "363deabd7637bf07dc92c77af"),
            sent("b" * 2000, "42afbfe3ecdb86a12d2346934"),
            sent("b" * 500, "6c6c7f5142b2cb5aad80951c1"),
        ],
        tokens=[("status", "Message sent"), ("message_id", "m3"), ("channel_id", "77")],
    ),
    Case(
        block="SEND_DISCORD_MESSAGE",
        title="nowhere",
        input={"message_content": "hi", "channel_name": "old", "server_name": "Tides"},
        asks=look(NOON),
        fails="no channel 'old' on the server 'Tides'",
    ),
    Case(
        block="SEND_DISCORD_WEBHOOK",
        input={"message_content": "hi", "username": "Tide"},
        secret=HOOK,
        asks=[
            Ask(
                method="POST",
                url=f"{HOOK}?wait=true",
                headers={"authorization": None},
                sent={"content": "hi", "username": "Tide"},
                answer={"id": "m1"},
            )
        ],
        tokens=[("message_id", "m1")],
    ),
    Case(
        block="SEND_TELEGRAM_MESSAGE",
        input={"chat_id": "@tides", "text": "<b>hi</b>", "parse_mode": "HTML", "reply_to_message_id": 3},
        secret="123:AAE-token",
        asks=[
            Ask(
                method="POST",
                url="https://api.telegram.org/bot123:AAE-token/sendMessage",
                headers={"authorization": None},
                sent={
                    "chat_id": "@tides",
                    "text": "<b>hi</b>",
                    "parse_mode": "HTML",
                    "reply_parameters": {"message_id": 3},
                },
                answer={"ok": True, "result": {"message_id": 4, "chat": {"id": -100}}},
            )
        ],
        tokens=[("message_id", 4), ("chat_id", -100)],
    ),
]
