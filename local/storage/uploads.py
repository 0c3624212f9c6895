"""How do bytes come in? (uploadType media, multipart and resumable)

https://cloud.google.com/storage/docs/uploads-downloads#uploads and, for the requests of a resumable upload,
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import json
import re
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.storage import errors
from local.storage.objects import Conditions, Objects
from local.storage.store import Record

PART_BYTES = 2 * 1024 * 1024
_ALL_THAT_CAME = -1
Limits = tuple[int, int]
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


class Uploads:
    """Makes objects of what requests carry. ``shown`` adds the links to a record."""

    def __init__(self, objects: Objects, shown: Any, clock: Callable[[], float]) -> None:
        self._objects = objects
        self._clock = clock
        self._store = objects.store
        self._shown = shown

    async def media(self, request: Request, bucket: str) -> Response:
        """The body is the object, the name is in the query."""
        self._objects.bucket(bucket)
        fields = {"contentType": request.headers.get("content-type")}
        content = await self._receive(request.stream(), self._store.new_content(), 0)
        return self._finish(request, bucket, request.query_params.get("name", ""), fields, content)

    async def multipart(self, request: Request, bucket: str) -> Response:
        """The body has two parts: the metadata as JSON, and the object."""
        self._objects.bucket(bucket)
        fields, data = _two_parts(await request.body(), request.headers.get("content-type", ""))
        content = self._store.new_content()
        if data:
            self._store.add_part(content, 0, data)
        name = fields.get("name") or request.query_params.get("name", "")
        return self._finish(request, bucket, name, fields, content)

    async def begin(self, request: Request, bucket: str) -> Response:
        """The answer's Location is where the bytes are to go, in one request or many."""
        self._objects.bucket(bucket)
        fields = json_object(await request.body())
        fields.setdefault("contentType", request.headers.get("x-upload-content-type"))
        fields.setdefault("name", request.query_params.get("name", ""))
        conditions = {key: value for key, value in request.query_params.items() if key.startswith("if")}
        upload_id = self.open(bucket, fields["name"], fields, conditions, None)
        location = request.url.include_query_params(upload_id=upload_id)
        return Response(headers={"Location": str(location), "X-GUploader-UploadID": upload_id})

    def open(self, bucket: str, name: str, fields: Record, conditions: Conditions, limits: Limits | None) -> str:
        """The id of an upload that may take several requests. ``limits``: (least, most) bytes. StorageError (404):
        there is no such bucket."""
        self._objects.bucket(bucket)
        upload_id = secrets.token_urlsafe(32)
        record = {"fields": {**fields, "name": name}, "conditions": dict(conditions), "begun": self._clock()}
        self._store.put_upload(upload_id, bucket, self._store.new_content(), {**record, "limits": limits})
        return upload_id

    async def whole(
        self,
        request: Request,
        bucket: str,
        name: str,
        fields: Record,
        conditions: Conditions,
        limits: Limits | None,
    ) -> Record:
        """The body is the object. StorageError: it is over a limit, or a condition does not hold."""
        self._objects.bucket(bucket)
        most = limits[1] if limits else None
        content = await self._receive(request.stream(), self._store.new_content(), 0, most)
        self._check_size(content, limits)
        return self._objects.put(bucket, name, fields, content, conditions)

    def _check_size(self, content: int, limits: Limits | None) -> None:
        size = self._store.content_size(content)
        if limits is None or limits[0] <= size <= limits[1]:
            return
        self._store.drop_content(content)
        code, what = ("EntityTooSmall", "smaller") if size < limits[0] else ("EntityTooLarge", "larger")
        message = f"The upload is {what} than the {limits[0]} to {limits[1]} bytes that are allowed."
        raise errors.StorageError(400, code, message)

    async def resume(self, request: Request, upload_id: str) -> Response:
        """As ``proceed``; the object as the JSON API shows it."""
        answered = await self.proceed(request, upload_id)
        return answered if isinstance(answered, Response) else JSONResponse(self._shown(request, answered))

    async def proceed(self, request: Request, upload_id: str) -> Response | Record:
        """Take the next bytes. 308: more are to come, and Range says which are there; else the object."""
        bucket, content, record = self._upload(upload_id)
        size = self._store.content_size(content)
        start, total = _content_range(request.headers.get("content-range", ""))
        if start is not None and start > size:
            raise errors.StorageError(503, "backendError", f"The bytes from {size} on are missing; send them first.")
        if start is not None:
            limits = record.get("limits")
            most = limits[1] if limits else None
            await self._receive(_skip(request.stream(), size - start), content, size, most)
            size = self._store.content_size(content)
        if total is None or size < total:
            return Response(status_code=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})
        self._store.delete_upload(upload_id)
        self._check_size(content, record.get("limits"))
        return self._objects.put(bucket, record["fields"]["name"], record["fields"], content, record["conditions"])

    def cancel(self, upload_id: str) -> Response:
        """The service's own answer for a cancelled upload is 499."""
        _, content, _ = self._upload(upload_id)
        self._store.delete_upload(upload_id)
        self._store.drop_content(content)
        return Response(status_code=499)

    def _upload(self, upload_id: str) -> tuple[str, int, Record]:
        found = self._store.find_upload(upload_id)
        if found is None:
            raise errors.StorageError(404, "notFound", "No such upload: it is done, cancelled, or never was.")
        return found

    def _finish(self, request: Request, bucket: str, name: str, fields: Record, content: int) -> Response:
        record = self._objects.put(bucket, name, fields, content, request.query_params)
        return JSONResponse(self._shown(request, record))

    async def _receive(self, stream: AsyncIterator[bytes], content: int, start: int, most: int | None = None) -> int:
        """Of more than ``most`` bytes one more is kept, which is too many."""
        waiting = bytearray()
        async for piece in stream:
            waiting += piece
            if most is not None and start + len(waiting) > most:
                waiting = waiting[: most + 1 - start]
                break
            if len(waiting) >= PART_BYTES:
                self._store.add_part(content, start, bytes(waiting))
                start += len(waiting)
                waiting.clear()
        if waiting:
            self._store.add_part(content, start, bytes(waiting))
        return content


def json_object(raw: bytes) -> Record:
    """The fields of a JSON body, none for an empty one. StorageError: it is no object."""
    try:
        fields = json.loads(raw or b"{}")
    except ValueError:
        raise errors.StorageError(400, "parseError", "Parse Error: the body is not JSON.") from None
    if not isinstance(fields, dict):
        raise errors.StorageError(400, "parseError", "Parse Error: the body is not a JSON object.")
    return fields


async def _skip(stream: AsyncIterator[bytes], count: int) -> AsyncIterator[bytes]:
    """The stream without its first ``count`` bytes, which a client sends again where an answer was lost."""
    async for piece in stream:
        kept = piece[count:]
        count -= len(piece) - len(kept)
        if kept:
            yield kept


def _content_range(header: str) -> tuple[int | None, int | None]:
    """(offset of the first byte sent, or None where none is; total size, or None where it is not known yet). A
    request without the header sends everything."""
    if not header:
        return 0, _ALL_THAT_CAME
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if match is None:
        raise errors.invalid(f"Invalid Content-Range: {header!r}")
    start = int(match.group(1)) if match.group(1) else None
    return start, None if match.group(3) == "*" else int(match.group(3))


def _two_parts(body: bytes, content_type: str) -> tuple[Record, bytes]:
    match = re.search(r"""boundary=(?:"([^"]+)"|'([^']+)'|([^;]+))""", content_type)
    if match is None:
        raise errors.invalid("A multipart upload needs a boundary in its Content-Type.")
    boundary = next(group for group in match.groups() if group).strip().encode()
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) != 4 or not pieces[3].startswith(b"--"):
        raise errors.invalid("A multipart upload needs two parts: the metadata and the object.")
    (_, metadata), (headers, data) = _part(pieces[1]), _part(pieces[2])
    fields = json_object(metadata)
    found = re.search(rb"(?im)^content-type:\s*(.+?)\s*$", headers)
    if found and not fields.get("contentType"):
        fields["contentType"] = found.group(1).decode()
    return fields, data


def _part(piece: bytes) -> tuple[bytes, bytes]:
    """(headers, body) of one part."""
    headers, separator, data = piece.partition(b"\r\n\r\n")
    if not separator:
        raise errors.invalid("A part of the multipart upload has no headers.")
    return headers, data
