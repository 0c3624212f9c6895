"""What does a mail server say, and where does it put what it is given? (SMTP, https://www.rfc-editor.org/rfc/rfc5321)

Every message is a file, ``mail/*.eml``, which mail programs open. A message that comes again under its Message-ID, as
after an answer that was lost, is kept once, as the stores of large providers do.
"""

import asyncio
import email
import email.policy
import hashlib
import logging
import re
from email.message import EmailMessage
from pathlib import Path

from local.serving import HOST

MAX_BYTES = 10_000_000
_PATIENCE_SECONDS = 60.0

log = logging.getLogger(__name__)


class MailService:
    """``folder``: where messages are put; None: nowhere but in ``kept``, which has those of this run by their id."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self.kept: dict[str, EmailMessage] = {}
        self.refused: set[str] = set()
        """Addresses that are refused for good, for who wants to see what comes of that."""

    async def start(self, port: int) -> int:
        self._server = await asyncio.start_server(self._begin, HOST, port, limit=MAX_BYTES)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for session in list(self._sessions):
                session.cancel()
            await asyncio.gather(*self._sessions, return_exceptions=True)
            await self._server.wait_closed()
        self._server = None

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.create_task(self._serve(reader, writer))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Session(self, reader, writer).run()
        except (TimeoutError, ConnectionError, ValueError, asyncio.IncompleteReadError):
            log.info("a client of the mail server went away")
        finally:
            writer.close()

    def keep(self, content: bytes) -> None:
        message = email.message_from_bytes(content, policy=email.policy.default)
        id_ = str(message["Message-ID"] or hashlib.sha256(content).hexdigest())
        self.kept[id_] = message
        if self._folder is not None:
            self._folder.mkdir(exist_ok=True)
            words = re.sub(r"[^A-Za-z0-9]+", "-", str(message["Subject"] or "message"))[:60].strip("-")
            name = f"{words}-{hashlib.sha256(id_.encode()).hexdigest()[:12]}.eml"
            (self._folder / name).write_bytes(content)


class _Session:
    """One client: what it has said so far."""

    def __init__(self, service: MailService, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer
        self._to: list[str] = []
        self._from = False

    async def run(self) -> None:
        await self._say("220 the local mail server")
        while line := await self._line():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                return await self._say("221 bye")
            await self._say(await self._answer(verb.upper(), rest))
        return None

    async def _answer(self, verb: str, rest: str) -> str:
        match verb:
            case "EHLO" | "HELO":
                return f"250-weftly.local\r\n250-SIZE {MAX_BYTES}\r\n250 SMTPUTF8" if verb == "EHLO" else "250 hello"
            case "MAIL":
                self._from, self._to = True, []
                return "250 ok"
            case "RCPT" if self._from:
                address = rest.partition("<")[2].partition(">")[0]
                if address in self._service.refused:
                    return "550 there is no such mailbox"
                self._to.append(address)
                return "250 ok"
            case "DATA" if self._to:
                await self._say("354 go on, and end with a dot")
                self._service.keep(await self._data())
                self._from, self._to = False, []
                return "250 kept"
            case "RSET":
                self._from, self._to = False, []
                return "250 ok"
            case "NOOP":
                return "250 ok"
            case "RCPT" | "DATA":
                return "503 not now"
            case _:
                return "502 this server does not know that"

    async def _data(self) -> bytes:
        lines: list[bytes] = []
        size = 0
        while (line := await self._line()) not in (b".\r\n", b".\n"):
            if not line:
                raise ConnectionError("it ended in the middle of a message")
            size += len(line)
            if size > MAX_BYTES:
                raise ConnectionError("a message is too large")
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    async def _line(self) -> bytes:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await self._reader.readline()

    async def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()
