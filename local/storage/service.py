"""Where does Cloud Storage listen, and which call is which? (the JSON API, with its upload and download hosts)

https://cloud.google.com/storage/docs/json_api/v1. Object names may hold any character, an encoded slash too; so
the path is cut before it is decoded.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
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
from local.identity import Identity
from local.serving import HttpServer
from local.storage import downloads, errors, lifecycle
from local.storage.notifications import Notifications, Publish
from local.storage.objects import MAX_PAGE, Objects
from local.storage.store import Record, StorageStore
from local.storage.uploads import Uploads, json_object
from local.storage.xml_api import XmlApi

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_RESERVED = ("storage", "upload", "download", "resumable", "batch")


class StorageService:
    """Buckets and objects, their bytes in the database."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = time.time,
        disturbance: faults.Disturbance = faults.CALM,
        *,
        identity: Identity | None = None,
        publish: Publish | None = None,
    ) -> None:
        store = StorageStore(database)
        self._clock = clock
        self._notifications = Notifications(store, publish)
        self._objects = Objects(store, clock, self._notifications)
        self._uploads = Uploads(self._objects, _shown, clock)
        verify = (identity or Identity(database, clock)).verify
        self._xml = XmlApi(self._objects, self._uploads, verify, clock)
        self._sweeping: asyncio.Task[None] | None = None
        cors = Middleware(
            CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["*"]
        )
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=_METHODS)], middleware=[cors])
        self._server = HttpServer(over_http.around(app, disturbance), database)

    async def start(self, port: int) -> int:
        """Listen and return the port; publish what an earlier run did not. OSError: the port is taken."""
        bound = await self._server.start(port)
        self._notifications.flush()
        self._sweeping = asyncio.create_task(self._sweep_for_ever())
        return bound

    async def stop(self) -> None:
        await self._server.stop()
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        self._sweeping = None

    async def _sweep_for_ever(self) -> None:
        while True:
            self.sweep()
            await asyncio.sleep(lifecycle.SWEEP_SECONDS)

    def sweep(self) -> int:
        """Apply the buckets' lifecycles now; how many objects and uploads were touched."""
        return lifecycle.sweep(self._objects, self._clock())

    def ensure_bucket(self, name: str, lifecycle_rules: Sequence[Mapping[str, Any]] = ()) -> None:
        """Have a bucket with this lifecycle; its objects stay."""
        fields = {"lifecycle": {"rule": list(lifecycle_rules)}}
        found = self._objects.store.find_bucket(name)
        if found is None:
            self._objects.create_bucket({"name": name, **fields})
        elif found.get("lifecycle") != fields["lifecycle"]:
            self._objects.patch_bucket(name, fields)

    def ensure_notification(self, bucket: str, topic: str, event_types: Sequence[str]) -> None:
        """Have a topic (projects/P/topics/T) told of events in a bucket."""
        wanted = f"//pubsub.googleapis.com/{topic}"
        if not any(record["topic"] == wanted for record in self._notifications.list_of(bucket)):
            fields = {"topic": wanted, "event_types": list(event_types), "payload_format": "JSON_API_V1"}
            self._notifications.create(bucket, fields)

    async def _answer(self, request: Request) -> Response:
        raw_path = request.scope.get("raw_path") or request.url.path.encode()
        path = [unquote(part) for part in raw_path.decode("latin-1").strip("/").split("/")]
        try:
            return await self._route(request, path)
        except errors.StorageError as error:
            if error.status == 304:
                return Response(status_code=304)
            return JSONResponse(error.body(), status_code=error.status)
        except errors.XmlError as error:
            return Response(error.body(), status_code=error.status, media_type="application/xml")

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
            case ["storage", "v1", "b", bucket, "notificationConfigs", *id_]:
                return await self._notification_configs(request, bucket, id_)
            case ["storage", "v1", "b", bucket, "o", name, "compose"] if request.method == "POST":
                return await self._compose(request, bucket, name)
            case ["storage", "v1", "b", bucket, "o"] if request.method == "GET":
                return self._list_objects(request, bucket)
            case ["storage", "v1", "b", bucket, "o", name]:
                return await self._object(request, bucket, name)
            case ["storage", "v1", "b", b, "o", o, "copyTo" | "rewriteTo" as how, "b", to_b, "o", to_o]:
                return await self._copy(request, (b, o), (to_b, to_o), how)
            case [bucket, *name] if name and bucket not in _RESERVED:
                return await self._xml.answer(request, bucket, "/".join(name))
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
            fields = json_object(await request.body())
            lifecycle.check(fields.get("lifecycle"))
            return JSONResponse(_shown(request, self._objects.create_bucket(fields)))
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
            lifecycle.check(fields.get("lifecycle"))
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

    async def _notification_configs(self, request: Request, bucket: str, id_: list[str]) -> Response:
        self._objects.bucket(bucket)
        match request.method, id_:
            case "POST", []:
                return JSONResponse(self._notifications.create(bucket, json_object(await request.body())))
            case "GET", []:
                items = self._notifications.list_of(bucket)
                return JSONResponse({"kind": "storage#notifications", "items": items})
            case "GET", [one]:
                return JSONResponse(self._notifications.get(bucket, one))
            case "DELETE", [one]:
                self._notifications.delete(bucket, one)
                return Response(status_code=204)
            case _:
                raise errors.StorageError(405, "methodNotAllowed", f"{request.method} is not served here.")

    async def _compose(self, request: Request, bucket: str, name: str) -> Response:
        body = json_object(await request.body())
        fields, sources = body.get("destination") or {}, body.get("sourceObjects") or []
        record = self._objects.compose((bucket, name), sources, fields, request.query_params)
        return JSONResponse(_shown(request, record))

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
