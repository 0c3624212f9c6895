"""An upload URL is good for what it was made for, once; what was scanned is what is had."""

import asyncio
from collections.abc import Callable

from clamd_double import EICAR, make
from served import PROJECT, Cloud
from uploading import Uploads

from shared.gcp import file_objects, storage
from shared.services import files

TEXT = b"Hello, world.\n"
Request = tuple[str, str, dict[str, str], bytes]


def _put(url: str, headers: dict[str, str], data: bytes = TEXT, **changed: str) -> Request:
    """As it was meant, but for some headers; underscores stand for dashes, and nothing for none."""
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    both = {**{name.lower(): value for name, value in headers.items()}, **named}
    return "PUT", url, {name: value for name, value in both.items() if value}, data


ATTACKS: dict[str, tuple[Callable[[str, dict[str, str]], Request], int]] = {
    "another type": (lambda url, said: _put(url, said, content_type="text/html"), 403),
    "no type": (lambda url, said: _put(url, said, content_type=""), 403),
    "larger": (lambda url, said: _put(url, said, TEXT + b"x"), 400),
    "much larger": (lambda url, said: _put(url, said, TEXT * 100_000), 400),
    "smaller": (lambda url, said: _put(url, said, TEXT[1:]), 400),
    "without the limit": (lambda url, said: _put(url, said, x_goog_content_length_range=""), 403),
    "another limit": (lambda url, said: _put(url, said, x_goog_content_length_range="0,9999"), 403),
    "without the condition": (lambda url, said: _put(url, said, x_goog_if_generation_match=""), 403),
    "another condition": (lambda url, said: _put(url, said, x_goog_if_generation_match="1"), 403),
    "for everybody": (lambda url, said: _put(url, said, x_goog_acl="public-read"), 400),
    "reading": (lambda url, said: ("GET", url, said, b""), 403),
    "deleting": (lambda url, said: ("DELETE", url, said, b""), 403),
    "in pieces": (lambda url, said: ("POST", url, {**said, "x-goog-resumable": "start"}, b""), 400),
    "another name": (lambda url, said: _put(url.replace("?", "x?", 1), said), 403),
    "a way up": (lambda url, said: _put(url.replace("?", "/%2e%2e/other?", 1), said), 403),
    "another bucket": (lambda url, said: _put(url.replace("-quarantine/", "-files/", 1), said), 403),
    "a longer life": (lambda url, said: _put(url.replace("X-Goog-Expires=", "X-Goog-Expires=1"), said), 403),
    "another signer": (lambda url, said: _put(url.replace("functions%40", "other%40"), said), 403),
    "another query": (lambda url, said: _put(f"{url}&uploadId=x", said), 403),
    "no signature": (lambda url, said: _put(url.partition("?")[0], said), 403),
}
"""What is tried with an upload URL -> how, and what it is answered."""


async def test_an_upload_url_is_good_for_what_it_was_made_for_alone(uploads: Uploads):
    announced = await uploads.announce("a.txt", len(TEXT))
    name = file_objects.quarantine_name(uploads.user.id, announced["id"])
    answered: dict[str, int] = {}
    for what, (change, _) in ATTACKS.items():
        method, url, headers, data = change(announced["upload"]["url"], announced["upload"]["headers"])
        answered[what] = (await uploads.web.request(method, url, headers=headers, content=data)).status_code
        assert await file_objects.quarantined(name) is None, what
    assert answered == {what: status for what, (_, status) in ATTACKS.items()}
    assert await uploads.told(announced["id"]) == "NOT_SENT"
    assert (await uploads.send(announced, TEXT)).status_code == 200


async def test_an_upload_url_ends_and_so_does_one_to_fetch(uploads: Uploads, cloud: Cloud):
    file = await uploads.upload("a.txt", TEXT)
    announced = await uploads.announce("b.txt", len(TEXT))
    fetched = (await uploads.api.get(f"/files/{file['id']}/download")).json()["url"]
    cloud.later[0] = files.UPLOAD.total_seconds() + 1
    try:
        answers = await uploads.send(announced, TEXT), await uploads.web.get(fetched)
    finally:
        cloud.later[0] = 0.0
    assert [(answer.status_code, "ExpiredToken" in answer.text) for answer in answers] == [(400, True)] * 2


async def test_what_is_said_to_be_packed_is_looked_at_as_it_is_stored(uploads: Uploads):
    bomb, text = make.gz(b"\0" * 20_000_000), make.gz(TEXT)
    for data, status, reason in (
        (TEXT, "CLEAN", None),
        (text, "CLEAN", None),
        (bomb, "REJECTED", "ARCHIVE_BOMB"),
        (make.gz(EICAR), "INFECTED", "VIRUS"),
    ):
        announced = await uploads.announce("a.txt", len(data))
        announced["upload"]["headers"]["Content-Encoding"] = "gzip"
        assert (await uploads.send(announced, data)).status_code == 200
        assert await uploads.told(announced["id"]) == status
        file = await uploads.read(announced["id"])
        assert (file["status"], file["reason"]) == (status, reason)
        if status == "CLEAN":
            assert file["content_type"] == ("text/plain" if data == TEXT else "application/gzip")
            assert (await uploads.fetch(file["id"])).content == data


async def test_what_was_sent_cannot_be_sent_again_and_what_is_clean_stays_what_it_was(uploads: Uploads):
    announced = await uploads.announce("a.txt", len(TEXT))
    assert (await uploads.send(announced, TEXT)).status_code == 200
    assert (await uploads.send(announced, b"x" * len(TEXT))).status_code == 412
    assert await uploads.told(announced["id"]) == "CLEAN"
    assert (await uploads.send(announced, EICAR[: len(TEXT)])).status_code == 412
    assert (await uploads.fetch(announced["id"])).content == TEXT


async def test_bytes_that_come_after_the_scan_are_thrown_away(uploads: Uploads):
    """Should an object ever come to lie where one was scanned, it is not the file."""
    file = await uploads.upload("a.txt", TEXT)
    name = file_objects.quarantine_name(uploads.user.id, file["id"])
    await file_objects.erase_quarantined(name)
    await file_objects.send(name, b"evil!")
    assert await uploads.told(file["id"]) == "SENT_AGAIN"
    assert await file_objects.quarantined(name) is None
    assert (await uploads.read(file["id"])) == file
    assert (await uploads.fetch(file["id"])).content == TEXT


async def test_a_download_url_names_what_was_scanned(uploads: Uploads):
    """Whoever could write among the kept files could still not change what a URL gives."""
    file = await uploads.upload("a.txt", TEXT)
    url = (await uploads.api.get(f"/files/{file['id']}/download")).json()["url"]
    kept = file_objects.kept_name(uploads.user.id, file["id"])
    put = storage.client().bucket(f"{PROJECT}-files").blob(kept).upload_from_string
    await asyncio.to_thread(put, b"evil!")
    assert (await uploads.web.get(url)).status_code == 404
    fresh = (await uploads.api.get(f"/files/{file['id']}/download")).json()["url"]
    assert (await uploads.web.get(fresh)).status_code == 404
    assert (await uploads.web.get(url.replace("generation=", "generation=1"))).status_code == 403
