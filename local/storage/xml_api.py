"""What does Cloud Storage answer under ``/BUCKET/OBJECT``? (the XML API, as far as signed URLs need it)

https://cloud.google.com/storage/docs/xml-api/overview: GET, HEAD, PUT, DELETE, and POST to begin a resumable upload.
Every request needs a signed URL, as a bucket that nobody may read does in production.
"""

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from local.storage import downloads, signatures
from local.storage.errors import StorageError, XmlError
from local.storage.objects import Objects
from local.storage.store import Record
from local.storage.uploads import Uploads

_CONDITIONS = {
    "x-goog-if-generation-match": "ifGenerationMatch",
    "x-goog-if-metageneration-match": "ifMetagenerationMatch",
}
_FIELDS = {
    "content-type": "contentType",
    "cache-control": "cacheControl",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
}
_OWN_CODES = ("EntityTooSmall", "EntityTooLarge")
_OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-disposition": "Content-Disposition",
    "response-cache-control": "Cache-Control",
    "response-content-language": "Content-Language",
}
"""What a signed URL may say instead of the object (https://cloud.google.com/storage/docs/xml-api/reference-headers)."""
_CODES = {404: "NoSuchKey", 412: "PreconditionFailed", 416: "InvalidRange"}


class XmlApi:
    """The calls by path. ``verify`` (text, signature) as ``signatures.check`` wants it."""

    def __init__(
        self, objects: Objects, uploads: Uploads, verify: signatures.Verify, clock: Callable[[], float]
    ) -> None:
        self._objects = objects
        self._uploads = uploads
        self._verify = verify
        self._clock = clock

    async def answer(self, request: Request, bucket: str, name: str) -> Response:
        """XmlError: see there."""
        try:
            if "upload_id" in request.query_params and request.method == "PUT":
                return _stored(await self._uploads.proceed(request, request.query_params["upload_id"]))
            signatures.check(request, self._verify, self._clock())
            return await self._signed(request, bucket, name)
        except StorageError as error:
            code = error.reason if error.reason in _OWN_CODES else _CODES.get(error.status, "InvalidArgument")
            raise XmlError(error.status, code, str(error)) from error

    async def _signed(self, request: Request, bucket: str, name: str) -> Response:
        match request.method:
            case "GET" | "HEAD":
                answer = downloads.download(self._objects, request, bucket, name)
                for parameter, header in _OVERRIDES.items():
                    if parameter in request.query_params:
                        answer.headers[header] = request.query_params[parameter]
                return answer
            case "DELETE":
                self._objects.delete(bucket, name, _conditions(request))
                return Response(status_code=204)
            case "PUT":
                record = await self._uploads.whole(
                    request, bucket, name, _fields(request), _conditions(request), _limits(request)
                )
                return _stored(record)
            case "POST" if request.headers.get("x-goog-resumable") == "start":
                begun = self._uploads.open(bucket, name, _fields(request), _conditions(request), _limits(request))
                location = request.url.replace(query=f"upload_id={begun}")
                return Response(status_code=201, headers={"Location": str(location), "X-GUploader-UploadID": begun})
            case _:
                raise XmlError(405, "MethodNotAllowed", "The specified method is not allowed.")


def _stored(answered: Record | Response) -> Response:
    if isinstance(answered, Response):
        return answered
    headers = {
        "ETag": f'"{answered["etag"]}"',
        "X-Goog-Generation": answered["generation"],
        "X-Goog-Metageneration": answered["metageneration"],
        "X-Goog-Hash": f"crc32c={answered['crc32c']},md5={answered['md5Hash']}",
        "X-Goog-Stored-Content-Length": answered["size"],
    }
    return Response(headers=headers)


def _conditions(request: Request) -> dict[str, str]:
    return {field: request.headers[name] for name, field in _CONDITIONS.items() if name in request.headers}


def _fields(request: Request) -> Record:
    fields: Record = {field: request.headers[name] for name, field in _FIELDS.items() if name in request.headers}
    prefix = "x-goog-meta-"
    own = {name.removeprefix(prefix): value for name, value in request.headers.items() if name.startswith(prefix)}
    return {**fields, "metadata": own} if own else fields


def _limits(request: Request) -> tuple[int, int] | None:
    """(least, most) bytes that ``x-goog-content-length-range`` allows."""
    said = request.headers.get("x-goog-content-length-range")
    if said is None:
        return None
    match = re.fullmatch(r"(\d+),(\d+)", said.replace(" ", ""))
    if match is None:
        raise XmlError(400, "InvalidArgument", "x-goog-content-length-range must be LEAST,MOST.")
    return int(match.group(1)), int(match.group(2))
