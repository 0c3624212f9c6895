"""The store over HTTP: what is submitted, reviewed, found, rated and taken down again, and what nobody sees."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from served import Accounts, MakeApi, User, error_of, fields_of

from shared.gcp import pubsub

SUBMISSION = {
    "title": "Shouter",
    "description": "Turns what you say into <b>capitals</b><script>alert(1)</script>.",
    "category": "text",
    "tags": ["loud", "Loud", "letters"],
    "media_urls": ["https://pictures.example/shout.png"],
}


class Store:
    """People at the store: a creator, a moderator and a user, and what was published to Pub/Sub."""

    def __init__(self, make_api: MakeApi, accounts: Accounts, a_graph: Callable[..., dict[str, Any]]) -> None:
        self._make_api, self._accounts, self.a_graph = make_api, accounts, a_graph
        self.told: list[dict[str, Any]] = []

    async def person(self, role: str | None = None) -> tuple[httpx.AsyncClient, User]:
        user = await self._accounts.user(role)
        return self._make_api("store", user), user

    def graphs(self, user: User) -> httpx.AsyncClient:
        return self._make_api("graphs", user)

    async def graph(self, user: User, **changes: Any) -> str:
        made = await self.graphs(user).post("/graphs", json=self.a_graph(**changes))
        assert made.status_code == 200, made.text
        return made.json()["id"]

    async def submit(self, api: httpx.AsyncClient, graph_id: str, **changes: Any) -> dict[str, Any]:
        made = await api.post("/store/submissions", json={"graph_id": graph_id, **SUBMISSION, **changes})
        assert made.status_code == 200, made.text
        return made.json()

    async def published(
        self, admin: httpx.AsyncClient, api: httpx.AsyncClient, user: User, **changes: Any
    ) -> dict[str, Any]:
        """A listing of a new graph of the user's, approved."""
        submission = await self.submit(api, await self.graph(user), **changes)
        await done(admin.post(f"/store/submissions/{submission['id']}/approve"))
        return await done(api.get(f"/store/agents/{submission['listing_id']}"))


async def done(asked: Any) -> dict[str, Any]:
    answer = await asked
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def store(
    make_api: MakeApi, accounts: Accounts, a_graph: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Store:
    made = Store(make_api, accounts, a_graph)

    async def publish(topic: str, ordering_key: str, messages: list[pubsub.Message]) -> None:
        made.told += [json.loads(message.data) for message in messages]

    monkeypatch.setattr(pubsub, "publish", publish)
    return made


def types(store: Store) -> list[str]:
    return [one["type"] for one in store.told]


async def test_what_is_rejected_is_submitted_again_approved_and_found(store: Store) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    user, _ = await store.person()
    graph_id = await store.graph(who)
    first = await store.submit(creator, graph_id)
    assert (first["status"], first["submission_id"]) == ("PENDING_REVIEW", first["id"])
    waiting = await done(admin.get("/store/moderation", params={"page_size": 100}))
    assert first["id"] in [one["id"] for one in waiting["items"]]
    await done(admin.post(f"/store/submissions/{first['id']}/reject", json={"reason": "Say what it is for."}))
    assert (await done(creator.get(f"/store/submissions/{first['id']}")))["reason"] == "Say what it is for."
    second = await store.submit(creator, graph_id, description="For signs that must be read from afar.")
    assert second["listing_id"] == first["listing_id"]
    error_of(await user.get(f"/store/agents/{second['listing_id']}"), 404)
    approved = await done(admin.post(f"/store/submissions/{second['id']}/approve"))
    assert (approved["status"], approved["version"]) == ("APPROVED", 1)
    listing = await done(admin.post(f"/store/agents/{second['listing_id']}/feature"))
    assert listing["featured"]
    found = await done(user.get("/store/agents", params={"search_query": "shoutr", "creator": who.id}))
    assert [one["id"] for one in found["items"]] == [second["listing_id"]]
    assert (found["total"], found["page"], found["page_size"], found["total_pages"]) == (1, 1, 20, 1)
    assert "email" not in json.dumps(found)
    assert who.email not in json.dumps(found)
    assert types(store) == [
        "submission.received",
        "submission.rejected",
        "submission.received",
        "submission.approved",
        "listing.featured",
    ]
    assert {one["user_id"] for one in store.told} == {who.id}


async def test_a_new_version_takes_the_place_of_the_old_one(store: Store) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    graph_id = await store.graph(who)
    submission = await store.submit(creator, graph_id)
    await done(admin.post(f"/store/submissions/{submission['id']}/approve"))
    error_of(await creator.post("/store/submissions", json={"graph_id": graph_id, **SUBMISSION}), 409)
    await done(store.graphs(who).put(f"/graphs/{graph_id}", json=store.a_graph(name="Louder")))
    again = await store.submit(creator, graph_id, title="Louder", changes="It is louder.")
    shown = await done(creator.get(f"/store/agents/{again['listing_id']}"))
    assert (shown["title"], shown["version"]) == ("Shouter", 1), "nothing changes before the review"
    await done(admin.post(f"/store/submissions/{again['id']}/approve"))
    shown = await done(creator.get(f"/store/agents/{again['listing_id']}"))
    assert (shown["title"], shown["version"]) == ("Louder", 2)
    versions = await done(creator.get(f"/store/agents/{again['listing_id']}/versions", params={"page_size": 1}))
    assert [one["version"] for one in versions["items"]] == [2]
    rest = {"page_size": 1, "page_token": versions["next_page_token"]}
    older = await done(creator.get(f"/store/agents/{again['listing_id']}/versions", params=rest))
    assert [(one["version"], one["title"]) for one in older["items"]] == [(1, "Shouter")]
    one = await done(creator.get(f"/store/agents/{again['listing_id']}/versions/1"))
    assert list(one["input_schema"]["properties"]) == ["text"]
    assert types(store)[-2:] == ["submission.approved", "listing.updated"]


async def test_a_graph_is_submitted_once_at_a_time_and_by_its_owner(store: Store) -> None:
    creator, who = await store.person()
    other, _ = await store.person()
    viewer, _ = await store.person("viewer")
    graph_id = await store.graph(who)
    body = {"graph_id": graph_id, **SUBMISSION}
    strange = error_of(await other.post("/store/submissions", json=body), 404)
    assert strange["ErrorInfo"]["reason"] == "GRAPH_NOT_FOUND"
    error_of(await viewer.post("/store/submissions", json=body), 403)
    submission = await store.submit(creator, graph_id)
    twice = error_of(await creator.post("/store/submissions", json=body), 409)
    assert twice["ErrorInfo"]["reason"] == "ALREADY_SUBMITTED"
    for path in ("", "/file", "/withdraw"):
        asked = other.post if path == "/withdraw" else other.get
        error_of(await asked(f"/store/submissions/{submission['id']}{path}"), 404)
    own = await done(other.get("/store/submissions"))
    assert own["items"] == []
    await done(creator.post(f"/store/submissions/{submission['id']}/withdraw"))
    error_of(await creator.post(f"/store/submissions/{submission['id']}/withdraw"), 409)
    assert (await store.submit(creator, graph_id))["id"] != submission["id"]


async def test_what_is_withdrawn_taken_down_or_deleted_is_invisible(store: Store) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    listing = await store.published(admin, creator, who)
    of_creator = {"creator": who.id}
    assert (await done(creator.get("/store/agents", params=of_creator)))["total"] == 1
    down = await done(admin.post(f"/store/agents/{listing['id']}/take-down", json={"reason": "It shouts."}))
    assert down["status"] == "TAKEN_DOWN"
    for path in ("", "/versions", "/versions/1", "/ratings"):
        error_of(await creator.get(f"/store/agents/{listing['id']}{path}"), 404)
    error_of(await creator.post(f"/store/agents/{listing['id']}/ratings", json={"rating": 5}), 404)
    error_of(await creator.post(f"/store/agents/{listing['id']}/download"), 404)
    assert (await done(creator.get("/store/agents", params=of_creator)))["total"] == 0
    await done(admin.post(f"/store/agents/{listing['id']}/restore"))
    assert (await done(creator.get("/store/agents", params=of_creator)))["total"] == 1
    own = await done(creator.get("/store/submissions", params={"status": "APPROVED"}))
    await done(creator.post(f"/store/submissions/{own['items'][0]['id']}/withdraw"))
    assert (await done(creator.get("/store/agents", params=of_creator)))["total"] == 0
    error_of(await creator.get(f"/store/creators/{who.id}"), 404)
    graph_id = own["items"][0]["graph_id"]
    again = await store.submit(creator, graph_id)
    await done(admin.post(f"/store/submissions/{again['id']}/approve"))
    assert (await done(creator.get("/store/agents", params=of_creator)))["total"] == 1
    await done(store.graphs(who).delete(f"/graphs/{graph_id}"))
    assert (await done(creator.get("/store/agents", params=of_creator)))["total"] == 0
    assert "listing.taken_down" in types(store)
    assert next(one for one in store.told if one["type"] == "listing.taken_down")["reason"] == "It shouts."


async def test_what_is_down_is_found_by_its_status_and_once_withdrawn_not_restored(store: Store) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    listing = await store.published(admin, creator, who)
    path = f"/store/agents/{listing['id']}"
    down, submissions = {"params": {"status": "TAKEN_DOWN"}}, "/store/submissions"
    await done(admin.post(f"{path}/take-down", json={"reason": "It shouts."}))
    [own] = (await done(creator.get(submissions, **down)))["items"]
    assert own["reason"] == "It shouts."
    waiting = (await done(admin.get("/store/moderation", **down)))["items"]
    assert own["id"] in [one["id"] for one in waiting]
    await done(admin.post(f"{path}/restore"))
    again = await done(creator.get(f"{submissions}/{own['id']}"))
    assert (again["status"], again["reason"]) == ("APPROVED", None)
    await done(admin.post(f"{path}/take-down", json={"reason": "It shouts again."}))
    await done(creator.post(f"{submissions}/{own['id']}/withdraw"))
    error_of(await admin.post(f"{path}/restore"), 404)
    error_of(await creator.get(path), 404)


@pytest.mark.parametrize("value", ["0", "101", "-1", "many", "", "1.5"])
@pytest.mark.parametrize("path", ["/store/agents", "/store/submissions", "/store/moderation"])
async def test_a_page_size_that_cannot_be_is_named(store: Store, path: str, value: str) -> None:
    admin, _ = await store.person("admin")
    assert fields_of(await admin.get(path, params={"page_size": value})) == ["page_size"]


async def test_what_cannot_be_asked_is_named(store: Store) -> None:
    user, _ = await store.person()
    for name, value in (("page", "0"), ("sorted_by", "best"), ("featured", "perhaps"), ("search_query", "x" * 501)):
        assert fields_of(await user.get("/store/agents", params={name: value})) == [name]
    assert fields_of(await user.get("/store/agents", params={"catgory": "x"})) == ["catgory"]


async def test_every_fault_of_a_submission_is_named(store: Store) -> None:
    creator, who = await store.person()
    body = {
        "graph_id": await store.graph(who),
        "title": "<b></b>",
        "tags": ["x" * 51, 7],
        "media_urls": [
            "http://a.example/x.png",
            "https://u:p@a.example/",
            "javascript:alert(1)",
            "https://localhost/",
        ],
        "public_defaults": "text",
        "price": 3,
    }
    wrong = fields_of(await creator.post("/store/submissions", json=body))
    assert set(wrong) == {
        *("title", "tags[0]", "tags[1]", "public_defaults", "price"),
        *(f"media_urls[{n}]" for n in range(4)),
    }


async def test_texts_are_cleaned_and_tags_counted_once(store: Store) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    listing = await store.published(admin, creator, who, title="A <i>title</i>", category="Tést")
    assert (listing["title"], listing["tags"]) == ("A title", ["loud", "letters"])
    assert listing["description"] == "Turns what you say into capitals."
    seen = await done(creator.get("/store/agents", params={"category": "tést"}))
    assert [one["id"] for one in seen["items"]] == [listing["id"]]
    known = await done(creator.get("/store/categories"))
    assert {"name": "Tést", "listings": 1} in known["categories"]


async def test_the_copy_has_neither_secrets_nor_what_its_owner_runs_it_with(store: Store) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    nodes = [
        {"id": "mail", "block_type": "AGENT_INPUT", "input_data": {"name": "mail", "value": "private@home.example"}},
        {"id": "pin", "block_type": "AGENT_INPUT", "input_data": {"name": "pin", "value": "4711-x", "secret": True}},
        {"id": "tone", "block_type": "AGENT_INPUT", "input_data": {"name": "tone", "value": "polite"}},
        {
            "id": "call",
            "block_type": "SEND_WEB_REQUEST",
            "input_data": {
                "url": "https://api.example/v1",
                "headers": {"Authorization": "Basic hidden-auth", "Accept": "text/plain"},
                "body": {
                    "api_key": "hidden-key",
                    "deep": [{"password": "hidden-password", "clientSecret": "hidden-camel", "text": "shown"}],
                    "headers": [{"name": "X-Auth-Token", "value": "hidden-pair"}, {"name": "a", "value": "seen"}],
                },
            },
            "metadata": {"note": "hidden-note"},
        },
    ]
    child = await store.graph(
        who,
        nodes=[{"id": "c", "block_type": "AGENT_INPUT", "input_data": {"name": "c", "value": "hidden-child"}}],
        links=[],
    )
    nodes.append({"id": "sub", "block_type": "AGENT_EXECUTOR", "input_data": {"graph_id": child}})
    graph_id = await store.graph(who, nodes=nodes, links=[])
    sent = await store.submit(creator, graph_id, public_defaults=["tone", "pin"])
    assert set(sent["left_out"]) == {"mail", "pin", "c"}
    await done(admin.post(f"/store/submissions/{sent['id']}/approve"))
    user, someone = await store.person()
    got = await done(user.post(f"/store/agents/{sent['listing_id']}/download"))
    text = json.dumps(got)
    assert "polite" in text
    assert "shown" in text
    assert "seen" in text
    for hidden in ("private@home", "4711-x", "hidden-"):
        assert hidden not in text
    imported = await done(store.graphs(someone).post("/graphs/import", json=got["file"]))
    assert [one["name"] for one in imported["sub_graphs"]] == ["Shout"]
    assert imported["graph"]["input_schema"]["properties"]["tone"]["default"] == "polite"
    await done(store.graphs(who).patch(f"/graphs/{graph_id}", json={"name": "Another"}))
    assert json.dumps(await done(user.post(f"/store/agents/{sent['listing_id']}/download"))) == text


async def test_a_key_in_the_middle_of_a_text_is_named_and_refused(store: Store) -> None:
    creator, who = await store.person()
    key = "sk-" + "a1B2" * 8
    data = {"text": f"use {key}!", "operation": "upper"}
    nodes = [{"id": "t", "block_type": "TEXT_PROCESSING", "input_data": data}]
    answer = await creator.post(
        "/store/submissions", json={"graph_id": await store.graph(who, nodes=nodes, links=[]), **SUBMISSION}
    )
    assert fields_of(answer) == ["nodes[0].input_data.text"]
    assert key not in answer.text
    said = await store.graph(who, description=f"use {key}!")
    answer = await creator.post("/store/submissions", json={"graph_id": said, **SUBMISSION})
    assert fields_of(answer) == ["description"]
    body = {"graph_id": await store.graph(who), **SUBMISSION, "description": key, "changes": f"Now with {key}"}
    assert fields_of(await creator.post("/store/submissions", json=body)) == ["description", "changes"]


async def test_figures_count_each_user_once_and_never_the_creator(store: Store) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    listing = await store.published(admin, creator, who)
    path = f"/store/agents/{listing['id']}"
    error_of(await creator.post(f"{path}/ratings", json={"rating": 5}), 403)
    await done(creator.post(f"{path}/download"))
    users = [(await store.person())[0] for _ in range(2)]
    for api, stars in zip(users, (2, 5), strict=True):
        await done(api.post(f"{path}/ratings", json={"rating": stars, "comment": "<script>x</script>Fine"}))
        await done(api.post(f"{path}/download"))
        await done(api.post(f"{path}/download"))
    mine = await done(users[0].post(f"{path}/ratings", json={"rating": 4, "comment": "Better now"}))
    assert await done(users[0].post(f"{path}/ratings", json={"rating": 4, "comment": "Better now"})) == mine
    assert types(store).count("listing.rated") == 3
    seen = await done(creator.get(path))
    assert (seen["rating"], seen["rating_count"], seen["downloads"]) == (4.5, 2, 2)
    said = await done(creator.get(f"{path}/ratings"))
    assert [(one["rating"], one["comment"]) for one in said["items"]] == [(4, "Better now"), (5, "Fine")]
    error_of(await users[1].delete(f"{path}/ratings/{mine['id']}"), 404)
    await done(users[0].delete(f"{path}/ratings/{mine['id']}"))
    error_of(await users[0].delete(f"{path}/ratings/{mine['id']}"), 404)
    assert (await done(creator.get(path)))["rating"] == 5
    await done(users[0].post(f"{path}/ratings", json={"rating": 1}))
    assert (await done(creator.get(path)))["rating"] == 3
    for bad in (0, 6, 2.5, "5", None, True):
        assert fields_of(await users[0].post(f"{path}/ratings", json={"rating": bad})) == ["rating"]
    page = await done(creator.get(f"/store/creators/{who.id}"))
    assert page["listings"] == 1


async def test_a_new_name_of_a_creator_is_on_their_listings(store: Store, make_api: MakeApi) -> None:
    creator, who = await store.person()
    admin, _ = await store.person("admin")
    listing = await store.published(admin, creator, who)
    assert listing["creator"]["name"] == "Nameless"
    await done(make_api("users", who).patch("/me", json={"name": "Grace"}))
    shown = await done(creator.get("/store/agents", params={"creator": "grace", "search_query": "shouter"}))
    assert [(one["id"], one["creator"]["name"]) for one in shown["items"]] == [(listing["id"], "Grace")]
