"""What does a client do with files, and what does the platform do when one comes? For tests of both."""

from dataclasses import dataclass
from typing import Any

import httpx
from served import PROJECT, User

from shared.domain.files import File
from shared.firestore import files
from shared.gcp import file_objects


@dataclass(kw_only=True)
class Uploads:
    """``api``: of the function ``users``. ``scan``: the function ``scan``, called as Pub/Sub does."""

    api: httpx.AsyncClient
    scan: httpx.AsyncClient
    web: httpx.AsyncClient
    user: User

    async def announce(self, name: str, size: int, **more: Any) -> dict[str, Any]:
        answer = await self.api.post("/files", json={"name": name, "size": size, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, announced: dict[str, Any], data: bytes) -> httpx.Response:
        there = announced["upload"]
        return await self.web.request(there["method"], there["url"], content=data, headers=there["headers"])

    async def told(self, file_id: str, generation: str | None = None, **attributes: str) -> str:
        """The notification of what lies in quarantine for a file, delivered."""
        name = file_objects.quarantine_name(self.user.id, file_id)
        found = generation if generation is not None else await file_objects.quarantined(name) or ""
        said = {
            "eventType": "OBJECT_FINALIZE",
            "bucketId": f"{PROJECT}-quarantine",
            "objectId": name,
            "objectGeneration": found,
            **attributes,
        }
        answer = await self.scan.post("http://scan.test/", json={"message": {"attributes": said}})
        assert answer.status_code == 200, answer.text
        return answer.json()["outcome"]

    async def upload(self, name: str, data: bytes, **more: Any) -> dict[str, Any]:
        """All of it: announced, sent and scanned; the file as it is then."""
        announced = await self.announce(name, len(data), **more)
        sent = await self.send(announced, data)
        assert sent.status_code == 200, sent.text
        await self.told(announced["id"])
        return await self.read(announced["id"])

    async def read(self, file_id: str) -> dict[str, Any]:
        answer = await self.api.get(f"/files/{file_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def fetch(self, file_id: str) -> httpx.Response:
        answer = await self.api.get(f"/files/{file_id}/download")
        assert answer.status_code == 200, answer.text
        return await self.web.get(answer.json()["url"])

    async def document(self, file_id: str) -> File:
        found = await files.documents.find(file_id)
        assert found is not None
        return found
