"""Where does Cloud Storage listen, and which call is which? (the JSON API, with its upload and download hosts)

https://cloud.google.com/storage/docs/json_api/v1. Object names may hold any character, an encoded slash too; so
the path is cut before it is decoded.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local import faults
from local.database import Database
from local.faults import over_http
from local.serving import HttpServer
from local.storage import downloads, errors
from local.storage.objects import MAX_PAGE, Objects
from local.storage.store import Record, StorageStore
from local.storage.uploads import Uploads, json_object

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class StorageService:
    """Buckets and objects, their bytes in the database."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = time.time,
        disturbance: faults.Disturbance = faults.CALM,
    ) -> None:
        self._objects = Objects(StorageStore(database), clock)
        self._uploads = Uploads(self._objects, _shown)
        cors = Middleware(
            CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["*"]
        )
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=_METHODS)], middleware=[cors])
        self._server = HttpServer(over_http.around(app, disturbance))

    async def start(self, port: int) -> int:
        """Listen and return the port. OSError: it is taken."""
        return await self._server.start(port)

    async def stop(self) -> None:
        await self._server.stop()

    def ensure_bucket(self, name: str) -> None:
        """Have a bucket; its objects stay."""
        if self._objects.store.find_bucket(name) is None:
            self._objects.create_bucket({"name": name})

    async def _answer(self, request: Request) -> Response:
        raw_path = request.scope.get("raw_path") or request.url.path.encode()
        path = [unquote(part) for part in raw_path.decode("latin-1").strip("/").split("/")]
        try:
            return await self._route(request, path)
        except errors.StorageError as error:
            if error.status == 304:
                return Response(status_code=304)
            return JSONResponse(error.body(), status_code=error.status)

    async def _route(self, request: Request, path: list[str]) -> Response:
        match path:
            case ["upload", "storage", "v1", "b", bucket, "o"]:
                return await self._upload(request, bucket)
            case ["resumable", "upload", "storage", "v1", "b", bucket, "o"]:
                return await self._upload(request, bucket)
            case ["download", "storage", "v1", "b", bucket, "o", name] if request.method == "GET":
                return downloads.download(self._objects, request, bucket, name)
            case ["storage", "v1", "b"]:
                return await self._buckets(request)
            case ["storage", "v1", "b", bucket]:
                return await self._bucket(request, bucket)
            case ["storage", "v1", "b", bucket, "o"] if request.method == "GET":
                return self._list_objects(request, bucket)
            case ["storage", "v1", "b", bucket, "o", name]:
                return await self._object(request, bucket, name)
            case ["storage", "v1", "b", b, "o", o, "copyTo" | "rewriteTo" as how, "b", to_b, "o", to_o]:
                return await self._copy(request, (b, o), (to_b, to_o), how)
            case _:
                raise errors.StorageError(404, "notFound", f"{request.method} {request.url.path} is not served here.")

    async def _upload(self, request: Request, bucket: str) -> Response:
        upload_id = request.query_params.get("upload_id")
        if upload_id is not None:
            if request.method == "DELETE":
                return self._uploads.cancel(upload_id)
            return await self._uploads.resume(request, upload_id)
        kind = request.query_params.get("uploadType", "")
        calls = {"media": self._uploads.media, "multipart": self._uploads.multipart, "resumable": self._uploads.begin}
        if kind not in calls:
            raise errors.invalid(f"uploadType must be media, multipart or resumable; got {kind!r}.")
        return await calls[kind](request, bucket)

    async def _buckets(self, request: Request) -> Response:
        if request.method == "POST":
            return JSONResponse(_shown(request, self._objects.create_bucket(json_object(await request.body()))))
        query = request.query_params
        limit = min(int(query.get("maxResults") or MAX_PAGE), MAX_PAGE)
        found = self._objects.store.list_buckets(query.get("prefix", ""), query.get("pageToken", ""), limit + 1)
        answer: dict[str, Any] = {
            "kind": "storage#buckets",
            "items": [_shown(request, each) for each in found[:limit]],
        }
        if len(found) > limit:
            answer["nextPageToken"] = found[limit - 1]["name"]
        return JSONResponse(answer)

    async def _bucket(self, request: Request, bucket: str) -> Response:
        if request.method == "DELETE":
            self._objects.delete_bucket(bucket)
            return Response(status_code=204)
        if request.method in ("PATCH", "PUT"):
            fields = json_object(await request.body())
            return JSONResponse(_shown(request, self._objects.patch_bucket(bucket, fields)))
        return JSONResponse(_shown(request, self._objects.bucket(bucket)))

    def _list_objects(self, request: Request, bucket: str) -> Response:
        page = self._objects.list_page(bucket, request.query_params)
        page["items"] = [_shown(request, record) for record in page["items"]]
        shown = {key: value for key, value in page.items() if value}
        return JSONResponse({"kind": "storage#objects", **shown})

    async def _object(self, request: Request, bucket: str, name: str) -> Response:
        query = request.query_params
        if request.method == "DELETE":
            self._objects.delete(bucket, name, query)
            return Response(status_code=204)
        if request.method in ("PATCH", "PUT"):
            change = self._objects.patch if request.method == "PATCH" else self._objects.replace_metadata
            return JSONResponse(_shown(request, change(bucket, name, json_object(await request.body()), query)))
        if query.get("alt") == "media":
            return downloads.download(self._objects, request, bucket, name)
        return JSONResponse(_shown(request, self._objects.get(bucket, name, query)[0]))

    async def _copy(self, request: Request, source: tuple[str, str], target: tuple[str, str], how: str) -> Response:
        fields = json_object(await request.body())
        record = _shown(request, self._objects.copy(source, target, fields, request.query_params))
        if how == "copyTo":
            return JSONResponse(record)
        size = record["size"]
        progress = {"kind": "storage#rewriteResponse", "totalBytesRewritten": size, "objectSize": size, "done": True}
        return JSONResponse({**progress, "resource": record})


def _shown(request: Request, record: Record) -> Record:
    """The record with the links that lead to it here."""
    base = str(request.base_url).rstrip("/")
    if record["kind"] == "storage#bucket":
        return {**record, "selfLink": f"{base}/storage/v1/b/{record['name']}"}
    path = f"storage/v1/b/{record['bucket']}/o/{quote(record['name'], safe='')}"
    media = f"{base}/download/{path}?generation={record['generation']}&alt=media"
    return {**record, "selfLink": f"{base}/{path}", "mediaLink": media}
