"""The JSON API holds over plain HTTP too."""

import gzip
import json

BUCKET = "weftly-files"
UPLOAD = f"/upload/storage/v1/b/{BUCKET}/o"


def parts(cloud) -> int:
    return cloud.database.connection.execute("SELECT count(*) FROM storage_parts").fetchone()[0]


async def upload(cloud, name: str, data: bytes, **headers) -> dict:
    query = {"uploadType": "media", "name": name}
    response = await cloud.http.post(UPLOAD, params=query, content=data, headers=headers)
    assert response.status_code == 200
    return response.json()


async def begin(cloud, name: str, **query) -> str:
    response = await cloud.http.post(UPLOAD, params={"uploadType": "resumable", **query}, json={"name": name})
    return response.headers["location"]


async def test_the_links_of_an_object_lead_to_it(cloud):
    made = await upload(cloud, "a/b.txt", b"hello", **{"content-type": "text/plain"})
    assert (await cloud.http.get(made["mediaLink"])).content == b"hello"
    assert (await cloud.http.get(made["selfLink"])).json() == made
    response = await cloud.http.get(made["selfLink"], params={"alt": "media"})
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["x-goog-generation"] == made["generation"]
    assert f"md5={made['md5Hash']}" in response.headers["x-goog-hash"]


async def test_ranges(cloud):
    made = await upload(cloud, "x", b"0123456789")
    for header, status, content in (
        ("bytes=0-3", 206, b"0123"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-99", 206, b"56789"),
        ("nonsense", 200, b"0123456789"),
    ):
        response = await cloud.http.get(made["mediaLink"], headers={"Range": header})
        assert (response.status_code, response.content) == (status, content)
    response = await cloud.http.get(made["mediaLink"], headers={"Range": "bytes=2-4"})
    assert response.headers["content-range"] == "bytes 2-4/10"
    assert (await cloud.http.get(made["mediaLink"], headers={"Range": "bytes=10-"})).status_code == 416


async def test_a_resumable_upload_says_what_it_has_and_goes_on_after_a_restart(cloud):
    location = await begin(cloud, "r")
    response = await cloud.http.put(location, content=b"0123", headers={"Content-Range": "bytes 0-3/*"})
    assert (response.status_code, response.headers["range"]) == (308, "bytes=0-3")
    await cloud.stop()
    await cloud.start()
    location = "/upload" + location.split("/upload", 1)[1]
    response = await cloud.http.put(location, headers={"Content-Range": "bytes */*"})
    assert (response.status_code, response.headers["range"]) == (308, "bytes=0-3")
    response = await cloud.http.put(location, content=b"23456", headers={"Content-Range": "bytes 2-6/7"})
    assert response.status_code == 200
    assert (await cloud.http.get(response.json()["mediaLink"])).content == b"0123456"
    assert (await cloud.http.put(location, content=b"")).status_code == 404


async def test_a_resumable_upload_in_one_request(cloud):
    response = await cloud.http.put(await begin(cloud, "r"), content=b"all of it")
    assert response.json()["size"] == "9"


async def test_a_cancelled_upload_leaves_nothing(cloud):
    location = await begin(cloud, "r")
    await cloud.http.put(location, content=b"0123", headers={"Content-Range": "bytes 0-3/*"})
    assert parts(cloud) == 1
    assert (await cloud.http.delete(location)).status_code == 499
    assert parts(cloud) == 0


async def test_preconditions_of_a_resumable_upload_hold_at_its_end(cloud):
    location = await begin(cloud, "r", ifGenerationMatch="0")
    await upload(cloud, "r", b"first")
    response = await cloud.http.put(location, content=b"second")
    assert response.status_code == 412
    assert response.json()["error"]["errors"][0]["reason"] == "conditionNotMet"
    assert parts(cloud) == 1


async def test_replacing_and_deleting_drop_the_bytes(cloud):
    for data in (b"1", b"2"):
        made = await upload(cloud, "x", data)
        assert parts(cloud) == 1
    assert (await cloud.http.delete(made["selfLink"])).status_code == 204
    assert parts(cloud) == 0


async def test_an_unchanged_object_is_not_sent_again(cloud):
    made = await upload(cloud, "x", b"1")
    response = await cloud.http.get(made["selfLink"], params={"ifGenerationNotMatch": made["generation"]})
    assert response.status_code == 304


async def test_a_zipped_object_is_unzipped_for_who_does_not_take_it(cloud):
    body = (
        b"--b\r\ncontent-type: application/json\r\n\r\n"
        + json.dumps({"name": "z", "contentEncoding": "gzip"}).encode()
    )
    body += b"\r\n--b\r\ncontent-type: text/plain\r\n\r\n" + gzip.compress(b"plain") + b"\r\n--b--"
    headers = {"Content-Type": "multipart/related; boundary=b"}
    made = (await cloud.http.post(UPLOAD + "?uploadType=multipart", content=body, headers=headers)).json()
    assert made["contentType"] == "text/plain"
    plain = await cloud.http.get(made["mediaLink"], headers={"Accept-Encoding": "identity"})
    assert (plain.content, "content-encoding" in plain.headers) == (b"plain", False)
    zipped = await cloud.http.get(made["mediaLink"], headers={"Accept-Encoding": "gzip"})
    assert (zipped.headers["content-encoding"], zipped.content) == ("gzip", b"plain")


async def test_errors_have_googles_form(cloud):
    response = await cloud.http.get(f"/storage/v1/b/{BUCKET}/o/none")
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["errors"][0]["reason"]) == (404, 404, "notFound")
    assert (await cloud.http.post("/storage/v1/b", json={"name": "No"})).status_code == 400
    assert (await cloud.http.post("/storage/v1/b", content=b"{")).status_code == 400
