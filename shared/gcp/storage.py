"""Where do values lie that are too large for a document? As objects in the files bucket.

Objects are named by what they hold, so writing one twice is writing it once.
"""

import asyncio
import functools
from typing import Any

from shared import config


@functools.cache
def client() -> Any:
    """The client of Cloud Storage, which blocks: call it in a thread."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage  # read only where a large value or a file appears

    settings = config.settings()
    if settings.storage_emulator_host:
        return storage.Client(project=settings.google_cloud_project, credentials=AnonymousCredentials())
    return storage.Client(project=settings.google_cloud_project)


def _bucket() -> Any:
    return client().bucket(config.settings().bucket)


async def put(name: str, data: bytes) -> None:
    await asyncio.to_thread(lambda: _bucket().blob(name).upload_from_string(data, content_type="application/json"))


async def list_all(prefix: str) -> list[str]:
    """The names of every object whose name begins so."""
    return await asyncio.to_thread(lambda: [blob.name for blob in _bucket().list_blobs(prefix=prefix)])


async def delete_all(prefix: str) -> None:
    """Every object whose name begins so. One that is gone already is no error."""
    await asyncio.to_thread(lambda: _delete_all(prefix))


def _delete_all(prefix: str) -> None:
    bucket = _bucket()
    bucket.delete_blobs(list(bucket.list_blobs(prefix=prefix)), on_error=lambda blob: None)


async def get(name: str) -> bytes:
    """NotFound of google.api_core where there is none."""
    return await asyncio.to_thread(lambda: _bucket().blob(name).download_as_bytes())
