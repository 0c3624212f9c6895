"""Who signs the tokens that the local cloud's services carry when they call a function?

One RSA key, made on first use and kept in the database, so that a token stays good over a restart. It is read on
first use too, for either takes a core 40 ms. The tokens have the claims of Google's own OIDC ID tokens
(https://cloud.google.com/docs/authentication/token-types#id), and the auth service publishes the public key as
Google does.
"""

import base64
import functools
import hashlib
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local.database import Database

ISSUER = "https://accounts.google.com"
LIFETIME_SECONDS = 3600
# A token is handed out again for this long: signing costs a core about a millisecond, a dispatch far less.
REUSE_SECONDS = 600
DEFAULT_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Identity:
    """Mints RS256 ID tokens for service accounts, and tells the key that verifies them."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._database = database
        database.create(
            "CREATE TABLE IF NOT EXISTS identity_key (id INTEGER PRIMARY KEY CHECK (id = 1), pem BLOB NOT NULL)"
        )
        self._minted: dict[tuple[str, str], tuple[float, str]] = {}

    def mint_oidc(self, audience: str, email: str) -> str:
        """An ID token that says ``email`` calls ``audience``; good for 50 minutes at least, an hour at
        most."""
        now = self._clock()
        minted_at, token = self._minted.get((audience, email), (0.0, ""))
        if token and 0 <= now - minted_at < REUSE_SECONDS:
            return token
        token = self._sign(audience, email, int(now))
        if len(self._minted) > 1000:
            self._minted.clear()
        self._minted[audience, email] = (now, token)
        return token

    def sign(self, text: bytes) -> bytes:
        """A signature of ``text`` (RSA PKCS 1 with SHA-256), as every service account of this cloud makes it."""
        return self._key.sign(text, padding.PKCS1v15(), hashes.SHA256())

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether ``sign`` made the signature."""
        try:
            self._key.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    @functools.cached_property
    def key_id(self) -> str:
        """Which key it is."""
        return hashlib.sha256(_base64url(self._numbers.n).encode()).hexdigest()[:40]

    def mint_oauth(self, email: str, scope: str) -> str:
        """An access token of ``email``: opaque, as Google's are, and good for nothing but to be recognised, for there
        is no API of Google's here that would look at it."""
        said = f"{email} {scope or DEFAULT_SCOPE} {int(self._clock() // REUSE_SECONDS)}"
        return f"ya29.local.{hashlib.sha256(f'{self.key_id} {said}'.encode()).hexdigest()}"

    @functools.cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        row = self._database.connection.execute("SELECT pem FROM identity_key").fetchone()
        if row is not None:
            loaded = serialization.load_pem_private_key(row[0], password=None)
            assert isinstance(loaded, rsa.RSAPrivateKey)
            return loaded
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._database.write("INSERT INTO identity_key (id, pem) VALUES (1, ?)", (pem,))
        return key

    @functools.cached_property
    def _numbers(self) -> rsa.RSAPublicNumbers:
        return self._key.public_key().public_numbers()

    def _sign(self, audience: str, email: str, issued_at: int) -> str:
        subject = str(int(hashlib.sha256(email.encode()).hexdigest()[:16], 16)).rjust(21, "1")[:21]
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "azp": subject,
            "sub": subject,
            "email": email,
            "email_verified": True,
            "iat": issued_at,
            "exp": issued_at + LIFETIME_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWK set, as https://www.googleapis.com/oauth2/v3/certs serves it."""
        key = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.key_id,
            "n": _base64url(self._numbers.n),
            "e": _base64url(self._numbers.e),
        }
        return {"keys": [key]}


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
