"""How does a message reach a browser or phone? By Firebase Cloud Messaging, through firebase-admin.

Errors: https://firebase.google.com/docs/cloud-messaging/error-codes. A message has a tag: where one of it is shown
already, as after a delivery whose answer was lost, the device shows it once.
"""

import asyncio
import functools
from collections.abc import Mapping

import firebase_admin
from firebase_admin import credentials, exceptions, messaging
from google.auth.credentials import AnonymousCredentials

from shared import config
from shared.gcp import auth

TTL_SECONDS = 86_400
"""How long FCM keeps a message for a device that is off."""


class TokenGone(Exception):
    """FCM knows the token no more, or never did: the device is to be forgotten."""


class PushFailed(Exception):
    """It was not taken. ``is_passing``: another attempt may help."""

    def __init__(self, message: str, *, is_passing: bool) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class _Nobody(credentials.Base):
    """For a local FCM, which asks for no credentials."""

    def get_credential(self) -> AnonymousCredentials:
        return AnonymousCredentials()


@functools.cache
def _app(url: str) -> firebase_admin.App:
    """``url``: of a local FCM. firebase-admin has no variable for one, so its address is put in here."""
    if not url:
        return auth.app()
    options = {"projectId": config.settings().google_cloud_project, "httpTimeout": auth.HTTP_SECONDS}
    app = firebase_admin.initialize_app(_Nobody(), options=options, name="weftly-push")
    service = messaging._get_messaging_service(app)  # pyright: ignore[reportPrivateUsage]
    service._fcm_url = f"{url}/v1/projects/{options['projectId']}/messages:send"  # pyright: ignore[reportPrivateUsage]
    return app


async def send(token: str, *, tag: str, title: str, text: str, data: Mapping[str, str]) -> None:
    """Accepted when this returns. TokenGone; PushFailed."""
    message = messaging.Message(
        notification=messaging.Notification(title=title, body=text),
        data=dict(data),
        webpush=messaging.WebpushConfig(
            headers={"TTL": str(TTL_SECONDS)}, notification=messaging.WebpushNotification(tag=tag)
        ),
        android=messaging.AndroidConfig(
            collapse_key=tag, ttl=TTL_SECONDS, notification=messaging.AndroidNotification(tag=tag)
        ),
        apns=messaging.APNSConfig(headers={"apns-collapse-id": tag}),
    )
    # The constructor takes ids of installations now, and warns of tokens, which are what a browser has to give.
    message.token = token
    app = _app(config.settings().fcm_url)
    try:
        await asyncio.to_thread(messaging.send, message, app=app)
    except (messaging.UnregisteredError, messaging.SenderIdMismatchError) as error:
        raise TokenGone(str(error)) from error
    except (exceptions.InvalidArgumentError, ValueError) as error:
        raise TokenGone(f"FCM takes the token or the message for invalid: {error}") from error
    except (messaging.QuotaExceededError, exceptions.UnavailableError, exceptions.InternalError) as error:
        raise PushFailed(str(error), is_passing=True) from error
    except exceptions.FirebaseError as error:
        raise PushFailed(str(error), is_passing=error.code in _PASSING) from error


_PASSING = frozenset({exceptions.UNKNOWN, exceptions.DEADLINE_EXCEEDED, exceptions.ABORTED})
