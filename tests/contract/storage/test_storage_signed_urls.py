"""URLs that Google's client signs work as long, and only for what, they were signed for."""

import datetime
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials, Signing

BUCKET = "weftly-files"
OURS = "functions@weftly-local.iam.gserviceaccount.com"


class Signer(AnonymousCredentials, Signing):
    """Credentials that sign as a service account does."""

    def __init__(self, sign: Callable[[bytes], bytes], email: str = OURS) -> None:
        super().__init__()
        self._sign = sign
        self._email = email

    def sign_bytes(self, message: bytes) -> bytes:
        return self._sign(message)

    @property
    def signer_email(self) -> str:
        return self._email

    @property
    def signer(self) -> "Signer":
        return self


def signed(cloud, name: str, *, signer: Signer | None = None, **options: Any) -> str:
    blob = cloud.client.bucket(BUCKET).blob(name)
    return blob.generate_signed_url(
        version="v4",
        expiration=options.pop("expiration", datetime.timedelta(minutes=5)),
        credentials=signer or Signer(cloud.identity.sign),
        api_access_endpoint=cloud.url,
        **options,
    )


async def upload(cloud, name: str = "a b/ü.txt", data: bytes = b"hello") -> None:
    await cloud.do(lambda bucket: bucket.blob(name).upload_from_string(data, content_type="text/plain"))


def code(answer: httpx.Response) -> str:
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


async def test_a_signed_url_reads_the_object_and_its_ranges(cloud):
    await upload(cloud)
    url = signed(cloud, "a b/ü.txt")
    answer = await cloud.http.get(url)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"hello", "text/plain")
    assert (await cloud.http.get(url, headers={"Range": "bytes=1-2"})).content == b"el"


async def test_a_signed_url_writes_what_it_was_signed_for(cloud):
    url = signed(cloud, "new.txt", method="PUT", content_type="text/csv")
    answer = await cloud.http.put(url, content=b"1,2", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200
    assert answer.headers["x-goog-generation"]
    blob = await cloud.do(lambda bucket: bucket.get_blob("new.txt"))
    assert (blob.content_type, blob.size) == ("text/csv", 3)


@pytest.mark.parametrize("headers", [{"Content-Type": "text/html"}, {}])
async def test_another_content_type_than_the_signed_one_is_refused(cloud, headers):
    url = signed(cloud, "new.txt", method="PUT", content_type="text/csv")
    answer = await cloud.http.put(url, content=b"1,2", headers=headers)
    assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")
    assert await cloud.do(lambda bucket: bucket.get_blob("new.txt")) is None


@pytest.mark.parametrize(("size", "status"), [(1, 400), (2, 200), (4, 200), (5, 400)])
async def test_the_signed_range_of_sizes_holds(cloud, size, status):
    limit = {"x-goog-content-length-range": "2,4"}
    url = signed(cloud, "new.txt", method="PUT", headers=limit)
    answer = await cloud.http.put(url, content=b"x" * size, headers=limit)
    assert answer.status_code == status
    assert (await cloud.do(lambda bucket: bucket.get_blob("new.txt")) is not None) == (status == 200)


async def test_the_limit_cannot_be_left_out(cloud):
    url = signed(cloud, "new.txt", method="PUT", headers={"x-goog-content-length-range": "2,4"})
    assert (await cloud.http.put(url, content=b"xxxxxxxx")).status_code == 403


async def test_a_resumable_upload_begins_with_a_signed_url(cloud):
    limit = {"x-goog-content-length-range": "0,6"}
    start = {"x-goog-resumable": "start", **limit}
    url = signed(cloud, "big.bin", method="POST", headers=start)
    begun = await cloud.http.post(url, headers=start)
    assert begun.status_code == 201
    place = begun.headers["location"]
    first = await cloud.http.put(place, content=b"abc", headers={"Content-Range": "bytes 0-2/*"})
    assert (first.status_code, first.headers["range"]) == (308, "bytes=0-2")
    last = await cloud.http.put(place, content=b"def", headers={"Content-Range": "bytes 3-5/6"})
    assert last.status_code == 200
    assert await cloud.do(lambda bucket: bucket.blob("big.bin").download_as_bytes()) == b"abcdef"


async def test_a_url_for_one_method_or_object_is_none_for_another(cloud):
    await upload(cloud, "a.txt")
    await upload(cloud, "b.txt")
    url = signed(cloud, "a.txt")
    assert (await cloud.http.delete(url)).status_code == 403
    assert (await cloud.http.get(url.replace("a.txt", "b.txt"))).status_code == 403
    assert (await cloud.http.get(f"{url}&response-content-type=text/html")).status_code == 403


async def test_a_url_expires(cloud):
    await upload(cloud, "a.txt")
    url = signed(cloud, "a.txt", expiration=60)
    cloud.offset = 61.0
    answer = await cloud.http.get(url)
    assert (answer.status_code, code(answer)) == (400, "ExpiredToken")


async def test_a_forged_signature_is_refused_and_an_unsigned_url_too(cloud):
    await upload(cloud, "a.txt")
    forged = signed(cloud, "a.txt", signer=Signer(lambda _message: b"x" * 256))
    assert (await cloud.http.get(forged)).status_code == 403
    answer = await cloud.http.get(f"/{BUCKET}/a.txt")
    assert (answer.status_code, code(answer)) == (403, "AccessDenied")


async def test_the_key_of_somebody_else_is_taken_on_trust_but_not_for_ever(cloud):
    await upload(cloud, "a.txt")
    signer = Signer(lambda _message: b"x" * 256, email="key@elsewhere.example")
    url = signed(cloud, "a.txt", signer=signer, expiration=60)
    assert (await cloud.http.get(url)).status_code == 200
    cloud.offset = 61.0
    assert (await cloud.http.get(url)).status_code == 400


async def test_a_missing_object_is_named_in_xml(cloud):
    answer = await cloud.http.get(signed(cloud, "none.txt"))
    assert (answer.status_code, code(answer)) == (404, "NoSuchKey")


async def test_a_browser_of_any_origin_may_upload(cloud):
    url = signed(cloud, "new.txt", method="PUT")
    asked = {"Origin": "http://app.example", "Access-Control-Request-Method": "PUT"}
    allowed = await cloud.http.options(url, headers={**asked, "Access-Control-Request-Headers": "content-type"})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "*"
    answer = await cloud.http.put(url, content=b"x", headers={"Origin": "http://app.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
