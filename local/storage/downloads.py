"""How do an object's bytes go out? (alt=media, whole or in ranges)"""

import gzip
import re

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from local.storage import errors
from local.storage.objects import Objects
from local.storage.store import Record

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_HEADER_FIELDS = {
    "Cache-Control": "cacheControl",
    "Content-Disposition": "contentDisposition",
    "Content-Language": "contentLanguage",
}


def download(objects: Objects, request: Request, bucket: str, name: str) -> Response:
    """StorageError: there is no such object, a condition does not hold, or the range is outside of it (416)."""
    record, content = objects.get(bucket, name, request.query_params)
    size = int(record["size"])
    headers = _headers(record)
    if record.get("contentEncoding") == "gzip":
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return _unzipped(objects, record, content, headers)
        headers["Content-Encoding"] = "gzip"
    start, end = _range(request.headers.get("range", ""), size)
    is_part = (start, end) != (0, size)
    headers["Content-Length"] = str(end - start)
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    else:
        md5 = f",md5={record['md5Hash']}" if "md5Hash" in record else ""
        headers["X-Goog-Hash"] = f"crc32c={record['crc32c']}{md5}"
    body = objects.store.read(content, start, end)
    return _streamed(body, 206 if is_part else 200, headers)


def _streamed(body: object, status: int, headers: dict[str, str]) -> Response:
    async def pieces():
        for piece in body:  # pyright: ignore[reportGeneralTypeIssues]
            yield piece

    return StreamingResponse(pieces(), status_code=status, headers=headers)


def _unzipped(objects: Objects, record: Record, content: int, headers: dict[str, str]) -> Response:
    """https://cloud.google.com/storage/docs/transcoding: who does not take gzip gets the plain bytes."""
    stored = b"".join(objects.store.read(content, 0, int(record["size"])))
    headers["Warning"] = "214 UploadServer gunzipped"
    return Response(gzip.decompress(stored), headers=headers)


def _headers(record: Record) -> dict[str, str]:
    headers = {name: record[field] for name, field in _HEADER_FIELDS.items() if field in record}
    return headers | {
        "Content-Type": record["contentType"],
        "ETag": record["etag"],
        "Accept-Ranges": "bytes",
        "X-Goog-Generation": record["generation"],
        "X-Goog-Metageneration": record["metageneration"],
        "X-Goog-Storage-Class": record["storageClass"],
        "X-Goog-Stored-Content-Length": record["size"],
        "X-Goog-Stored-Content-Encoding": record.get("contentEncoding", "identity"),
    }


def _range(header: str, size: int) -> tuple[int, int]:
    """(first byte, behind the last byte) that a Range header asks for; everything where it cannot be read."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or end <= start:
        raise errors.StorageError(416, "requestedRangeNotSatisfiable", f"Range {header} is outside of {size} bytes.")
    return start, end
