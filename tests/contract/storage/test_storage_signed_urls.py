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
    assert code(answer) == {1: "EntityTooSmall", 5: "EntityTooLarge"}.get(size, "")
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


async def test_whatever_account_a_url_names_its_signature_is_checked(cloud):
    await upload(cloud, "a.txt")
    forged = Signer(lambda _message: b"x" * 256, email="key@elsewhere.example")
    answer = await cloud.http.get(signed(cloud, "a.txt", signer=forged))
    assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")
    known = Signer(cloud.identity.sign, email="key@elsewhere.example")
    assert (await cloud.http.get(signed(cloud, "a.txt", signer=known))).status_code == 200


async def test_no_header_of_cloud_storage_s_may_be_added_to_a_signed_url(cloud):
    url = signed(cloud, "new.txt", method="PUT")
    for name in ("x-goog-acl", "x-goog-meta-a", "x-goog-if-generation-match", "x-goog-content-length-range"):
        answer = await cloud.http.put(url, content=b"x", headers={name: "0"})
        assert (answer.status_code, code(answer)) == (400, "MalformedSecurityHeader")
    assert await cloud.do(lambda bucket: bucket.get_blob("new.txt")) is None


async def test_a_signed_condition_lets_an_object_be_written_once(cloud):
    once = {"x-goog-if-generation-match": "0"}
    url = signed(cloud, "new.txt", method="PUT", headers=dict(once))
    assert (await cloud.http.put(url, content=b"1", headers=once)).status_code == 200
    again = await cloud.http.put(url, content=b"2", headers=once)
    assert (again.status_code, code(again)) == (412, "PreconditionFailed")
    assert (await cloud.http.put(url, content=b"2")).status_code == 403
    assert await cloud.do(lambda bucket: bucket.blob("new.txt").download_as_bytes()) == b"1"


async def test_a_url_names_a_generation_and_what_the_answer_shall_say(cloud):
    await upload(cloud, "a.txt")
    old = (await cloud.do(lambda bucket: bucket.get_blob("a.txt"))).generation
    url = signed(cloud, "a.txt", generation=old, response_disposition="attachment", response_type="text/x")
    answer = await cloud.http.get(url)
    assert (answer.headers["content-disposition"], answer.headers["content-type"]) == ("attachment", "text/x")
    await upload(cloud, "a.txt", b"another")
    assert (await cloud.http.get(url)).status_code == 404


async def test_the_head_of_an_object_may_be_read_with_a_url_to_read_it(cloud):
    await upload(cloud, "a.txt")
    assert (await cloud.http.head(signed(cloud, "a.txt"))).headers["content-length"] == "5"
    assert (await cloud.http.head(signed(cloud, "a.txt", method="PUT"))).status_code == 403


async def test_a_url_of_the_future_does_not_hold_yet(cloud):
    await upload(cloud, "a.txt")
    url = signed(cloud, "a.txt")
    cloud.offset = -3600.0
    assert code(await cloud.http.get(url)) == "RequestTimeTooSkewed"


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
