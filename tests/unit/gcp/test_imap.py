"""What is new in a mailbox, of a server that is well behaved, and of some that are not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from shared.domain import errors
from shared.gcp import imap
from shared.gcp.imap import Mailbox, News, Place
from shared.services import polled_mail

SINCE = datetime(2026, 5, 4, tzinfo=UTC)
LETTER = (
    b"Message-ID: <1@example.com>\r\nFrom: Bob <bob@example.com>\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nTwo o'clock?\r\n"
)


@dataclass
class Server:
    """A mailbox by UID. ``said``: what the client asked, without its tags; ``literal``: a size that it claims instead
    of that of a message."""

    messages: dict[int, bytes] = field(default_factory=dict[int, bytes])
    validity: int = 7
    password: str = "pass word"
    said: list[str] = field(default_factory=list[str])
    literal: int | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            self.said.append(command)
            writer.write(await self._answer(tag, command, reader, writer))
            await writer.drain()
            if command == "LOGOUT":
                break
        writer.close()

    async def _answer(
        self, tag: str, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        word = command.split()[0]
        if word == "AUTHENTICATE":
            writer.write(b"+ \r\n")
            import base64

            proof = base64.b64decode(await reader.readline()).decode()
            fine = proof == f"\0ann\0{self.password}"
            return f"{tag} OK done\r\n".encode() if fine else f"{tag} NO [AUTHENTICATIONFAILED] no\r\n".encode()
        if word == "CAPABILITY":
            return f"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n".encode()
        if word == "EXAMINE":
            if "INBOX" not in command:
                return f"{tag} NO there is no such folder\r\n".encode()
            following = max(self.messages, default=0) + 1
            return (
                f"* {len(self.messages)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n"
                f"* OK [UIDNEXT {following}] ok\r\n{tag} OK [READ-ONLY] done\r\n"
            ).encode()
        if command.startswith("UID SEARCH"):
            first = int(command.split()[3].split(":")[0]) if " UID " in command[4:] else 0
            found = [uid for uid in self.messages if uid >= first] or list(self.messages)[-1:]
            return f"* SEARCH {' '.join(map(str, found))}\r\n{tag} OK done\r\n".encode()
        if command.startswith("UID FETCH"):
            uid = int(command.split()[2])
            raw = self.messages[uid]
            size = len(raw) if self.literal is None else self.literal
            head = f"* 1 FETCH (UID {uid} BODY[]<0> {{{size}}}\r\n".encode()
            return head + raw + f")\r\n{tag} OK done\r\n".encode()
        return f"{tag} OK done\r\n".encode()


Look = Callable[..., Awaitable[News]]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def look(server: Server, certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> AsyncIterator[Look]:
    of_server, of_client = certificate
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=of_server)
    port = listening.sockets[0].getsockname()[1]

    async def call(
        place: Place | None, *, limit: int = 10, host: str = "public.example", folder: str = "INBOX"
    ) -> News:
        mailbox = Mailbox(
            host=host, port=port, addresses=["127.0.0.1"], folder=folder, username="ann", password="pass word"
        )
        return await imap.news(mailbox, place, SINCE, limit, of_client)

    yield call
    listening.close()
    await listening.wait_closed()


async def test_the_first_look_says_only_where_to_go_on(server: Server, look: Look) -> None:
    server.messages = {3: LETTER, 8: LETTER}
    assert await look(None) == News(place=Place(validity=7, uid=8), messages=())
    assert not [one for one in server.said if "FETCH" in one]


async def test_what_came_since_is_read_oldest_first_a_few_at_a_time_and_stays_unread(
    server: Server, look: Look
) -> None:
    server.messages = {8: b"a", 12: b"c", 10: b"b"}
    first = await look(Place(validity=7, uid=8), limit=1)
    assert first == News(place=Place(validity=7, uid=10), messages=[(10, b"b")])
    second = await look(first.place)
    assert second.messages == [(12, b"c")]
    assert (await look(second.place)).messages == []
    assert any(one.startswith("EXAMINE") for one in server.said)
    assert not [one for one in server.said if one.startswith("SELECT") or "STORE" in one or " BODY[" in one]


async def test_a_mailbox_that_was_renumbered_is_read_from_the_day_of_the_last_look(
    server: Server, look: Look
) -> None:
    server.messages = {1: b"a"}
    server.validity = 8
    assert (await look(Place(validity=7, uid=99))).messages == [(1, b"a")]
    assert "UID SEARCH SINCE 04-May-2026" in server.said


async def test_a_wrong_password_and_a_missing_folder_are_told_without_the_password(
    server: Server, look: Look
) -> None:
    for reason, folder, password in (
        ("CREDENTIALS_REFUSED", "INBOX", "another"),
        ("SERVICE_REFUSED", "Attic", "pass word"),
    ):
        server.password = password
        with pytest.raises(errors.BlockError) as error:
            await look(None, folder=folder)
        assert error.value.reason == reason
        assert "pass word" not in error.value.message


async def test_a_server_that_claims_to_send_without_end_is_left(server: Server, look: Look) -> None:
    server.messages, server.literal = {1: b"a"}, 10**12
    with pytest.raises(errors.Retryable) as error:
        await look(Place(validity=7, uid=0))
    assert error.value.reason == "SERVICE_UNAVAILABLE"


async def test_a_server_of_another_name_is_not_believed(look: Look) -> None:
    with pytest.raises(errors.Retryable):
        await look(None, host="other.example")


async def test_a_folder_cannot_end_its_command(server: Server, look: Look) -> None:
    with pytest.raises(errors.BlockError):
        await look(None, folder='x" "y')
    assert [one for one in server.said if one.startswith("EXAMINE")] == ['EXAMINE "x\\" \\"y"']


def test_a_letter_is_read_and_whatever_else_it_is_nothing_breaks() -> None:
    read = polled_mail.read(LETTER)
    assert (read["subject"], read["from"], read["text"]) == ("Café", "Bob <bob@example.com>", "Two o'clock?\n")
    for raw in (
        b"",
        b"\xff" * 999,
        b"Subject: \r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x--",
        LETTER[:70],
    ):
        assert set(polled_mail.read(raw)) == set(read)
    typed = b"Content-Type: text/plain; charset=klingon\r\nDate: no\r\nTo: <<>>,,@\r\n\r\nx"
    assert polled_mail.read(typed)["html"] == ""
