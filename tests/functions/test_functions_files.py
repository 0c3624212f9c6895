"""Files: sent by a signed URL, kept only when they are what may be kept, read by their owner alone."""

import asyncio
import os
import sys
from typing import Any

import pytest
from served import PROJECT, ROOT, Accounts, MakeApi, error_of, fields_of
from uploading import Uploads

sys.path.append(str(ROOT / "tests" / "unit" / "inspection"))

from clamd_double import Clamd
from hostile import CASES, HARMLESS, NAMES, VIRUSES

from functions.routers import files as shapes
from shared import config
from shared.domain.files import Reason
from shared.firestore import files as documents
from shared.gcp import file_objects, storage
from shared.services import world

TEXT = b"Hello, world.\n"
SHOWN = ("text/plain", "application/octet-stream", "image/png")
_DESERVED = {case.deserves for case in CASES}


async def test_a_file_is_announced_sent_scanned_fetched_and_deleted(uploads: Uploads, clamd: Clamd):
    announced = await uploads.announce("../Report 1.txt", len(TEXT))
    shapes.NewFile.model_validate(announced)
    assert (announced["name"], announced["status"], announced["content_type"]) == ("Report 1.txt", "PENDING", None)
    error_of(await uploads.api.get(f"/files/{announced['id']}/download"), 409)
    assert (await uploads.send(announced, TEXT)).status_code == 200
    error_of(await uploads.api.get(f"/files/{announced['id']}/download"), 409)
    assert await uploads.told(announced["id"]) == "CLEAN"
    file = await uploads.read(announced["id"])
    shapes.FileView.model_validate(file)
    assert (file["status"], file["content_type"], file["scanned"]) == ("CLEAN", "text/plain", True)
    fetched = await uploads.fetch(file["id"])
    assert fetched.content == TEXT
    assert fetched.headers["content-type"] == "text/plain; charset=utf-8"
    assert fetched.headers["content-disposition"].startswith('attachment; filename="Report 1.txt"')
    url = (await uploads.api.get(f"/files/{file['id']}/download")).json()["url"]
    assert (await uploads.api.delete(f"/files/{file['id']}")).json() == {}
    error_of(await uploads.api.get(f"/files/{file['id']}"), 404)
    assert (await uploads.web.get(url)).status_code == 404
    assert await file_objects.quarantined(file_objects.quarantine_name(uploads.user.id, file["id"])) is None
    assert await documents.documents.find(file["id"]) is None


SOME = [*VIRUSES, *(next(one for one in CASES if one.deserves == reason) for reason in Reason if reason in _DESERVED)]
"""One for each reason; ``HOSTILE=1`` sends all. ``tests/unit/inspection`` judges all of them in any case."""


async def test_what_is_hostile_is_never_to_be_had(uploads: Uploads):
    for case in CASES if os.environ.get("HOSTILE") else SOME:
        data = case.data()
        if not data:
            continue  # no file of no bytes can be announced
        file = await uploads.upload(case.name, data, content_type=case.declared or None)
        assert file["status"] == ("INFECTED" if case in VIRUSES else "REJECTED"), case.what
        assert file["reason"] == case.deserves, case.what
        assert file["message"]
        error = error_of(await uploads.api.get(f"/files/{file['id']}/download"), 409)
        assert error["ErrorInfo"]["reason"] == "FILE_NOT_CLEAN"
    owner = file_objects.owner(uploads.user.id)
    kept = storage.client().bucket(f"{PROJECT}-files").list_blobs
    assert await asyncio.to_thread(lambda: list(kept(prefix=f"files/{owner}/"))) == []
    assert (await documents.held(uploads.user.id)).bytes == 0


async def test_what_is_harmless_comes_back_as_what_no_browser_runs(uploads: Uploads):
    chosen = {
        "a program's text that is no program": "run.bat.txt",
        "an SVG": "a.svg",
        "a PNG called a text": "a.txt.png",
    }
    cases = [case for case in HARMLESS if case.what in chosen]
    assert len(cases) == len(chosen)
    for case in cases:
        file = await uploads.upload(case.name, case.data())
        assert (file["status"], file["content_type"]) == ("CLEAN", case.deserves)
        fetched = await uploads.fetch(file["id"])
        assert fetched.content == case.data()
        assert f'attachment; filename="{chosen[case.what]}"' in fetched.headers["content-disposition"]
        assert fetched.headers["content-type"].partition(";")[0] in SHOWN


async def test_a_name_leads_nowhere(uploads: Uploads):
    assert [(await uploads.announce(name, 1))["name"] for name in NAMES] == list(NAMES.values())


async def test_a_file_of_another_user_is_as_absent_as_one_that_never_was(
    uploads: Uploads, make_api: MakeApi, accounts: Accounts
):
    file = await uploads.upload("a.txt", TEXT)
    other = make_api("users", await accounts.user())
    for method, path in (("GET", ""), ("GET", "/download"), ("POST", "/upload"), ("DELETE", "")):
        for id_ in (file["id"], "0" * 26):
            error = error_of(await other.request(method, f"/files/{id_}{path}"), 404)
            assert error["ErrorInfo"]["reason"] == "FILE_NOT_FOUND"
    assert (await other.get("/files")).json()["items"] == []


async def test_files_are_listed_newest_first_by_pages_and_by_status(uploads: Uploads):
    made = [(await uploads.announce(f"{n}.txt", 1))["id"] for n in range(3)]
    clean = (await uploads.upload("a.txt", TEXT))["id"]
    page = (await uploads.api.get("/files", params={"page_size": 2})).json()
    rest = (await uploads.api.get("/files", params={"page_token": page["next_page_token"]})).json()
    assert [one["id"] for one in page["items"] + rest["items"]] == [clean, *reversed(made)]
    shapes.FileList.model_validate(page)
    found = (await uploads.api.get("/files", params={"status": "CLEAN"})).json()["items"]
    assert [one["id"] for one in found] == [clean]
    assert fields_of(await uploads.api.get("/files", params={"status": "DELETED"})) == ["status"]


async def test_a_quota_holds_against_many_who_upload_at_once(uploads: Uploads, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MAX_STORAGE_BYTES", "1000")
    config.settings.cache_clear()
    world.real.cache_clear()
    body = {"name": "a.txt", "size": 300}
    answers = await asyncio.gather(*(uploads.api.post("/files", json=body) for _ in range(12)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    granted = sum(answer.status_code == 200 for answer in answers)
    assert granted <= 3
    assert (await documents.held(uploads.user.id)).bytes == granted * 300
    while granted < 3:
        await uploads.announce("a.txt", 300)
        granted += 1
    error = error_of(await uploads.api.post("/files", json=body), 409)
    assert error["ErrorInfo"]["reason"] == "STORAGE_FULL"
    assert (await documents.held(uploads.user.id)).files == 3


async def test_so_many_files_and_no_more(uploads: Uploads, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MAX_FILES", "1")
    config.settings.cache_clear()
    world.real.cache_clear()
    first = await uploads.announce("a.txt", 1)
    error_of(await uploads.api.post("/files", json={"name": "a.txt", "size": 1}), 409)
    await uploads.api.delete(f"/files/{first['id']}")
    await uploads.announce("a.txt", 1)


REFUSED: list[tuple[Any, list[str]]] = [
    ({}, ["name", "size"]),
    ({"name": "", "size": 1}, ["name"]),
    ({"name": "x" * 1001, "size": 1}, ["name"]),
    ({"name": 1, "size": "1"}, ["name", "size"]),
    ({"name": "a", "size": 0}, ["size"]),
    ({"name": "a", "size": 10_000_001}, ["size"]),
    ({"name": "a", "size": 1, "content_type": "text/html"}, ["content_type"]),
    ({"name": "a", "size": 1, "content_type": "a\r\nb"}, ["content_type"]),
    ({"name": "a", "size": 1, "expires_at": "2020-01-01T00:00:00Z"}, ["expires_at"]),
    ({"name": "a", "size": 1, "bucket": "x"}, ["bucket"]),
    ([], ["body"]),
]


async def test_what_cannot_be_a_file_is_refused(uploads: Uploads):
    found = [(body, fields_of(await uploads.api.post("/files", json=body))) for body, _ in REFUSED]
    assert found == REFUSED


async def test_a_repeated_announcement_makes_one_file_and_tells_the_url_once(uploads: Uploads):
    headers = {"Idempotency-Key": os.urandom(8).hex()}
    body = {"name": "a.txt", "size": len(TEXT)}
    first, second = [(await uploads.api.post("/files", json=body, headers=headers)).json() for _ in range(2)]
    assert (first["id"], second["upload"]) == (second["id"], None)
    again = (await uploads.api.post(f"/files/{first['id']}/upload")).json()
    assert (await uploads.send(again, TEXT)).status_code == 200
    assert await uploads.told(first["id"]) == "CLEAN"
    error = error_of(await uploads.api.post(f"/files/{first['id']}/upload"), 409)
    assert error["ErrorInfo"]["reason"] == "FILE_NOT_PENDING"
