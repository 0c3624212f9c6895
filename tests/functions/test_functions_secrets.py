"""Twenty planted secrets, in credentials of every kind, used and misused: nobody is told one of them, anywhere."""

import base64
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from served import Accounts, Cloud, MakeApi, User

from shared.blocks import catalog, credentials
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Review, Suspended
from shared.blocks.credentials import Kind, Need
from shared.domain import errors, permissions
from shared.domain.graph import UserId
from shared.firestore import client as firestore
from shared.gcp import pubsub, storage, tasks
from shared.http import logs
from shared.services import credentials as service
from shared.services import node_tasks, run_node, world

SECRETS = [f"PLANTED-{n:02}-{'qwertzuiop'[n % 10]}&+{n * 7919}x" for n in range(20)]
WAYS = ("emit", "dress", "raise", "crash", "log", "ask", "retry")


def _texts(opened: credentials.Credential) -> list[str]:
    match opened:
        case credentials.ApiKey(api_key=text) | credentials.OAuth2(access_token=text):
            return [text]
        case credentials.UserPassword(password=text):
            return [text]
        case credentials.HostScoped(headers=headers):
            return list(headers.values())


class Leaky(Block):
    """Opens what it is given and tells it in every ``way`` that a careless block might."""

    class Input(BlockInput):
        provider: str = ""
        way: str = ""
        credentials: Any = None

    class Output(BlockOutput):
        output: Any = None

    block_type = "LEAKY"
    category = "TEST"
    description = "Tells everything."
    suspends = True
    max_attempts = 2

    def __init__(self) -> None:
        self.opened: set[str] = set()

    @classmethod
    def needs(cls, input_data: Mapping[str, Any]) -> Mapping[str, Need]:
        provider = str(input_data.get("provider", ""))
        return {"credentials": Need(provider=provider, kinds=tuple(Kind), where="nowhere")}

    async def run(self, input: Any, context: Context) -> AsyncIterator[tuple[str, Any]]:
        need = self.needs({"provider": input.provider})["credentials"]
        texts = _texts(await context.credential(need, input.credentials))
        self.opened.update(texts)
        told = " and ".join(texts)
        match input.way:
            case "raise":
                raise errors.BlockError(f"401 for https://x.test/?key={quote(told)} with {told}")
            case "retry":
                raise errors.Retryable(f"503 for {told}")
            case "crash":
                raise RuntimeError(told)
            case "log":
                logging.getLogger("weftly.leaky").warning("calling with %s", told)
            case "ask" if context.resumption is None:
                raise Suspended(Review(name="ok?", data={told: [told]}, editable=True))
            case "dress":
                encoded = base64.b64encode(f"ann:{told}".encode()).decode()
                yield "output", [f"Basic {encoded}", json.dumps({told: told}), quote(told, safe=""), {told: told}]
                return
        yield "output", told


@dataclass
class Outside:
    """What left the process: tasks, events, objects, answers."""

    tasks: list[bytes] = field(default_factory=list[bytes])
    events: list[bytes] = field(default_factory=list[bytes])
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    answers: list[str] = field(default_factory=list[str])
    seen: list[bytes] = field(default_factory=list[bytes])

    async def create_task(self, *, body: bytes, **_: Any) -> bool:
        self.tasks.append(body)
        return True

    async def publish(self, topic: str, key: str, messages: Sequence[Any]) -> None:
        self.events += [message.data for message in messages]

    async def put(self, name: str, data: bytes) -> None:
        self.objects[name] = data

    async def get(self, name: str) -> bytes:
        return self.objects[name]

    async def list_all(self, prefix: str) -> list[str]:
        return [name for name in self.objects if name.startswith(prefix)]

    async def deliver_all(self) -> None:
        while self.tasks:
            body = self.tasks.pop(0)
            self.seen.append(body)
            await run_node.handle(world.real(), node_tasks.decode(body), 0)


@pytest.fixture
def leaky(monkeypatch: pytest.MonkeyPatch) -> Iterator[Leaky]:
    block = Leaky()
    everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
    monkeypatch.setattr(catalog, "_registry", lambda: everything)
    catalog.specs.cache_clear()
    yield block
    catalog.specs.cache_clear()


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    made = Outside()
    monkeypatch.setattr(tasks, "create", made.create_task)
    monkeypatch.setattr(pubsub, "publish", made.publish)
    monkeypatch.setattr(storage, "put", made.put)
    monkeypatch.setattr(storage, "get", made.get)
    monkeypatch.setattr(storage, "list_all", made.list_all)
    return made


class Client:
    """All functions, as one user; keeps every answer."""

    def __init__(self, make_api: MakeApi, user: User, outside: Outside) -> None:
        self._apis = {name: make_api(name, user) for name in ("users", "graphs", "executions")}
        self._outside = outside

    async def call(self, function: str, method: str, path: str, **options: Any) -> Any:
        answer: httpx.Response = await self._apis[function].request(method, path, **options)
        self._outside.answers.append(f"{answer.status_code} {answer.headers} {answer.text}")
        return answer.json()


async def _plant(client: Client, user: User) -> list[tuple[str, str]]:
    """The twenty, five of each kind: provider and id of each."""
    planted: list[tuple[str, str]] = []
    caller = permissions.caller(UserId(user.id), user.email, None)
    for n, secret in enumerate(SECRETS):
        provider, kind = f"p{n}", list(Kind)[n % 4]
        if kind is Kind.OAUTH2:
            tokens = {"access_token": secret, "refresh_token": f"{secret}-refresh"}
            made = await service.keep(caller, f"{n:026}", provider, kind, tokens, title="t")
        else:
            fields: dict[str, Any] = {
                Kind.API_KEY: {"api_key": secret},
                Kind.USER_PASSWORD: {"username": "ann", "password": secret},
                Kind.HOST_SCOPED: {"host": "x.example.com", "headers": {"Authorization": f"Bearer {secret}"}},
            }[kind]
            body = {"provider": provider, "kind": kind, **fields}
            made = await client.call("users", "POST", "/credentials", json=body, headers={"Idempotency-Key": f"k{n}"})
        planted.append((provider, made["id"]))
    return planted


async def _run(client: Client, outside: Outside, nodes: list[dict[str, Any]], **start: Any) -> Any:
    graph = await client.call("graphs", "POST", "/graphs", json={"name": "g", "nodes": nodes, "links": []})
    started = await client.call("executions", "POST", f"/graphs/{graph['id']}/executions", json=start)
    await outside.deliver_all()
    if "execution_id" not in started:
        return started
    place = f"/executions/{started['execution_id']}"
    for review in (await client.call("executions", "GET", "/reviews"))["items"]:
        await client.call("executions", "POST", f"/reviews/{review['id']}", json={"approved": True})
    await outside.deliver_all()
    await client.call("executions", "GET", f"{place}/nodes", params={"page_size": 100})
    return await client.call("executions", "GET", place)


def _node(id_: str, provider: str, way: str, credentials_id: str | None) -> dict[str, Any]:
    given = {"credentials": credentials_id} if credentials_id else {}
    return {"id": id_, "block_type": "LEAKY", "input_data": {"provider": provider, "way": way, **given}, "backoff": 1}


def _pinned(planted: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Nodes that name their credentials."""
    return [_node(f"n{n}", provider, WAYS[n % 7], id_) for n, (provider, id_) in enumerate(planted)]


def _bringing(planted: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Nodes whose credentials the execution brings."""
    return [_node(f"n{n}", provider, WAYS[(n + 3) % 7], None) for n, (provider, _) in enumerate(planted)]


async def _misuse(client: Client, thief: Client, outside: Outside, planted: list[tuple[str, str]]) -> None:
    """Of another user's, of those for another provider, and with a secret in the place of an id."""
    await _run(thief, outside, _pinned(planted))
    await _run(thief, outside, _bringing(planted), credentials=dict(planted))
    await _run(client, outside, [_node(f"n{n}", "p0", "emit", id_) for n, (_, id_) in enumerate(planted[1:])])
    in_place = {f"n{n}": secret for n, secret in enumerate(SECRETS)}
    await _run(client, outside, _bringing(planted), credentials=in_place)
    for secret in SECRETS:
        await client.call("users", "GET", f"/credentials/{quote(secret, safe='')}")
        await client.call("users", "DELETE", f"/credentials/{quote(secret, safe='')}")
        wrong = {"provider": "x", "kind": "oauth2", "api_key": secret, "password": secret}
        await client.call("users", "POST", "/credentials", json=wrong)


async def _dump() -> str:
    """Every document of the database."""
    found: list[str] = []

    async def of(reference: Any) -> None:
        async for snapshot in reference.stream():
            found.append(f"{snapshot.reference.path} {snapshot.to_dict()!r}")
            async for inner in snapshot.reference.collections():
                await of(inner)

    async for collection in firestore.client().collections():
        await of(collection)
    return "\n".join(found)


def _forms(secret: str) -> list[str]:
    """How it might have been told, beside as it is."""
    cores = [base64.b64encode(b"u" * shift + secret.encode()).decode()[4:-4] for shift in range(3)]
    return [secret, quote(secret), quote(secret, safe=""), *cores]


async def test_no_planted_secret_is_told_anywhere(
    make_api: MakeApi,
    accounts: Accounts,
    user: User,
    leaky: Leaky,
    outside: Outside,
    cloud: Cloud,
    capsys: pytest.CaptureFixture[str],
):
    logs.configure()
    client = Client(make_api, user, outside)
    planted = await _plant(client, user)
    seen = await _run(client, outside, _pinned(planted))
    assert {text.removeprefix("Bearer ") for text in leaky.opened} == set(SECRETS), "all of them were opened"
    assert seen["status"] == "FAILED"
    leaky.opened.clear()
    await _run(client, outside, _bringing(planted), credentials=dict(planted))
    assert len(leaky.opened) == len(SECRETS)
    for provider, id_ in planted:
        call = {"provider": provider, "way": "dress", "credentials": id_}
        await client.call("graphs", "POST", "/blocks/LEAKY/execute", json={"input_data": call})
    leaky.opened.clear()
    thief = Client(make_api, await accounts.user(), outside)
    await _misuse(client, thief, outside, planted)
    for one in (client, thief):
        for path in ("/me/export", "/me/usage", "/me/notifications", "/me/api-keys", "/schedules", "/credentials"):
            await one.call("users", "GET", path)
    assert leaky.opened == set()
    everywhere = {
        "Firestore": await _dump(),
        "logs": "".join(capsys.readouterr()),
        "tasks": repr(outside.seen),
        "events": repr(outside.events),
        "objects": repr(outside.objects),
        "answers": "\n".join(outside.answers),
    }
    assert all(everywhere[name] for name in ("Firestore", "logs", "tasks", "events", "answers"))
    told = [
        (name, form) for name, text in everywhere.items() for one in SECRETS for form in _forms(one) if form in text
    ]
    assert told == []
    assert "[redacted]" in everywhere["Firestore"], "they were emitted, and taken out"
