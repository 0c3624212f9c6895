"""How does a secret lie in the database? Sealed in an envelope.

Each secret is encrypted (AES-256-GCM) with a key of its own, and that key is wrapped by the key of the deployment:
one of Cloud KMS, or of a local file. What a secret belongs to, its owner and its document, is authenticated with it:
a sealed secret that is copied into another document does not open there. When the deployment's key is rotated only
the wrapping is done anew.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared import clock, config
from shared.domain import errors
from shared.services import key_file

KEY_BYTES = 32
NONCE_BYTES = 12


class Keyring(Protocol):
    """Wraps keys with keys that do not leave it."""

    async def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """The name of the current wrapping key, and ``key`` wrapped by it for this context."""
        ...

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """ValueError: it was not wrapped by this key, or not for this context; LookupError: there is no such key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """``key``: the name of the key that wrapped."""

    key: str
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes

    def document(self) -> dict[str, Any]:
        return {"key": self.key, "wrapped": self.wrapped, "nonce": self.nonce, "ciphertext": self.ciphertext}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Sealed":
        return cls(**{name: document[name] for name in ("key", "wrapped", "nonce", "ciphertext")})


class Vault:
    """Seals and opens. ``owner``: whose secret it is; ``place``: the path of its document."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def seal(self, owner: str, place: str, secret: bytes) -> Sealed:
        context = _context(owner, place)
        key, nonce = clock.random_bytes(KEY_BYTES), clock.random_bytes(NONCE_BYTES)
        name, wrapped = await self._keyring.wrap(key, context)
        return Sealed(key=name, wrapped=wrapped, nonce=nonce, ciphertext=AESGCM(key).encrypt(nonce, secret, context))

    async def open(self, owner: str, place: str, sealed: Sealed) -> bytes:
        """Unavailable: its key is not there, or it was not sealed for this owner and place."""
        context = _context(owner, place)
        key = await self._key(sealed, context, place)
        try:
            return AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, context)
        except InvalidTag as error:
            raise _unreadable(place) from error

    async def rewrap(self, owner: str, place: str, sealed: Sealed) -> Sealed:
        """The same secret under the current key."""
        context = _context(owner, place)
        key = await self._key(sealed, context, place)
        name, wrapped = await self._keyring.wrap(key, context)
        return Sealed(key=name, wrapped=wrapped, nonce=sealed.nonce, ciphertext=sealed.ciphertext)

    async def _key(self, sealed: Sealed, context: bytes, place: str) -> bytes:
        try:
            return await self._keyring.unwrap(sealed.key, sealed.wrapped, context)
        except (ValueError, LookupError) as error:
            raise _unreadable(place) from error


@functools.cache
def real() -> Vault:
    """The vault of this deployment. Unavailable: neither setting names a key."""
    settings = config.settings()
    if settings.credentials_kms_key:
        from shared.gcp import kms

        return Vault(kms.Kms(settings.credentials_kms_key))
    if settings.credentials_key_file:
        return Vault(key_file.KeyFile(settings.credentials_key_file))
    raise errors.Unavailable(
        "This deployment keeps no secrets: set CREDENTIALS_KMS_KEY or CREDENTIALS_KEY_FILE.",
        reason="CREDENTIALS_NOT_CONFIGURED",
    )


def _context(owner: str, place: str) -> bytes:
    return "\0".join(("weftly", "1", owner, place)).encode()


def _unreadable(place: str) -> errors.Unavailable:
    return errors.Unavailable(
        f"The secret of {place} cannot be opened: the key that it was sealed with is missing or another. Restore the "
        "key, or create the credentials anew.",
        reason="CREDENTIALS_UNREADABLE",
    )
