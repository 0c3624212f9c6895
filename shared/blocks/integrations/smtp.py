"""E-mail by SMTP.

https://www.rfc-editor.org/rfc/rfc5321, encrypted as https://www.rfc-editor.org/rfc/rfc8314 has it: port 465 from the
first byte on, other ports by STARTTLS, and no password without.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import Kind, Need, UserPassword
from shared.blocks.integrations import api, hiding, mail
from shared.domain import errors

NEED = Need(
    provider="smtp",
    kinds=(Kind.USER_PASSWORD,),
    where="https://support.google.com/accounts/answer/185833",
)
_TLS_PORT = 465
_SECONDS = 60


class SMTPConfig(BaseModel):
    """A server, and its port: 465, 587 or 25."""

    model_config = ConfigDict(extra="ignore")

    smtp_server: str
    smtp_port: int = 587


class SendEmailBlock(Block):
    block_type = "SEND_EMAIL"
    category = "COMMUNICATION"
    description = "Sends an e-mail through an SMTP server, encrypted. Its credentials go to the server that it names."
    max_attempts = 3
    credentials = {"credentials": NEED}
    examples = [
        Example(
            title="A message",
            input={
                "to_email": "bob@example.com",
                "subject": "Ebb",
                "body": "Low water at six.",
                "config": {"smtp_server": "smtp.example.com"},
            },
        ),
        api.without_credentials(
            {
                "to_email": "bob@example.com",
                "subject": "Ebb",
                "body": "Low water at six.",
                "config": {"smtp_server": "smtp.example.com"},
            }
        ),
    ]

    class Input(BlockInput):
        to_email: str = Field(description="Whom to send it to; several with commas between them.")
        subject: str = Field(description="The subject.")
        body: str = Field(description="The text, or HTML.")
        config: SMTPConfig = Field(description="smtp_server, and smtp_port, 587 without one.")
        credentials: Any = api.credentials_pin("the SMTP server: user, who is the sender, and password")

    class Output(BlockOutput):
        status: str = Field(description='"Email sent successfully".')

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        credential = await context.credential(NEED, input.credentials)
        if not isinstance(credential, UserPassword):
            raise errors.BlockError("Credentials with user and password are needed", reason="CREDENTIALS_UNSUITABLE")
        letter = mail.Letter(
            to=mail.addresses(input.to_email), sender=credential.username, subject=input.subject, body=input.body
        )
        message = await mail.written(letter, context)
        await sent(message, input.config, credential, context)
        yield "status", "Email sent successfully"


async def sent(message: Any, config: SMTPConfig, credential: UserPassword, context: Context) -> None:
    """BlockError ``CREDENTIALS_REFUSED``, ``SERVICE_REFUSED``; Retryable ``SERVICE_UNAVAILABLE``."""
    import aiosmtplib

    hidden = hiding.Hidden(credential)
    server = config.smtp_server.strip()
    try:
        connection = await _connected(server, config.smtp_port, context)
        immediate = config.smtp_port == _TLS_PORT
        await aiosmtplib.send(
            message,
            hostname=server,
            sock=connection,
            use_tls=immediate,
            start_tls=None if immediate else True,
            username=credential.username,
            password=credential.password,
            timeout=_SECONDS,
            tls_context=_trusted(),
        )
    except aiosmtplib.SMTPAuthenticationError as error:
        raise errors.BlockError(
            hidden.text(f"{server} does not accept the credentials: {error.code} {error.message}"),
            reason="CREDENTIALS_REFUSED",
        ) from None
    except aiosmtplib.SMTPRecipientsRefused as error:
        said = "; ".join(f"{one.recipient}: {one.code} {one.message}" for one in error.recipients)
        raise _failure(hidden.text(f"{server} refused the recipients: {said}"), error.recipients[0].code) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _failure(hidden.text(f"{server} answered {error.code}: {error.message}"), error.code) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise _failure(hidden.text(f"{server} cannot be spoken to: {error or type(error).__name__}"), 421) from None


def _failure(what: str, code: int) -> errors.BlockError:
    """https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1: 4yz may pass, 5yz does not."""
    if 400 <= code < 500:
        return errors.Retryable(what, reason="SERVICE_UNAVAILABLE")
    return errors.BlockError(what, reason="SERVICE_REFUSED")


async def _connected(server: str, port: int, context: Context) -> socket.socket:
    """To an address that was judged: no name is resolved a second time."""
    addresses = await context.http.addresses(server, port)
    for number, address in enumerate(addresses):
        try:
            connection = await asyncio.to_thread(socket.create_connection, (address, port), 10)
        except OSError:
            if number == len(addresses) - 1:
                raise
            continue
        connection.setblocking(False)
        return connection
    raise AssertionError("a name that was admitted has an address")


def _trusted() -> Any:
    import ssl

    return ssl.create_default_context()
