"""How does an e-mail leave? By SMTP, to the server that ``MAIL_URL`` names: the operator's own, or a provider's.

``smtp://user:password@host:587`` turns to TLS where the server can (it must, with a password); ``smtps://…:465``
begins with it. A message has a Message-ID of its own: a server that gets it twice, because the answer to the first
was lost, keeps one (https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4).
"""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from shared import config

TIMEOUT_SECONDS = 30.0


class MailFailed(Exception):
    """It was not taken. ``is_passing``: another attempt may help."""

    def __init__(self, message: str, *, is_passing: bool) -> None:
        super().__init__(message)
        self.is_passing = is_passing


def is_set_up() -> bool:
    return bool(config.settings().mail_url)


async def send(*, to: str, subject: str, text: str, id_: str, at: datetime) -> None:
    """Accepted by the server when this returns. MailFailed."""
    import aiosmtplib  # most events are sent by no mail

    settings = config.settings()
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id_}@{settings.mail_from.rpartition('@')[2].strip('>') or 'weftly'}>"
    message["Auto-Submitted"] = "auto-generated"  # https://www.rfc-editor.org/rfc/rfc3834: no replies of machines
    message.set_content(text)
    server = urlsplit(settings.mail_url)
    password = unquote(server.password or "")
    tls = server.scheme == "smtps"
    try:
        await aiosmtplib.send(
            message,
            hostname=server.hostname or "",
            port=server.port or (465 if tls else 587),
            username=unquote(server.username or "") or None,
            password=password or None,
            use_tls=tls,
            start_tls=False if tls else (True if password else None),
            timeout=TIMEOUT_SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [refused.code for refused in error.recipients]
        raise MailFailed("The server refused the address.", is_passing=all(code < 500 for code in codes)) from error
    except aiosmtplib.SMTPResponseException as error:
        raise MailFailed(f"The server answered {error.code}.", is_passing=error.code < 500) from error
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise MailFailed(f"The server did not answer ({type(error).__name__}).", is_passing=True) from error
