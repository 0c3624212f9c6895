"""The life of an agent in three roles, over HTTP: published, rejected, resubmitted, approved and featured; found,
added, run on a schedule, rated, updated. Of each step whom it concerns is told, once, although each message comes
twice and in any order."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from served import Accounts, MakeApi, User, error_of

from shared import clock
from shared.firestore import values
from shared.gcp import pubsub, tasks
from shared.services import fan_out, node_tasks, occurring, run_node, world

Made = Callable[..., dict[str, Any]]


class Cloud:
    """Pub/Sub and Cloud Tasks, whose deliveries the test makes: messages twice, and in any order."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.tasks: list[bytes] = []
        self._random = random.Random(7)

    async def publish(self, topic: str, ordering_key: str, messages: Sequence[pubsub.Message]) -> None:
        self.messages += [message.data for message in messages]

    async def create(self, *, body: bytes, **_: Any) -> bool:
        self.tasks.append(body)
        return True

    async def settle(self) -> None:
        while self.tasks or self.messages:
            while self.tasks:
                await run_node.handle(world.real(), node_tasks.decode(self.tasks.pop(0)), 0)
            delivered, self.messages = self.messages * 2, []
            self._random.shuffle(delivered)
            for data in delivered:
                event = fan_out.read(values.load(data.decode()))
                if event is not None:
                    await fan_out.take(world.real(), event)


@pytest.fixture
def deliveries(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.setattr(pubsub, "publish", made.publish)
    monkeypatch.setattr(tasks, "create", made.create)
    return made


class Person:
    """One of the three, at all functions. ``told``: kinds of what they were told so far."""

    def __init__(self, make_api: MakeApi, user: User, deliveries: Cloud) -> None:
        self.id = user.id
        self._make_api = make_api
        self._user = user
        self._deliveries = deliveries

    async def call(self, function: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        api = self._make_api(function, self._user)
        answer = await api.request(method, path, json=body, params=params)
        assert answer.status_code == 200, answer.text
        await self._deliveries.settle()
        return answer.json()

    async def refused(self, function: str, method: str, path: str, code: int) -> dict[str, Any]:
        return error_of(await self._make_api(function, self._user).request(method, path, json={}), code)

    async def told(self) -> Counter[str]:
        listed = await self.call("users", "GET", "/me/notifications", page_size=100)
        return Counter(one["kind"] for one in listed["items"])


CARD = {
    "title": "Capital letters",
    "description": "Turns a text into upper case, so that it shouts.",
    "category": "Writing",
    "tags": ["text"],
}


async def published(creator: Person, admin: Person, card: dict[str, Any]) -> str:
    """Rejected with a reason, submitted again, approved and featured: the id of the listing."""
    first = await creator.call("store", "POST", "/store/submissions", card)
    path = f"/store/submissions/{first['submission_id']}"
    await creator.refused("store", "POST", f"{path}/reject", 403)
    await admin.call("store", "POST", f"{path}/reject", {"reason": "Say what it is good for."})
    rejected = await creator.call("store", "GET", path)
    assert (rejected["status"], rejected["reason"]) == ("REJECTED", "Say what it is good for.")
    assert await creator.told() == {"submission_received": 1, "submission_rejected": 1}
    better = {**card, "description": "Makes headlines out of any sentence."}
    second = await creator.call("store", "POST", "/store/submissions", better)
    approved = await admin.call("store", "POST", f"/store/submissions/{second['submission_id']}/approve", {})
    await admin.call("store", "POST", f"/store/agents/{approved['listing_id']}/feature", {})
    told = {"submission_received": 2, "submission_rejected": 1, "submission_approved": 1, "listing_featured": 1}
    assert await creator.told() == told
    return approved["listing_id"]


async def added(user: Person, listing_id: str) -> str:
    """Found by a paraphrase with a typo, and added: the id of the agent."""
    found = await user.call("store", "GET", "/store/agents", search_query="uppercse leters for a heading")
    assert found["items"][0]["id"] == listing_id
    return (await user.call("store", "POST", "/library/agents", {"listing_id": listing_id}))["id"]


async def run_by_a_schedule(user: Person, agent_id: str, deliveries: Cloud) -> None:
    body = {"cron": "* * * * *", "input_data": {"text": "hello"}}
    schedule = await user.call("users", "POST", f"/graphs/{agent_id}/schedules", body)
    soon = replace(world.real(), now=lambda: clock.now() + timedelta(minutes=1))
    assert [await occurring.start_due(soon) for _ in range(2)] == [1, 0]
    await deliveries.settle()
    ran = await user.call("users", "GET", f"/schedules/{schedule['id']}/occurrences")
    execution = await user.call("executions", "GET", f"/executions/{ran['items'][0]['execution_id']}")
    assert (execution["status"], execution["output"]) == ("COMPLETED", {"loud": ["HELLO"]})
    assert await user.told() == {"execution_completed": 1}


async def test_the_life_of_an_agent_in_three_roles(
    make_api: MakeApi, accounts: Accounts, deliveries: Cloud, a_graph: Made
) -> None:
    creator, admin, user = [Person(make_api, await accounts.user(role), deliveries) for role in (None, "admin", None)]
    graph = await creator.call("graphs", "POST", "/graphs", a_graph(name="Capitals"))
    card = {"graph_id": graph["id"], **CARD}
    listing_id = await published(creator, admin, card)
    agent_id = await added(user, listing_id)
    await run_by_a_schedule(user, agent_id, deliveries)

    await user.call("store", "POST", f"/store/agents/{listing_id}/ratings", {"rating": 4, "comment": "Loud."})
    rated = await user.call("store", "GET", f"/store/agents/{listing_id}")
    assert (rated["rating"], rated["rating_count"], rated["downloads"]) == (4, 1, 1)
    assert (await creator.told())["rating_received"] == 1

    await creator.call("graphs", "PUT", f"/graphs/{graph['id']}", a_graph(name="Capitals"))
    third = await creator.call("store", "POST", "/store/submissions", {**card, "changes": "Louder."})
    await admin.call("store", "POST", f"/store/submissions/{third['submission_id']}/approve", {})
    assert await user.told() == {"execution_completed": 1, "update_offered": 1}
    assert (await user.call("store", "GET", f"/library/agents/{agent_id}"))["update"] == {"version": 2}
    updated = await user.call("store", "POST", f"/library/agents/{agent_id}/update", {})
    assert (updated["origin"]["version"], updated["update"]) == (2, None)
    assert (await creator.told())["update_offered"] == 0
    assert (await admin.told()).total() == 0

    await admin.call("store", "POST", f"/store/agents/{listing_id}/take-down", {"reason": "Too loud."})
    await admin.call("store", "POST", f"/store/agents/{listing_id}/restore", {})
    told = await creator.told()
    assert (told["listing_taken_down"], told["listing_restored"]) == (1, 1)
