"""A function of the manifest gets the events of its bucket, as Eventarc delivers them."""

import asyncio
from pathlib import Path

import httpx
import jwt
import orjson
from starlette.requests import Request
from starlette.responses import Response

from local import manifest
from local.cloud import Cloud
from local.database import Database
from local.serving import HttpServer

MANIFEST = """
functions: {scan: {trigger: storage, bucket: files, source: scan.py}}
buckets: {files: {}}
"""


async def test_an_upload_reaches_the_function_until_it_takes_it(tmp_path: Path):
    events: list[tuple[dict[str, str], bytes]] = []

    async def function(scope, receive, send) -> None:
        request = Request(scope, receive)
        events.append((dict(request.headers), await request.body()))
        await Response(status_code=500 if len(events) == 1 else 204)(scope, receive, send)

    (tmp_path / "scan.py").touch()
    (tmp_path / "manifest.yaml").write_text(MANIFEST)
    served = manifest.load(tmp_path / "manifest.yaml")
    server, database = HttpServer(function), Database(None)
    cloud = Cloud(database, "weftly-local")
    cloud.routes.register("scan", f"http://127.0.0.1:{await server.start(0)}")
    await cloud.start()
    try:
        for _ in range(2):  # a second start finds what the first has set up
            cloud.ensure(served)
        upload = f"http://{cloud.address('storage')}/upload/storage/v1/b/weftly-local-files/o"
        async with httpx.AsyncClient(timeout=20, verify=False) as http:
            await http.post(upload, params={"uploadType": "media", "name": "a b.txt"}, content=b"hello")
        async with asyncio.timeout(20):
            while len(events) < 2:
                await asyncio.sleep(0.005)
    finally:
        await cloud.stop()
        await server.stop()
        database.close()
    (first, _), (second, body) = events
    assert first["ce-id"] == second["ce-id"]
    assert second["ce-type"] == "google.cloud.storage.object.v1.finalized"
    assert second["ce-source"] == "//storage.googleapis.com/projects/_/buckets/weftly-local-files"
    assert second["ce-subject"] == "objects/a%20b.txt"
    assert orjson.loads(body)["name"] == "a b.txt"
    token = second["authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == cloud.function_url("scan")
