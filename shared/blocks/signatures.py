"""Which blocks hash, sign and check?"""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from enum import Enum
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.credentials import ApiKey, Kind, Need
from shared.domain import errors


class Algorithm(Enum):
    SHA256 = "sha256"
    SHA512 = "sha512"
    SHA384 = "sha384"
    SHA3_256 = "sha3_256"
    BLAKE2B = "blake2b"
    SHA1 = "sha1"
    MD5 = "md5"


class Digest(Enum):
    HEX = "hex"
    BASE64 = "base64"


def _written(digest: bytes, how: Digest) -> str:
    return digest.hex() if how == Digest.HEX else base64.b64encode(digest).decode()


class HashTextBlock(Block):
    block_type = "HASH_TEXT"
    category = "SECURITY"
    description = "Gives the hash of a text, or of a value by its JSON with sorted keys."
    pure = True
    examples = [
        Example(
            title="SHA-256",
            input={"value": "abc"},
            output=[("hash", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")],
        ),
        Example(
            title="A value, in MD5 for an old service",
            input={"value": {"b": 1, "a": 2}, "algorithm": "md5"},
            output=[("hash", "620a7530f307c3f3f111d443a4109815")],
        ),
    ]

    class Input(BlockInput):
        value: Any = Field(description="A text, or any value.")
        algorithm: Algorithm = Field(
            default=Algorithm.SHA256, description="Which; md5 and sha1 prove nothing any more."
        )
        digest: Digest = Field(default=Digest.HEX, description="How it is written.")

    class Output(BlockOutput):
        hash: str = Field(description="The hash.")

    def run(self, input: Input, context: Context) -> Iterator[tuple[str, Any]]:
        made = hashlib.new(input.algorithm.value, _bytes(input.value), usedforsecurity=False)
        yield "hash", _written(made.digest(), input.digest)


def _bytes(value: Any) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "replace")


KEY = Need(
    provider="signing_key",
    kinds=(Kind.API_KEY,),
    where="the service that checks or makes the signature, for example its page of webhooks",
)


async def signing_key(context: Context, chosen: Any) -> bytes:
    found = await context.credential(KEY, chosen)
    return found.api_key.encode() if isinstance(found, ApiKey) else b""


class SignTextBlock(Block):
    block_type = "SIGN_TEXT"
    category = "SECURITY"
    description = "Signs a text with a shared secret (HMAC), or checks such a signature."
    credentials = {"credentials": KEY}
    examples = [
        Example(title="A text", input={"value": "abc", "credentials": "c"}),
        Example(title="No secret", input={"value": "a"}, fails="signing_key"),
    ]

    class Input(BlockInput):
        value: Any = Field(description="A text, or any value by its JSON with sorted keys.")
        credentials: Any = Field(default=None, description="The shared secret, as an API key.")
        algorithm: Algorithm = Field(default=Algorithm.SHA256, description="Which hash.")
        digest: Digest = Field(default=Digest.HEX, description="How it is written.")
        expected: str = Field(default="", description="A signature to check, with or without sha256= before it.")

    class Output(BlockOutput):
        signature: str = Field(description="The signature, where none is to be checked.")
        valid: Any = Field(description="The value, where the signature is right.")
        invalid: Any = Field(description="The value, where it is not.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        key = await signing_key(context, input.credentials)
        made = _written(hmac.new(key, _bytes(input.value), input.algorithm.value).digest(), input.digest)
        if not input.expected:
            yield "signature", made
            return
        expected = input.expected.strip().removeprefix(f"{input.algorithm.value}=")
        right = hmac.compare_digest(made.encode(), expected.encode("utf-8", "replace"))
        yield "valid" if right else "invalid", input.value


class JwtAlgorithm(Enum):
    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"
    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


class SignJwtBlock(Block):
    block_type = "SIGN_JWT"
    category = "SECURITY"
    description = "Makes a signed token (JWT) of claims."
    credentials = {"credentials": KEY}
    examples = [
        Example(title="For an hour", input={"claims": {"sub": "ada"}, "expires_in_seconds": 3600, "credentials": "c"})
    ]

    class Input(BlockInput):
        claims: dict[str, Any] = Field(description="What the token says.")
        credentials: Any = Field(default=None, description="The secret, or the private key in PEM, as an API key.")
        algorithm: JwtAlgorithm = Field(default=JwtAlgorithm.HS256, description="How it is signed.")
        expires_in_seconds: int = Field(
            default=0, ge=0, le=315_360_000, description="How long it holds; 0: as the claims say."
        )
        headers: dict[str, Any] = Field(default_factory=dict[str, Any], description="More headers, as kid.")

    class Output(BlockOutput):
        token: str = Field(description="The token.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        import jwt

        key = await signing_key(context, input.credentials)
        claims = {"iat": context.now(), **input.claims}
        if input.expires_in_seconds:
            claims["exp"] = context.now() + timedelta(seconds=input.expires_in_seconds)
        try:
            yield "token", jwt.encode(claims, key, input.algorithm.value, headers=input.headers)
        except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError) as error:
            raise errors.BlockError(f"The token cannot be signed: {error}", reason="TOKEN_INVALID") from error


class VerifyJwtBlock(Block):
    block_type = "VERIFY_JWT"
    category = "SECURITY"
    description = "Checks the signature and the times of a token (JWT), and gives its claims."
    credentials = {"credentials": KEY}
    examples = [Example(title="A token", input={"token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "credentials": "c"})]

    class Input(BlockInput):
        token: str = Field(max_length=100_000, description="The token, with or without Bearer before it.")
        credentials: Any = Field(default=None, description="The secret, or the public key in PEM, as an API key.")
        algorithm: JwtAlgorithm = Field(
            default=JwtAlgorithm.HS256, description="How it has to be signed; no other counts."
        )
        audience: str = Field(default="", description="For whom it has to be; empty: for anybody.")
        issuer: str = Field(default="", description="By whom it has to be; empty: by anybody.")

    class Output(BlockOutput):
        claims: dict[str, Any] = Field(description="What a good token says.")
        invalid: str = Field(description="Why a bad one is bad.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        import jwt

        key = await signing_key(context, input.credentials)
        unchecked: Any = {
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_aud": bool(input.audience),
        }
        try:
            claims = jwt.decode(
                input.token.removeprefix("Bearer ").strip(),
                key,
                algorithms=[input.algorithm.value],
                audience=input.audience or None,
                issuer=input.issuer or None,
                options=unchecked,  # the times are judged by the clock of the context
            )
            bad = _out_of_time(claims, context.now().timestamp())
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            claims, bad = {}, str(error) or type(error).__name__
        if bad:
            yield "invalid", bad
        else:
            yield "claims", claims


def _out_of_time(claims: dict[str, Any], now: float) -> str:
    for name in ("exp", "nbf"):
        if name in claims and not isinstance(claims[name], int | float):
            return f"{name} is no time"
    if claims.get("exp", now + 1) <= now:
        return "The token has expired"
    return "The token does not hold yet" if claims.get("nbf", now) > now else ""
