"""A mail server that delivers to a folder: what the functions send lies there to be looked at, and goes nowhere."""

from local.mail.service import MailService

__all__ = ["MailService"]
