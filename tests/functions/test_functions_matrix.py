"""The authorisation matrix, asked: every route, by everybody who might call it.

Tokens are signed with a key of the tests, whose certificate stands in place of Google's, and the setting that has
firebase-admin believe unsigned ones is off. Accounts, and what became of them, are those of the local Auth.
"""

import functools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import firebase_admin
import google.oauth2.id_token
import httpx
import in_the_store
import jwt
import pytest
import yaml
from authorisation import COLUMNS, MATRIX, PUBLIC, REFUSED, Row, expected
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from firebase_admin import auth as firebase
from google.auth.credentials import AnonymousCredentials
from served import PROJECT, ROOT, Accounts, Cloud, MakeApi

from local.gateway.urlmap import UrlMap
from shared import clock, config
from shared.domain.notices import Kind
from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import client as firestore
from shared.firestore import commits, executions, notifications, reviews
from shared.gcp import auth, jwt_shape, pubsub, signing, storage, tasks
from shared.services import flags

FUNCTIONS: dict[str, Any] = yaml.safe_load((ROOT / "functions" / "manifest.yaml").read_text())["functions"]
KID = "of-the-tests"
ROLES = {"other user": None, "viewer": "viewer", "user": None, "admin": "admin"}
BODIES: dict[str, Any] = {
    "PUT /api/v1/graphs/{graph_id}": {"nodes": [], "links": []},
    "POST /api/v1/reviews/{node_execution_id}": {"approved": True},
    "PATCH /api/v1/library/folders/{folder_id}": {"name": "other"},
}
"""What a route gets instead of an empty body, to come as far as whose it is."""
NODE = {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "text", "value": "x"}}
OF_A_GRAPH = {
    "schedule_id": ("schedules", {"cron": "0 0 1 1 *"}),
    "trigger_id": ("triggers", {"kind": "rss", "url": "https://example.com/feed"}),
}
SCOPES = ["agent.read", "agent.create", "agent.update", "agent.delete", "store.read", "store.submit"]


@functools.cache
def _keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """The one whose certificate is trusted, and another."""
    return rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)


@functools.cache
def _certificate() -> str:
    key, name = _keys()[0], x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


def _token(user_id: str, *, signed_by: int = 0, **claims: Any) -> str:
    now = int(time.time())
    payload = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": user_id,
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    return jwt.encode(payload, _keys()[signed_by], algorithm="RS256", headers={"kid": KID})


class _Nobody(firebase_admin.credentials.Base):
    def get_credential(self) -> Any:
        return AnonymousCredentials()


@dataclass
class People:
    """Ids of users by what became of them, and two keys of the owner."""

    ids: dict[str, str] = field(default_factory=dict[str, str])
    keys: dict[str, str] = field(default_factory=dict[str, str])


_people: dict[str, People] = {}
"""By the address of the Auth that knows them: made once for all routes."""


@pytest.fixture
def signed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """firebase-admin verifies signatures, and asks the local Auth what became of accounts."""
    look_up = auth.app()
    list(firebase.get_users([], app=look_up).users)  # its client is made while the setting is on
    signing.signer()  # so is who signs URLs of files
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST")
    monkeypatch.setattr(google.oauth2.id_token, "_fetch_certs", lambda request, url: {KID: _certificate()})
    app = firebase_admin.initialize_app(_Nobody(), options={"projectId": PROJECT}, name=f"matrix-{clock.random_id()}")

    def verify(token: str) -> Any:
        jwt_shape.check(token)
        return firebase.verify_id_token(token, app=app)

    verifier = auth.Verifier(verify, lambda user_id: auth.account_of(firebase.get_user(user_id, app=look_up)))
    monkeypatch.setattr(auth, "verifier", lambda: verifier)
    yield
    firebase_admin.delete_app(app)


@pytest.fixture
async def people(cloud: Cloud, accounts: Accounts, signed: None, make_api: MakeApi) -> People:
    if cloud.auth not in _people:
        made = _people[cloud.auth] = People()
        for who, role in (("user", None), ("other user", None), ("viewer", "viewer"), ("admin", "admin")):
            made.ids[who] = (await accounts.user(role)).id
        for who in ("revoked", "disabled", "target", "creator"):
            made.ids[who] = (await accounts.user()).id
        await accounts.change(made.ids["disabled"], disableUser=True)
        await accounts.change(made.ids["revoked"], validSince=str(int(time.time()) + 100))
        headers = {"Authorization": f"Bearer {_token(made.ids['target'])}"}
        await make_api("users").post("/auth/user", headers=headers)
    return _people[cloud.auth]


@pytest.fixture(autouse=True)
def _nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any, **__: Any) -> bool:
        return True

    async def no_objects(*_: Any) -> list[str]:
        return []

    monkeypatch.setattr(storage, "list_all", no_objects)
    monkeypatch.setattr(tasks, "create", nothing)
    monkeypatch.setattr(pubsub, "publish", nothing)


class Asker:
    """Calls one route as everybody, each time with a resource of the owner's that is new."""

    def __init__(self, make_api: MakeApi, people: People, name: str, accounts: Accounts) -> None:
        self._name = name
        self._accounts = accounts
        self._method, self._path = name.split(" ", 1)
        self._make_api = make_api
        self._people = people

    def _api(self, path: str) -> httpx.AsyncClient:
        """The function that the URL map has for a path."""
        routes = UrlMap({name: one["paths"] for name, one in FUNCTIONS.items() if one.get("paths")})
        function = routes.find(path.encode())
        assert function is not None, path
        return self._make_api(function)

    async def _headers(self, column: str, row: Row) -> dict[str, str]:
        ids = self._people.ids
        if self._name == "DELETE /api/v1/me" and column in ROLES:  # whom it concerns is gone afterwards
            ids = {column: (await self._accounts.user(ROLES[column])).id}
        tokens = {
            "bad signature": lambda: _token(ids["user"], signed_by=1),
            "wrong audience": lambda: _token(ids["user"], aud="another-project"),
            "expired": lambda: _token(ids["user"], exp=int(time.time()) - 10, iat=int(time.time()) - 3700),
        }
        if column == "no token":
            return {}
        if column.startswith("key"):
            return {"X-API-Key": self._people.keys[_key_name(column, row)]}
        return {"Authorization": f"Bearer {tokens[column]() if column in tokens else _token(ids[column])}"}

    async def ask(self, column: str, row: Row) -> int:
        path, self._graph_id, self._listing_id, self._execution_id = self._path, "", "", "0" * 26
        for name in [part.strip("{}") for part in path.split("/") if part.startswith("{")]:
            fresh = column not in REFUSED or row.needs == PUBLIC
            make = self._of_the_store if name in in_the_store.NAMES else self._value
            path = path.replace(f"{{{name}}}", await make(name) if fresh else "0" * 26)
        body = {"content": json.dumps(BODIES.get(self._name, {}))} if self._method in ("POST", "PUT", "PATCH") else {}
        query = f"?with={await self._execution()}" if path.endswith("/comparison") else ""
        url = httpx.URL(f"http://weftly.test{path}{query}")
        answer = await self._api(path).request(self._method, url, headers=await self._headers(column, row), **body)
        return answer.status_code

    async def _value(self, name: str) -> str:
        """What the path needs: something of the owner's."""
        match name:
            case "graph_id":
                self._graph_id = await self._made("graphs", "/graphs", {"name": "g", "nodes": [NODE]})
                return self._graph_id
            case "schedule_id" | "trigger_id":
                kind, body = OF_A_GRAPH[name]
                return await self._made("users", f"/graphs/{await self._value('graph_id')}/{kind}", body)
            case "webhook_id":
                path = f"/graphs/{self._graph_id or await self._value('graph_id')}/webhooks"
                return await self._made("users", path, {})
            case "execution_id":
                self._execution_id = await self._execution()
                return self._execution_id
            case "share_id":
                return await self._made("executions", f"/executions/{self._execution_id}/shares", {})
            case "node_execution_id":
                return await self._review()
            case "key_id":
                await self._forget_keys()
                return await self._made("users", "/me/api-keys", {"name": "k", "scopes": ["agent.read"]})
            case "credentials_id":
                secret = {"provider": "x", "kind": "api_key", "api_key": "secret"}
                return await self._made("users", "/credentials", secret)
            case "folder_id":
                return await self._made("store", "/library/folders", {"name": "f"})
            case "preset_id":
                path = f"/library/agents/{await self._value('graph_id')}/presets"
                return await self._made("store", path, {"name": "p"})
            case "device_id":
                return await self._made("users", "/me/notifications/devices", {"token": clock.random_id()})
            case "notification_webhook_id":
                await self._forget("outgoing_webhooks")
                return await self._made("users", "/me/notifications/webhooks", {"url": "https://93.184.216.34/"})
            case "file_id":
                return await self._made("users", "/files", {"name": "a.txt", "size": 1})
            case "notification_id":
                return await self._notification()
            case "user_id" if self._method == "DELETE":
                return await self._signed_in((await self._accounts.user()).id)
            case "user_id":
                return self._people.ids["target"]
            case "name":
                name = f"x{clock.random_id()[:20]}"
                await flags.put(name, {})
                return name
            case _:
                others = {"block_type": "CONDITION", "version": "1", "provider": "nobody"}
                return others.get(name) or {"delivery_id": "0" * 24, "trigger_id": "0" * 24}[name]

    async def _of_the_store(self, name: str) -> str:
        """Listings are somebody's who is not the owner of the rest: nobody rates their own."""
        creator = _token(self._people.ids["creator"])
        if name == "submission_id":
            return await in_the_store.submission(self._make_api, _token(self._people.ids["user"]))
        if name == "rating_id":
            return await self._made("store", f"/store/agents/{self._listing_id}/ratings", {"rating": 3})
        self._listing_id = await in_the_store.listing(self._make_api, creator)
        return self._listing_id if name == "listing_id" else self._people.ids["creator"]

    async def _signed_in(self, user_id: str) -> str:
        headers = {"Authorization": f"Bearer {_token(user_id)}"}
        assert (await self._make_api("users").post("/auth/user", headers=headers)).status_code == 200
        return user_id

    async def _forget_keys(self) -> None:
        """There may be fifty only."""
        kept = {key.split("_")[1] for key in self._people.keys.values()}
        async for snapshot in firestore.client().collection("api_keys").stream():
            if snapshot.id not in kept:
                await snapshot.reference.delete()

    async def _forget(self, collection: str) -> None:
        async for snapshot in firestore.client().collection(collection).stream():
            await snapshot.reference.delete()

    async def _made(self, function: str, path: str, body: dict[str, Any]) -> str:
        headers = {"Authorization": f"Bearer {_token(self._people.ids['user'])}"}
        answer = await self._make_api(function).post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    async def _execution(self) -> str:
        graph_id = await self._value("graph_id")
        execution = Execution(
            id=clock.random_id(),
            user_id=self._people.ids["user"],
            graph_id=graph_id,
            graph_version=1,
            status=Status.QUEUED,
            queue="interactive",
            constants={},
            absent=(),
            created_at=clock.now(),
        )
        await executions.create(execution)
        return execution.id

    async def _review(self) -> str:
        execution_id = await self._execution()
        review = reviews.Review(
            id=clock.random_id(),
            user_id=self._people.ids["user"],
            execution_id=execution_id,
            graph_id="g",
            graph_version=1,
            node_id="n",
            name="r",
            data=None,
            editable=False,
            created_at=clock.now(),
        )
        await commits.commit(firestore.client(), [reviews.new(review)])
        return review.id

    async def _notification(self) -> str:
        told = notifications.Notification(
            id=clock.random_id(),
            user_id=self._people.ids["user"],
            kind=Kind.RATING_RECEIVED,
            details={"title": "t", "rating": 5, "listing_id": "l"},
            boxes=[notifications.ALL],
            at=clock.now(),
            created_at=clock.now(),
        )
        await commits.commit(firestore.client(), [notifications.new(told)])
        return told.id

    async def make_keys(self) -> None:
        headers = {"Authorization": f"Bearer {_token(self._people.ids['user'])}"}
        for name, scopes in (("all", SCOPES), ("store.read", ["store.read"]), ("agent.read", ["agent.read"])):
            if name not in self._people.keys:
                body = {"name": name, "scopes": scopes}
                made = await self._make_api("users").post("/me/api-keys", json=body, headers=headers)
                self._people.keys[name] = made.json()["key"]


def _key_name(column: str, row: Row) -> str:
    if column == "key with scope":
        return "all"
    return "agent.read" if row.needs == "store.read" else "store.read"


@pytest.mark.parametrize("name", MATRIX)
async def test_a_route_answers_everybody_as_its_row_says(
    make_api: MakeApi, people: People, name: str, accounts: Accounts
):
    row, asker = MATRIX[name], Asker(make_api, people, name, accounts)
    await asker.make_keys()
    answered = {column: await asker.ask(column, row) for column in COLUMNS}
    assert answered == {column: expected(row, column) for column in COLUMNS}


@pytest.mark.parametrize("function", [name for name, one in FUNCTIONS.items() if not one["public"]])
async def test_what_only_the_platform_calls_lets_no_user_in(
    make_api: MakeApi,
    people: People,
    cloud: Cloud,
    function: str,
    monkeypatch: pytest.MonkeyPatch,
    accounts: Accounts,
):
    monkeypatch.setenv("OIDC_CERTS_URL", f"http://{cloud.auth}/oauth2/v3/certs")
    config.settings.cache_clear()
    await Asker(make_api, people, "GET /health", accounts).make_keys()
    for headers in (
        {},
        {"Authorization": f"Bearer {_token(people.ids['admin'])}"},
        {"Authorization": f"Bearer {_token(people.ids['admin'], signed_by=1)}"},
        {"X-API-Key": people.keys["all"]},
    ):
        answer = await make_api(function).post(httpx.URL("http://weftly.test/"), content=b"{}", headers=headers)
        assert answer.status_code == 401, headers
