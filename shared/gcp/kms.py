"""How are keys wrapped in Google Cloud? By a key of Cloud KMS, which no function ever sees.

The key encrypts with its primary version; KMS finds the version itself when it decrypts, so a rotation there needs
nothing here (https://cloud.google.com/kms/docs/key-rotation). Checksums hold against what may happen on the way
(https://cloud.google.com/kms/docs/data-integrity-guidelines).
"""

from typing import TYPE_CHECKING, Any

import google_crc32c
from google.api_core import exceptions

from shared import caches

if TYPE_CHECKING:
    from google.cloud.kms_v1 import KeyManagementServiceAsyncClient


class Kms:
    """A keyring of one KMS key; see ``vault.Keyring``. ``key``: projects/P/locations/L/keyRings/R/cryptoKeys/K."""

    def __init__(self, key: str) -> None:
        self._key = key

    async def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        request: Any = {
            "name": self._key,
            "plaintext": key,
            "plaintext_crc32c": _checksum(key),
            "additional_authenticated_data": context,
            "additional_authenticated_data_crc32c": _checksum(context),
        }
        answer = await _client().encrypt(request=request)
        whole = answer.verified_plaintext_crc32c and answer.verified_additional_authenticated_data_crc32c
        if not whole or answer.ciphertext_crc32c != _checksum(answer.ciphertext):
            raise exceptions.InternalServerError("KMS got or gave something else than was sent")
        return answer.name, answer.ciphertext

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """``name``: of the version that wrapped; its key is asked, which may be one of before."""
        request: Any = {
            "name": name.partition("/cryptoKeyVersions/")[0],
            "ciphertext": wrapped,
            "ciphertext_crc32c": _checksum(wrapped),
            "additional_authenticated_data": context,
            "additional_authenticated_data_crc32c": _checksum(context),
        }
        try:
            answer = await _client().decrypt(request=request)
        except (exceptions.InvalidArgument, exceptions.FailedPrecondition) as error:
            raise ValueError("KMS did not wrap it for this context, or its key version is disabled") from error
        except (exceptions.NotFound, exceptions.PermissionDenied) as error:
            raise LookupError(f"KMS has no such key for us: {name}") from error
        if answer.plaintext_crc32c != _checksum(answer.plaintext):
            raise exceptions.InternalServerError("KMS gave something else than it sent")
        return answer.plaintext


@caches.per_loop
def _client() -> "KeyManagementServiceAsyncClient":
    from google.cloud.kms_v1 import KeyManagementServiceAsyncClient

    return KeyManagementServiceAsyncClient()


def _checksum(data: bytes) -> int:
    return google_crc32c.value(data)
