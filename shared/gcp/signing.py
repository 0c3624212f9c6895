"""Who signs URLs? The function's own service account, by a call of IAM: no function has a key file.

https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob. The account needs
``iam.serviceAccounts.signBlob`` on itself. The local cloud answers the same call for any account.
"""

import base64
import functools
from typing import Any

import google.auth
from google.auth import credentials
from google.auth.transport import requests

from shared import config

_IAM = "https://iamcredentials.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS = 20


@functools.cache
def signer() -> Any:
    """Credentials that google-cloud-storage signs URLs with."""
    settings = config.settings()
    if settings.firebase_auth_emulator_host:
        base = f"http://{settings.firebase_auth_emulator_host}/{_IAM.removeprefix('https://')}"
        return Signer(base, _Local(), f"functions@{settings.google_cloud_project}.iam.gserviceaccount.com")
    own, _ = google.auth.default(scopes=[_SCOPE])
    return Signer(_IAM, own, "")


class _Local(credentials.Credentials):
    """What the local cloud takes for a caller."""

    def refresh(self, request: Any) -> None:
        self.token = "owner"  # noqa: S105 - not a secret: it is on the loopback interface alone


class Signer(credentials.Credentials, credentials.Signing):
    """``email``: the account in whose name it signs; "": that of ``caller``."""

    def __init__(self, base: str, caller: Any, email: str) -> None:
        super().__init__()
        self._base = base
        self._session = requests.AuthorizedSession(caller)
        self._caller = caller
        self._email = email

    def refresh(self, request: Any) -> None:
        self._caller.refresh(request)

    def sign_bytes(self, message: bytes) -> bytes:
        url = f"{self._base}/v1/projects/-/serviceAccounts/{self.signer_email}:signBlob"
        payload = base64.b64encode(message).decode()
        answer = self._session.post(url, json={"payload": payload}, timeout=_SECONDS)
        answer.raise_for_status()
        return base64.b64decode(answer.json()["signedBlob"])

    @property
    def signer_email(self) -> str:
        """Compute credentials learn their account with their first token."""
        if self._email:
            return self._email
        if getattr(self._caller, "service_account_email", "default") == "default":
            self._caller.refresh(requests.Request())
        return self._caller.service_account_email

    @property
    def signer(self) -> Any:
        return self
