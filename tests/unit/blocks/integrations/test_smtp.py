"""Does SEND_EMAIL hand its message to the server, encrypted, and say what the server said?"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from double import SECRET, Case, World, context, letter

from shared.blocks import catalog, runner
from shared.blocks.credentials import Kind
from shared.blocks.integrations import smtp
from shared.domain import errors

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


class Server:
    """Keeps what it is sent. ``refuses``: what it answers to the recipient instead of 250."""

    def __init__(self, refuses: str = "") -> None:
        self.mail: list[tuple[str, list[str], dict[str, str]]] = []
        self.logins: list[tuple[str, str]] = []
        self._refuses = refuses

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == SECRET, handled=False)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if self._refuses:
            return self._refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mail.append((envelope.mail_from or "", envelope.rcpt_tos, letter(envelope.content)))
        return "250 OK"


class Way(World):
    """Leads the server's name to this machine."""

    def __init__(self, known: dict[str, list[str]]) -> None:
        super().__init__([])
        self._known = known

    async def addresses(self, host: str, port: int) -> list[str]:
        if host not in self._known:
            raise errors.BlockError(f"{host} leads to 10.0.0.1, which is not a public address")
        return self._known[host]


@pytest.fixture
async def serve(certificate: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., int]]:
    tls, trusting = certificate
    monkeypatch.setattr(smtp, "_trusted", lambda: trusting)
    running: list[Any] = []

    async def start(server: Server, *, immediate: bool = False, encrypted: bool = True) -> int:
        def protocol() -> SMTP:
            context = tls if encrypted and not immediate else None
            return SMTP(
                server,
                authenticator=server.authenticate,
                tls_context=context,
                require_starttls=context is not None,
                auth_require_tls=context is not None,
                loop=asyncio.get_running_loop(),
            )

        made = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", 0, ssl=tls if immediate else None
        )
        running.append(made)
        return made.sockets[0].getsockname()[1]

    yield start
    for made in running:
        made.close()
        await made.wait_closed()


async def sent(port: int, secret: str = SECRET, host: str = "public.example", **input: Any) -> runner.Outcome:
    values = {
        "to_email": "Bob <bob@b.example>, eve@e.example",
        "subject": "Ebb",
        "body": "Low wäter\n.\nat six",
        "config": {"smtp_server": host, "smtp_port": port},
        "credentials": "mine",
        **input,
    }
    case = Case(block="SEND_EMAIL", input=values, asks=[], kind=Kind.USER_PASSWORD, secret=secret)
    block = catalog.get("SEND_EMAIL")
    world = Way({"public.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    return await runner.collect(block, catalog.read_input(block, values), context(case, world))


async def test_a_message_goes_encrypted_to_all_its_recipients(serve: Any) -> None:
    server = Server()
    outcome = await sent(await serve(server))
    assert outcome == runner.Outcome(tokens=[("status", "Email sent successfully")])
    assert server.logins == [("ann", SECRET)]
    ((sender, recipients, message),) = server.mail
    assert (sender, recipients) == ("ann", ["bob@b.example", "eve@e.example"])
    assert message["Subject"] == "Ebb"
    assert message["Message-ID"] == "<ne-1@weftly.invalid>"
    assert message["text/plain"] == "Low wäter\n.\nat six"


async def test_one_port_is_encrypted_from_the_first_byte_on(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    port = await serve(server, immediate=True)
    monkeypatch.setattr(smtp, "_TLS_PORT", port)
    assert (await sent(port)).failure is None
    assert len(server.mail) == 1


async def test_no_password_goes_to_a_server_without_encryption(serve: Any) -> None:
    server = Server()
    outcome = await sent(await serve(server, encrypted=False))
    assert outcome.failure is not None
    assert server.logins == []


async def test_the_certificate_must_be_the_servers(serve: Any) -> None:
    server = Server()
    outcome = await sent(await serve(server), host="other.example")
    assert isinstance(outcome.failure, errors.Retryable)
    assert "other.example" in outcome.failure.message
    assert server.logins == []


async def test_refused_credentials_are_named_and_not_told(serve: Any) -> None:
    outcome = await sent(await serve(Server()), secret="wrong-password")
    assert outcome.failure is not None
    assert outcome.failure.reason == "CREDENTIALS_REFUSED", outcome.failure.message
    assert "wrong-password" not in outcome.failure.message


@pytest.mark.parametrize(
    ("said", "kind"), [("450 4.2.1 later", errors.Retryable), ("550 5.1.1 nobody of this name", errors.BlockError)]
)
async def test_a_refused_recipient_may_be_tried_again_where_the_server_says_so(
    serve: Any, said: str, kind: type[errors.BlockError]
) -> None:
    outcome = await sent(await serve(Server(refuses=said)))
    assert type(outcome.failure) is kind
    assert said[4:] in outcome.failure.message


async def test_a_server_that_is_down_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance((await sent(port)).failure, errors.Retryable)


async def test_a_server_inside_is_not_reached(serve: Any) -> None:
    server = Server()
    outcome = await sent(await serve(server), host="inner.example")
    assert outcome.failure is not None
    assert "not a public address" in outcome.failure.message


@pytest.mark.parametrize(
    "input", [{"to_email": " , "}, {"subject": "a\nBcc: eve@e.example"}], ids=["nobody", "header"]
)
async def test_what_cannot_be_written_is_refused(input: dict[str, str]) -> None:
    outcome = await sent(1, **input)
    assert outcome.failure is not None
    assert outcome.failure.reason == "INVALID_INPUT"
