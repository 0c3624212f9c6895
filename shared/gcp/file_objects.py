"""Where do the bytes of users' files lie, and who may reach them with which URL?

    quarantine bucket   OWNER/ID          written once, by an upload URL or by a node; read by the scan alone
    files bucket        files/OWNER/ID    written by the scan alone, once; read by blocks, and by download URLs

Nobody has a URL to write into the files bucket, and none to read from the quarantine. A generation names what was
written once and for all: whatever else may come to lie under a name, it is another one
(https://cloud.google.com/storage/docs/request-preconditions). OWNER is derived from the user's id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from google.api_core import exceptions

from shared import config
from shared.domain import errors, identity
from shared.gcp import outages, storage

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a client needs to send or fetch an object. ``headers``: to be sent as they are."""

    method: str
    url: str
    headers: Mapping[str, str]


def owner(user_id: str) -> str:
    return identity.derive("files", user_id)


def quarantine_name(user_id: str, file_id: str) -> str:
    return f"{owner(user_id)}/{file_id}"


def kept_name(user_id: str, file_id: str) -> str:
    return f"files/{owner(user_id)}/{file_id}"


def _reaching(call: Callable[_P, Awaitable[_T]]) -> Callable[_P, Awaitable[_T]]:
    """What Cloud Storage cannot do now is ``Unavailable``."""

    async def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return await call(*args, **kwargs)
        except outages.PASSING as error:
            raise errors.Unavailable(
                f"The file storage did not answer ({type(error).__name__}); try again.", retry_after=1
            ) from error

    return wrapped


async def upload_url(name: str, content_type: str, size: int, lifetime: timedelta) -> Signed:
    """For exactly ``size`` bytes of this type, once: there must be no object of this name yet
    (https://cloud.google.com/storage/docs/xml-api/reference-headers#xgoogcontentlengthrange)."""
    headers = {
        "Content-Type": content_type,
        "x-goog-content-length-range": f"{size},{size}",
        "x-goog-if-generation-match": "0",
    }
    blob = _quarantine().blob(name)
    url = await _url(blob, lifetime, method="PUT", headers=dict(headers))
    return Signed(method="PUT", url=url, headers=headers)


async def download_url(name: str, generation: str, lifetime: timedelta) -> str:
    """For one generation of a file that is kept: what was checked, or nothing."""
    return await _url(_files().blob(name), lifetime, method="GET", generation=generation)


@_reaching
async def _url(blob: Any, lifetime: timedelta, **options: Any) -> str:
    from shared.gcp import signing  # brings an HTTP library along that nothing else needs

    endpoint = config.settings().storage_emulator_host or "https://storage.googleapis.com"
    return await asyncio.to_thread(
        lambda: blob.generate_signed_url(
            version="v4",
            expiration=lifetime,
            credentials=signing.signer(),
            api_access_endpoint=endpoint.rstrip("/"),
            **options,
        )
    )


@_reaching
async def send(name: str, data: bytes) -> None:
    """Into quarantine, unless something of this name is there."""
    blob = _quarantine().blob(name)

    def put() -> None:
        try:
            blob.upload_from_string(data, content_type="application/octet-stream", if_generation_match=0)
        except exceptions.PreconditionFailed:
            return

    await asyncio.to_thread(put)


@_reaching
async def quarantined(name: str) -> str | None:
    """The generation of what lies in quarantine; None: nothing does."""
    blob = await asyncio.to_thread(lambda: _quarantine().get_blob(name))
    return None if blob is None else str(blob.generation)


@_reaching
async def read_quarantined(name: str, generation: str, most: int) -> bytes | None:
    """At most one byte more than ``most``; None: it is gone."""
    return await asyncio.to_thread(lambda: _read(_quarantine().blob(name, generation=int(generation)), most))


@_reaching
async def read_kept(name: str, generation: str, most: int) -> bytes | None:
    """As ``read_quarantined``, of a file that is kept."""
    return await asyncio.to_thread(lambda: _read(_files().blob(name, generation=int(generation)), most))


def _read(blob: Any, most: int) -> bytes | None:
    """As it is stored: whoever sent it with ``Content-Encoding: gzip`` would have it unpacked on the way, without any
    limit (https://cloud.google.com/storage/docs/transcoding)."""
    try:
        return blob.download_as_bytes(end=most, raw_download=True)
    except exceptions.NotFound:
        return None
    except exceptions.RequestRangeNotSatisfiable:
        return b""  # it is empty


@_reaching
async def keep(name: str, data: bytes, content_type: str, disposition: str, until: datetime | None) -> str:
    """The generation of these very bytes among the kept files. They may lie there already, from a try whose end
    nobody saw. ``until``: after which the bucket deletes it, should nobody else do."""
    return await asyncio.to_thread(lambda: _keep(name, data, content_type, disposition, until))


def _keep(name: str, data: bytes, content_type: str, disposition: str, until: datetime | None) -> str:
    import google_crc32c

    blob = _files().blob(name)
    blob.content_disposition = disposition
    blob.cache_control = "private, no-store"
    if until is not None:
        blob.custom_time = until
    try:
        blob.upload_from_string(data, content_type=content_type, if_generation_match=0, checksum="crc32c")
        return str(blob.generation)
    except exceptions.PreconditionFailed:
        found = _files().get_blob(name)
        if found is None or int(found.size) != len(data) or _checksum(found.crc32c) != google_crc32c.value(data):
            raise errors.Unavailable(f"Another object lies at {name}; try again.", retry_after=60) from None
        return str(found.generation)


def _checksum(text: str) -> int:
    import base64

    return int.from_bytes(base64.b64decode(text), "big")


@_reaching
async def erase_quarantined(name: str, generation: str | None = None) -> None:
    """Of this generation, or whatever lies there. One that is gone is no error."""
    await asyncio.to_thread(
        lambda: _erase(_quarantine().blob(name, generation=int(generation) if generation else None))
    )


@_reaching
async def erase_kept(name: str) -> None:
    await asyncio.to_thread(lambda: _erase(_files().blob(name)))


def _erase(blob: Any) -> None:
    try:
        blob.delete()
    except exceptions.NotFound:
        return


@_reaching
async def erase_of(user_id: str) -> None:
    """All that lies anywhere for a user."""

    def erase() -> None:
        for bucket, prefix in ((_quarantine(), f"{owner(user_id)}/"), (_files(), f"files/{owner(user_id)}/")):
            bucket.delete_blobs(list(bucket.list_blobs(prefix=prefix)), on_error=lambda blob: None)

    await asyncio.to_thread(erase)


def _quarantine() -> Any:
    return storage.client().bucket(config.settings().quarantine)


def _files() -> Any:
    return storage.client().bucket(config.settings().bucket)
