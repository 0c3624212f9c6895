"""Nothing is kept that the scanner did not pass, whatever comes twice, late or never."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clamd_double import EICAR, NAME, Clamd
from served import PROJECT, Cloud, User, error_of
from uploading import Uploads

from shared import config
from shared.firestore import audit as audit_log
from shared.gcp import file_objects, storage
from shared.services import world

TEXT = b"Hello, world.\n"


async def test_a_scanner_that_does_not_answer_keeps_a_file_in_quarantine(uploads: Uploads, clamd: Clamd):
    await clamd.stop()
    file = await uploads.upload("a.txt", TEXT)
    assert (file["status"], file["reason"], file["scanned"]) == ("QUARANTINED", "SCANNER_UNAVAILABLE", False)
    error = error_of(await uploads.api.get(f"/files/{file['id']}/download"), 409)
    assert "scanned again" in error["message"]
    due = (await uploads.document(file["id"])).due_at
    assert due is not None
    assert due - datetime.now(UTC) < timedelta(minutes=2)


async def test_whatever_is_not_a_plain_ok_is_none(uploads: Uploads, clamd: Clamd):
    for said in (b"stream: Can't allocate memory ERROR", b"", b"OK", b"stream: OK FOUND-NOT", b"stream: OK\nx"):
        clamd.says = said
        assert (await uploads.upload("a.txt", TEXT))["status"] == "QUARANTINED"
    clamd.says = None
    file_id = (await uploads.api.get("/files")).json()["items"][0]["id"]
    assert await uploads.told(file_id) == "CLEAN"
    file = await uploads.read(file_id)
    assert (file["reason"], file["message"]) == (None, None)


async def test_what_the_scanner_does_not_look_at_is_not_kept(uploads: Uploads, clamd: Clamd):
    clamd.limit = 10
    file = await uploads.upload("a.txt", TEXT)
    assert (file["status"], file["reason"]) == ("REJECTED", "NOT_SCANNABLE")


async def test_without_a_scanner_nothing_is_kept_unless_it_is_said(uploads: Uploads, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLAMD_URL", "")
    for required, status in (("true", "QUARANTINED"), ("false", "CLEAN")):
        monkeypatch.setenv("SCAN_REQUIRED", required)
        config.settings.cache_clear()
        world.real.cache_clear()
        file = await uploads.upload("a.txt", TEXT)
        assert (file["status"], file["scanned"]) == (status, False)
        assert file["reason"] == ("SCANNER_MISSING" if required == "true" else None)
    assert (await uploads.upload("a.png", b"MZ\0\0"))["status"] == "REJECTED"


def test_a_deployed_function_takes_nothing_unscanned():
    with pytest.raises(config.SettingsError, match="SCAN_REQUIRED"):
        config.read({"K_SERVICE": "scan", "SCAN_REQUIRED": "False"})
    assert config.read({"K_SERVICE": "scan", "SCAN_REQUIRED": "true"}).scan_required


async def test_what_is_found_goes_on_record(uploads: Uploads):
    file = await uploads.upload("a.txt", EICAR)
    assert (file["message"], file["scanned"]) == (f"The virus scanner found {NAME}", True)
    found = await audit_log.list_of({"resource_id": file["id"]}, None, None, None, 9)
    assert {(one.action, one.details.get("reason")) for one in found} >= {("file.infected", "VIRUS")}


async def test_a_scan_that_is_told_twice_at_once_ends_in_one_file(uploads: Uploads):
    announced = await uploads.announce("a.txt", len(TEXT))
    await uploads.send(announced, TEXT)
    outcomes = await asyncio.gather(*(uploads.told(announced["id"]) for _ in range(4)))
    assert set(outcomes) == {"CLEAN"}
    assert (await uploads.fetch(announced["id"])).content == TEXT


async def test_a_file_deleted_while_it_is_scanned_leaves_nothing(uploads: Uploads, monkeypatch: pytest.MonkeyPatch):
    announced = await uploads.announce("a.txt", len(TEXT))
    await uploads.send(announced, TEXT)
    keep = file_objects.keep

    async def keep_late(*arguments: Any) -> str:
        await uploads.api.delete(f"/files/{announced['id']}")
        return await keep(*arguments)

    monkeypatch.setattr(file_objects, "keep", keep_late)
    assert await uploads.told(announced["id"]) == "UNKNOWN"
    kept = file_objects.kept_name(uploads.user.id, announced["id"])
    assert await asyncio.to_thread(lambda: storage.client().bucket(f"{PROJECT}-files").get_blob(kept)) is None


ELSE = [
    {"eventType": "OBJECT_DELETE"},
    {"bucketId": f"{PROJECT}-files"},
    {"objectId": "../../etc/passwd"},
    {"objectId": "values/x/y"},
    {"objectGeneration": "1; drop"},
]


async def test_a_notification_of_something_else_changes_nothing(uploads: Uploads):
    announced = await uploads.announce("a.txt", len(TEXT))
    await uploads.send(announced, TEXT)
    outcomes = [await uploads.told(announced["id"], **attributes) for attributes in ELSE]
    assert set(outcomes) == {"NOTHING_CAME", "NO_UPLOAD"}
    assert (await uploads.read(announced["id"]))["status"] == "PENDING"


async def test_only_the_platform_s_own_caller_may_have_something_scanned(uploads: Uploads, cloud: Cloud, user: User):
    for sent in (None, f"Bearer {user.token}", f"Bearer {cloud.token('tick')}", f"Bearer {cloud.token('scan', 'x')}"):
        headers = {"Authorization": sent or ""}
        answer = await uploads.scan.post("http://scan.test/", json={}, headers=headers)
        assert answer.status_code in (401, 403)
