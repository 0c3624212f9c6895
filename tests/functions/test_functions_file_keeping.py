"""``tick`` looks after files: what was lost is scanned, what has ended is erased."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clamd_double import Clamd
from served import PROJECT, error_of
from uploading import Uploads

from shared.domain import files as domain
from shared.domain.files import FileStatus
from shared.firestore import files as documents
from shared.gcp import file_objects, storage, tasks
from shared.services import file_keeping, files, world

TEXT = b"Hello, world.\n"


class Clock:
    """The world of ``tick``, at another time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.offset = timedelta()
        self._here = world.real()
        self.tasks: list[bytes] = []

        async def create(**task: Any) -> bool:
            assert task["function"] == "scan"
            self.tasks.append(task["body"])
            return True

        monkeypatch.setattr(tasks, "create", create)

    def world(self) -> world.World:
        here = self._here
        return world.World(
            now=lambda: datetime.now(UTC) + self.offset,
            random_id=here.random_id,
            settings=here.settings,
            http=here.http,
        )

    async def tick(self, **forward: float) -> None:
        self.offset += timedelta(**forward)
        await file_keeping.keep(self.world())


@pytest.fixture
def clock(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def test_a_scan_whose_notification_was_lost_is_asked_for_by_tick(uploads: Uploads, clock: Clock):
    announced = await uploads.announce("a.txt", len(TEXT))
    await uploads.send(announced, TEXT)
    await clock.tick(minutes=18)
    answers = [await uploads.scan.post("http://scan.test/", content=body) for body in clock.tasks]
    assert "CLEAN" in [answer.json()["outcome"] for answer in answers]
    assert (await uploads.read(announced["id"]))["status"] == "CLEAN"


async def test_a_file_that_waits_for_the_scanner_is_scanned_again(uploads: Uploads, clamd: Clamd, clock: Clock):
    clamd.says = b"stream: ERROR"
    file = await uploads.upload("a.txt", TEXT)
    clamd.says = None
    await clock.tick(minutes=2)
    for body in clock.tasks:
        await uploads.scan.post("http://scan.test/", content=body)
    assert (await uploads.read(file["id"]))["status"] == "CLEAN"


async def test_what_was_never_sent_is_forgotten(uploads: Uploads, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    announced = await uploads.announce("a.txt", len(TEXT))
    await clock.tick(minutes=18)
    monkeypatch.setattr(world, "real", clock.world)
    for body in clock.tasks:
        await uploads.scan.post("http://scan.test/", content=body)
    assert await documents.documents.find(announced["id"]) is None
    assert (await documents.held(uploads.user.id)).bytes == 0


async def test_quarantine_is_left_when_the_upload_url_has_ended(uploads: Uploads, clock: Clock):
    file = await uploads.upload("a.txt", TEXT)
    name = file_objects.quarantine_name(uploads.user.id, file["id"])
    await clock.tick()
    assert await file_objects.quarantined(name) is not None
    await clock.tick(minutes=16)
    assert await file_objects.quarantined(name) is None
    assert (await uploads.fetch(file["id"])).content == TEXT


async def test_a_file_ends_and_so_does_what_was_refused(uploads: Uploads, clock: Clock):
    end = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    kept = await uploads.upload("a.txt", TEXT, expires_at=end)
    refused = await uploads.upload("a.png", b"MZ\0\0")
    assert timedelta(days=2) < domain.FORGET
    await clock.tick(minutes=16)
    await clock.tick(days=2)
    assert await documents.documents.find(kept["id"]) is None
    assert (await uploads.document(refused["id"])).status is FileStatus.REJECTED
    await clock.tick(days=6)
    assert await documents.documents.find(refused["id"]) is None


async def test_an_account_that_ends_leaves_no_file(uploads: Uploads):
    file = await uploads.upload("a.txt", TEXT)
    await uploads.send(await uploads.announce("b.txt", len(TEXT)), TEXT)
    await files.erase_of(uploads.user.id)
    assert await documents.documents.list_of(uploads.user.id, None, 9) == []
    owner = file_objects.owner(uploads.user.id)
    for bucket in ("files", "quarantine"):
        found = storage.client().bucket(f"{PROJECT}-{bucket}").list_blobs()
        assert [blob.name for blob in found if owner in blob.name] == []
    error_of(await uploads.api.get(f"/files/{file['id']}"), 404)
