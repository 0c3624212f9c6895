"""Keys wrapped by Cloud KMS: in its own protocol, with a stand-in that encrypts and checks as KMS says it does."""

import os
from collections.abc import AsyncIterator
from typing import Any

import google_crc32c
import grpc
import grpc.aio
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service import transports

from shared.gcp import kms
from shared.services.vault import Vault

KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"


class Service:
    """One key, whose versions are added by ``rotate``."""

    def __init__(self) -> None:
        self.versions = [AESGCM.generate_key(256)]
        self.corrupt = False

    def rotate(self) -> None:
        self.versions.append(AESGCM.generate_key(256))

    async def encrypt(self, request: kms_v1.EncryptRequest, context: Any) -> kms_v1.EncryptResponse:
        version, nonce = len(self.versions), os.urandom(12)
        sealed = AESGCM(self.versions[-1]).encrypt(nonce, request.plaintext, request.additional_authenticated_data)
        ciphertext = bytes([version]) + nonce + sealed
        return kms_v1.EncryptResponse(
            name=f"{request.name}/cryptoKeyVersions/{version}",
            ciphertext=ciphertext,
            ciphertext_crc32c=google_crc32c.value(ciphertext) + self.corrupt,
            verified_plaintext_crc32c=request.plaintext_crc32c == google_crc32c.value(request.plaintext),
            verified_additional_authenticated_data_crc32c=True,
        )

    async def decrypt(self, request: kms_v1.DecryptRequest, context: Any) -> kms_v1.DecryptResponse:
        if request.name != KEY:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such key")
        version, nonce, sealed = request.ciphertext[0], request.ciphertext[1:13], request.ciphertext[13:]
        try:
            plain = AESGCM(self.versions[version - 1]).decrypt(nonce, sealed, request.additional_authenticated_data)
        except InvalidTag:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "decryption failed")
            raise
        return kms_v1.DecryptResponse(plaintext=plain, plaintext_crc32c=google_crc32c.value(plain) + self.corrupt)


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    made, server = Service(), grpc.aio.server()
    calls = {
        name: grpc.unary_unary_rpc_method_handler(
            call, request_deserializer=kind.deserialize, response_serializer=answer.serialize
        )
        for name, call, kind, answer in (
            ("Encrypt", made.encrypt, kms_v1.EncryptRequest, kms_v1.EncryptResponse),
            ("Decrypt", made.decrypt, kms_v1.DecryptRequest, kms_v1.DecryptResponse),
        )
    }
    handler = grpc.method_handlers_generic_handler("google.cloud.kms.v1.KeyManagementService", calls)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    transport = transports.KeyManagementServiceGrpcAsyncIOTransport(
        channel=grpc.aio.insecure_channel(f"127.0.0.1:{port}"), credentials=AnonymousCredentials()
    )
    client = kms_v1.KeyManagementServiceAsyncClient(transport=transport)
    monkeypatch.setattr(kms, "_client", lambda: client)
    yield made
    await transport.close()
    await server.stop(None)


async def test_a_secret_sealed_with_kms_opens_and_survives_a_rotation(service: Service):
    vault = Vault(kms.Kms(KEY))
    sealed = await vault.seal("ann", "p", b"secret")
    assert sealed.key == f"{KEY}/cryptoKeyVersions/1"
    service.rotate()
    assert await vault.open("ann", "p", sealed) == b"secret"
    rewrapped = await vault.rewrap("ann", "p", sealed)
    assert rewrapped.key == f"{KEY}/cryptoKeyVersions/2"
    assert await vault.open("ann", "p", rewrapped) == b"secret"


async def test_kms_opens_nothing_for_another_context(service: Service):
    name, wrapped = await kms.Kms(KEY).wrap(b"k" * 32, b"one")
    with pytest.raises(ValueError, match="context"):
        await kms.Kms(KEY).unwrap(name, wrapped, b"another")


async def test_a_key_that_is_not_there_is_a_lookup_error(service: Service):
    _, wrapped = await kms.Kms(KEY).wrap(b"k" * 32, b"one")
    with pytest.raises(LookupError):
        await kms.Kms(KEY).unwrap(f"{KEY}x/cryptoKeyVersions/1", wrapped, b"one")


async def test_what_arrives_damaged_is_refused(service: Service):
    name, wrapped = await kms.Kms(KEY).wrap(b"k" * 32, b"one")
    service.corrupt = True
    with pytest.raises(exceptions.InternalServerError):
        await kms.Kms(KEY).wrap(b"k" * 32, b"one")
    with pytest.raises(exceptions.InternalServerError):
        await kms.Kms(KEY).unwrap(name, wrapped, b"one")
