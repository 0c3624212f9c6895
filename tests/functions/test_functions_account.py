"""An account is taken along, and goes: all of it, whatever dies meanwhile, and nothing of anybody else's."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of
from whole_store import left

from functions.routers import account as routes
from functions.routers import account_shapes as shapes
from shared import clock
from shared.domain.files import File, FileStatus
from shared.domain.records import Output
from shared.firestore import belongings, deletions, files, idempotency, memory
from shared.firestore import client as firestore
from shared.firestore.belongings import BELONGINGS, BY_NAME
from shared.gcp import accounts as firebase
from shared.gcp import file_objects, pubsub, storage, tasks
from shared.services import api_keys, deleting, erasing, figures, node_tasks, run_node, stored_values, world
from shared.services.world import World

SECRET = "planted-where-nobody-may-read-it"
LARGE = "a very long text, " * 10_000
NODES = [
    {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "text"}},
    {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
    {"id": "ask", "block_type": "HUMAN_IN_THE_LOOP", "input_data": {"name": "look at it"}},
]
LINKS = [
    {"source_id": "in", "source_name": "result", "sink_id": "up", "sink_name": "text"},
    {"source_id": "up", "source_name": "processed_text", "sink_id": "ask", "sink_name": "data"},
]


@dataclass
class Outside:
    """Tasks and objects."""

    tasks: list[bytes] = field(default_factory=list[bytes])
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])

    async def create_task(self, *, body: bytes, **_: Any) -> bool:
        self.tasks.append(body)
        return True

    async def deliver_all(self) -> None:
        while self.tasks:
            await run_node.handle(world.real(), node_tasks.decode(self.tasks.pop(0)), 0)

    async def put(self, name: str, data: bytes) -> None:
        self.objects[name] = data

    async def get(self, name: str) -> bytes:
        return self.objects[name]

    async def list_all(self, prefix: str) -> list[str]:
        return [name for name in self.objects if name.startswith(prefix)]

    async def delete_all(self, prefix: str) -> None:
        for name in await self.list_all(prefix):
            del self.objects[name]


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    made = Outside()

    async def publish(*_: Any, **__: Any) -> None:
        pass

    for name in ("erase_of", "erase_kept", "erase_quarantined"):
        monkeypatch.setattr(file_objects, name, publish)
    monkeypatch.setattr(tasks, "create", made.create_task)
    monkeypatch.setattr(pubsub, "publish", publish)
    for name in ("put", "get", "list_all", "delete_all"):
        monkeypatch.setattr(storage, name, getattr(made, name))
    return made


class Person:
    """A user with something in every collection: made as one makes it, and planted where nobody has yet."""

    def __init__(self, make_api: MakeApi, user: User, outside: Outside) -> None:
        self.user, self.outside = user, outside
        self.apis = {name: make_api(name, user) for name in ("users", "graphs", "executions", "webhooks", "store")}
        self.key = self.webhook = self.execution = ""

    async def post(self, function: str, path: str, body: Any) -> Any:
        answer = await self.apis[function].post(path, json=body, headers={"Idempotency-Key": path})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def lives(self) -> "Person":
        await self.post("users", "/auth/user", {})
        graph = await self.post("graphs", "/graphs", {"name": "g", "nodes": NODES, "links": LINKS})
        place = f"/graphs/{graph['id']}"
        await self.apis["graphs"].put(place, json={"nodes": NODES, "links": LINKS})
        self.key = (await self.post("users", "/me/api-keys", {"name": "k", "scopes": ["agent.read"]}))["key"]
        credential = {"provider": "x", "kind": "api_key", "api_key": SECRET}
        await self.post("users", "/credentials", credential)
        await self.post("users", "/files", {"name": "a.txt", "size": 1})
        await self.post("users", f"{place}/schedules", {"cron": "0 0 1 1 *", "input_data": {"text": "x"}})
        self.webhook = (await self.post("users", f"{place}/webhooks", {}))["id"]
        started = await self.post("executions", f"{place}/executions", {"input_data": {"text": LARGE}})
        self.execution = started["execution_id"]
        await self.outside.deliver_all()
        await memory.keep(self.user.id, graph["id"], "colour", "blue", clock.now())
        submission = {"graph_id": graph["id"], "title": "Shouter", "description": "It shouts.", "category": "OTHER"}
        listing_id = (await self.post("store", "/store/submissions", submission))["listing_id"]
        for kind in ("ratings", "downloads"):
            row = {"user_id": self.user.id, "listing_id": listing_id, "recount": listing_id, "is_gone": False}
            place = firestore.client().collection(kind).document(clock.random_id())
            await place.set(
                {**row, "stars": 5, "comment": "", "revision": 1, "version": 1, "created_at": clock.now()}
            )
        await files.documents.create(_file(self.user.id))
        for one in BELONGINGS:
            await self._plant(one)
        return self

    async def _plant(self, one: belongings.Belonging) -> None:
        """So that a collection which is only just decided is looked at too. Those of the engine it knows itself."""
        if one.collection in ("users", "reviews", *erasing.ERASERS):
            return
        name, owner = (self.user.id, {}) if one.by == BY_NAME else (f"planted-{self.user.id}", {one.by: self.user.id})
        reference = firestore.client().collection(one.collection).document(name)
        await reference.set({**owner, "planted": True}, merge=True)
        for name in one.under:
            await reference.collection(name).document("below").set({"planted": True})

    async def has(self) -> dict[str, int]:
        found = {one.collection: await _all(one, self.user.id) for one in BELONGINGS}
        return {name: len(documents) for name, documents in found.items()}


async def _all(one: belongings.Belonging, user_id: str) -> list[belongings.Found]:
    found: list[belongings.Found] = []
    while more := await belongings.page(one, user_id, found[-1].id if found else None):
        found += more
    return found


@pytest.fixture
async def ann(make_api: MakeApi, accounts: Accounts, outside: Outside) -> Person:
    return await Person(make_api, await accounts.user(), outside).lives()


@pytest.fixture
async def ben(make_api: MakeApi, accounts: Accounts, outside: Outside) -> Person:
    return await Person(make_api, await accounts.user(), outside).lives()


def _file(user_id: str) -> File:
    now = clock.now()
    return File(
        id=clock.random_id(),
        user_id=user_id,
        name="x.txt",
        status=FileStatus.CLEAN,
        size=1,
        held=1,
        upload_until=now,
        created_at=now,
        updated_at=now,
    )


class Time:
    """Has ``tick`` go on with deletions, a minute after the other."""

    def __init__(self) -> None:
        self.passed = timedelta()

    async def minute(self) -> int:
        self.passed += timedelta(minutes=1)
        passed = self.passed
        moved: World = replace(world.real(), now=lambda: clock.now() + passed)
        over = await erasing.erase_due(moved)
        await figures.count_left(moved)
        return over

    async def until_over(self, user_id: str, most: int = 100) -> int:
        """How many minutes it took."""
        for minute in range(1, most):
            await self.minute()
            if not any(one.user_id == user_id for one in await _deletions()):
                return minute
        raise AssertionError(f"not over after {most} minutes")


async def _deletions() -> list[deletions.Deletion]:
    return await deletions.due(clock.now() + timedelta(days=9), 100)


async def test_a_deleted_account_leaves_nothing_but_its_entry_in_the_audit_log(
    ann: Person, ben: Person, outside: Outside, accounts: Accounts, make_api: MakeApi
):
    admin = make_api("users", await accounts.user("admin"))
    named = {"enabled": True, "user_ids": [ann.user.id, ben.user.id]}
    assert (await admin.put("/admin/flags/of_two", json=named)).status_code == 200
    before, bens = await ann.has(), await ben.has()
    assert [name for name, count in before.items() if not count] == [], "there is something in every collection"
    ids = [document.id for one in BELONGINGS for document in await _all(one, ann.user.id)]
    assert await outside.list_all(stored_values.prefix(ann.execution)), "large values are stored"
    assert (await ann.apis["users"].delete("/me")).json() == {}
    time = Time()
    await time.until_over(ann.user.id)
    assert await left([ann.user.id, ann.user.email, *ids]) == []
    assert await outside.list_all(stored_values.prefix(ann.execution)) == []
    assert (await ben.has(), (await ben.apis["users"].get("/me")).status_code) == (bens, 200)
    assert await outside.list_all(stored_values.prefix(ben.execution))
    flag = (await admin.get("/admin/flags")).json()["items"][0]
    assert flag["user_ids"] == [ben.user.id]
    entries = (await admin.get("/admin/audit", params={"action": "user.erase"})).json()["items"]
    assert [one["user_id"] for one in entries if one["resource_id"] == ann.user.id] == [ann.user.id]
    await admin.delete("/admin/flags/of_two")


async def test_nobody_gets_in_and_nothing_starts_once_it_was_asked_for(ann: Person, make_api: MakeApi):
    nobody = make_api("graphs")
    assert (await nobody.get("/graphs", headers={"X-API-Key": ann.key})).status_code == 200
    assert (await ann.apis["users"].delete("/me")).status_code == 200
    api_keys._trusted.clear()  # as of an instance that has not seen the key within a minute
    error_of(await ann.apis["graphs"].get("/graphs"), 401)
    error_of(await nobody.get("/graphs", headers={"X-API-Key": ann.key}), 401)
    error_of(await make_api("webhooks").post(f"/webhooks/{ann.webhook}", content=b"{}"), 404)
    assert await firebase.find(ann.user.id) is None
    left = await ann.has()
    assert {name for name, count in left.items() if count} == {
        one.collection for one in BELONGINGS if not one.at_once
    }


class Killed(BaseException):
    """The process has died."""


async def test_whatever_dies_meanwhile_it_comes_to_its_end(ann: Person, monkeypatch: pytest.MonkeyPatch):
    calls = {"left": 0}

    def fragile(module: Any, name: str) -> None:
        real = getattr(module, name)

        async def call(*arguments: Any) -> Any:
            calls["left"] -= 1
            done = await real(*arguments)
            if calls["left"] == 0:
                raise Killed
            return done

        monkeypatch.setattr(module, name, call)

    for module, name in (
        (firebase, "delete"),
        (belongings, "erase"),
        (deletions, "go_on"),
        (deletions, "end"),
        (deleting, "mark"),
        (deleting, "erase"),
        (storage, "delete_all"),
    ):
        fragile(module, name)
    calls["left"] = 1
    with pytest.raises(Killed):
        await ann.apis["users"].delete("/me")
    time, deaths = Time(), 0
    while any(one.user_id == ann.user.id for one in await _deletions()):
        calls["left"] = deaths + 1
        time.passed += erasing.LEASE
        try:
            await time.minute()
        except Killed:
            deaths += 1
    assert deaths > len(BELONGINGS)
    assert await left([ann.user.id, ann.user.email, ann.execution]) == []


async def test_a_large_account_goes_piece_by_piece(ann: Person, monkeypatch: pytest.MonkeyPatch):
    for n in range(120):
        await memory.keep(ann.user.id, "", f"k{n}", n, clock.now())
    seconds = iter(range(10**6))
    monkeypatch.setattr(belongings, "MAX_BATCH", 1)
    monkeypatch.setattr(erasing, "BUDGET_SECONDS", 4 * len(BELONGINGS))
    for other in await _deletions():  # which would use up the time, each minute, where they cannot end
        await deletions.end(other.user_id)
    assert (await ann.apis["users"].delete("/me")).status_code == 200
    monkeypatch.setattr(clock, "monotonic", lambda: next(seconds))
    assert await Time().until_over(ann.user.id) > 3, "more than one look"
    assert await left([ann.user.id]) == []


async def test_what_another_instance_still_wrote_goes_too(ann: Person):
    assert (await ann.apis["users"].delete("/me")).status_code == 200
    time = Time()
    await time.minute()
    assert {name for name, count in (await ann.has()).items() if count} == set()
    await memory.keep(ann.user.id, "", "late", 1, clock.now())
    await idempotency.begin(ann.user.id, "POST /x", "late", "f", "h", clock.now())
    await time.until_over(ann.user.id)
    assert await left([ann.user.id]) == []


async def test_an_administrator_deletes_an_account_but_not_their_own(
    ann: Person, accounts: Accounts, make_api: MakeApi
):
    admin = await accounts.user("admin")
    api = make_api("users", admin)
    assert error_of(await api.delete(f"/admin/users/{admin.id}"), 409)["ErrorInfo"]["reason"] == "OWN_ACCOUNT"
    assert (await api.delete(f"/admin/users/{ann.user.id}")).json() == {}
    error_of(await ann.apis["users"].get("/me"), 401)
    await Time().until_over(ann.user.id)
    error_of(await api.delete(f"/admin/users/{ann.user.id}"), 404)


async def _parts(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    parts = [(await api.get("/me/export")).json()]
    while parts[-1]["next_page_token"]:
        parts.append((await api.get("/me/export", params={"page_token": parts[-1]["next_page_token"]})).json())
    return parts


async def test_an_export_is_on_record(ann: Person, accounts: Accounts, make_api: MakeApi):
    await ann.apis["users"].get("/me/export")
    admin = make_api("users", await accounts.user("admin"))
    wanted = {"action": "export.read", "user_id": ann.user.id}
    assert len((await admin.get("/admin/audit", params=wanted)).json()["items"]) == 1


async def test_an_export_has_all_that_is_told_and_no_secret(
    ann: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
):
    answer = await ann.apis["users"].get("/me/export")
    shapes.Export.model_validate(answer.json())
    assert "weftly-export.json" in answer.headers["content-disposition"]
    items = answer.json()["items"]
    collections = {item["collection"].split("/")[0] for item in items}
    assert collections == {one.collection for one in BELONGINGS if one.told} | {"values"}
    assert json.loads(ann.outside.objects[next(i["id"] for i in items if i["collection"] == "values")])
    assert not any(hidden in answer.text for hidden in (SECRET, ann.key.split("_", 2)[2], ben.user.id, "sealed"))
    assert {"colour": "blue"} in [{i["data"]["key"]: i["data"]["value"]} for i in items if "value" in i["data"]]
    monkeypatch.setattr(routes, "EXPORT_SECONDS", 0)
    parts = await _parts(ann.apis["users"])
    assert len(parts) > 5
    assert [item for part in parts for item in part["items"]] == items
    other = {"page_token": parts[0]["next_page_token"]}
    error_of(await ben.apis["users"].get("/me/export", params=other), 400)


async def test_outputs_that_came_too_late_are_not_left_in_the_bucket(outside: Outside):
    name = f"{stored_values.prefix('gone')}x"
    outside.objects[name] = b"1"
    await stored_values.drop("gone", [Output(pin="p", stored=name)])
    assert outside.objects == {}
