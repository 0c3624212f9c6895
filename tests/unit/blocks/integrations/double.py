"""What stands in for the services? A way out that answers as they do, in the order that is written down, and keeps
what was asked, as it would have gone over the wire.
"""

import base64
import email
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from typing import Any
from urllib import parse

import httpx

from shared.blocks import catalog, runner
from shared.blocks.block import Context, Delay
from shared.blocks.credentials import ApiKey, Credential, HostScoped, Kind, Need, OAuth2, UserPassword

NOON = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)
SECRET = "s3cr3t-of-the-user"
BASIC = "Basic YW5uOnMzY3IzdC1vZi10aGUtdXNlcg=="
BEARER = f"Bearer {SECRET}"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request that is expected, and its answer. ``sent``: its JSON; ``form``: its form fields; ``variables``: of
    GraphQL; ``parts``: of a multipart form; ``mail``: headers and contents of the e-mail that it sends, in
    ``thread``; ``headers``: those that matter, None for one that must not be there."""

    method: str
    url: str
    headers: Mapping[str, str | None] = field(default_factory=dict)
    sent: Any = None
    form: Mapping[str, str] | None = None
    variables: Mapping[str, Any] | None = None
    parts: Mapping[str, str] | None = None
    mail: Mapping[str, str | None] | None = None
    thread: str | None = None
    answer: Any = None
    status: int = 200
    raw: bytes | None = None
    location: str | None = None

    def response(self) -> httpx.Response:
        if self.location is not None:
            return httpx.Response(self.status, headers={"location": self.location})
        if self.raw is not None:
            return httpx.Response(self.status, content=self.raw)
        return httpx.Response(self.status) if self.answer is None else httpx.Response(self.status, json=self.answer)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run of a block, through all its waits: what it asks, and the tokens that come out."""

    block: str
    input: Mapping[str, Any]
    asks: Sequence[Ask]
    tokens: Sequence[tuple[str, Any]] | None = None
    fails: str | None = None
    kind: Kind | None = None
    secret: str = SECRET
    charged: float = 0
    proxied: tuple[str, int, str, str] | None = None
    title: str = ""


CLIENT = httpx.Client(verify=False)  # it makes requests and sends none; to read certificates takes it long


class World:
    """``Outgoing``: answers in order, and keeps the requests."""

    def __init__(self, answers: Sequence[httpx.Response | Exception]) -> None:
        self.requests: list[httpx.Request] = []
        self.proxies: list[tuple[str, int, str, str] | None] = []
        self._answers = list(answers)

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        options.pop("follow_redirects", None)
        options.pop("total_seconds", None)
        self.proxies.append(options.pop("proxy", None))
        self.requests.append(CLIENT.build_request(method, url, **options))
        assert self._answers, f"an unexpected request: {method} {self.requests[-1].url}"
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def is_done(self) -> bool:
        return not self._answers


class Wallet:
    """Has the credential of a case for whatever is needed: of the kind that it names, or of the first."""

    def __init__(self, case: Case) -> None:
        self._case = case

    async def open(self, need: Need, credentials_id: str) -> Credential:
        assert credentials_id == "mine"
        kind = self._case.kind or need.kinds[0]
        assert kind in need.kinds
        match kind:
            case Kind.API_KEY:
                return ApiKey(api_key=self._case.secret)
            case Kind.OAUTH2:
                return OAuth2(access_token=self._case.secret)
            case Kind.USER_PASSWORD:
                return UserPassword(username="ann", password=self._case.secret)
            case Kind.HOST_SCOPED:
                return HostScoped(host="api.example.com", headers={"X-Key": self._case.secret})


def context(case: Case, world: Any, **more: Any) -> Context:
    return Context(
        now=more.pop("now", lambda: NOON),
        http=world,
        wallet=Wallet(case),
        user_id="ann",
        graph_id="g",
        execution_id="e",
        idempotency_key="ne-1",
        **more,
    )


async def run(case: Case, world: Any, charges: list[float] | None = None) -> runner.Outcome:
    """Through its waits, as the engine would: only what it remembered goes on."""
    charges = [] if charges is None else charges
    block = catalog.get(case.block)
    resumption = None
    for _ in range(10):
        values = catalog.read_input(block, {**case.input, **dict.fromkeys(block.credentials, "mine")})
        outcome = await runner.collect(block, values, context(case, world, resumption=resumption, charges=charges))
        if outcome.suspension is None:
            return outcome
        assert block.suspends
        assert isinstance(outcome.suspension, Delay)
        assert outcome.suspension.seconds > 0
        resumption = {"state": json.loads(json.dumps(outcome.suspension.state))}
        assert case.secret not in json.dumps(resumption)
    raise AssertionError("it waits without end")


def check(request: httpx.Request, ask: Ask) -> None:
    """That it is the request which was written down."""
    assert (request.method, str(request.url)) == (ask.method, ask.url)
    assert {name: request.headers.get(name) for name in ask.headers} == dict(ask.headers)
    if ask.sent is not None:
        assert json.loads(request.content) == ask.sent
    if ask.form is not None:
        assert dict(parse.parse_qsl(request.content.decode(), keep_blank_values=True)) == ask.form
    if ask.variables is not None:
        assert json.loads(request.content)["variables"] == ask.variables
    if ask.parts is not None:
        assert parts(request) == ask.parts
    if ask.mail is not None:
        sent = json.loads(request.content)
        assert sent.get("threadId") == ask.thread
        found = letter(base64.urlsafe_b64decode(sent["raw"]))
        assert {name: found.get(name) for name in ask.mail} == dict(ask.mail)


def letter(raw: bytes) -> dict[str, str]:
    """Headers by name, texts by type, and an attachment as ``file``."""
    message: Any = email.message_from_bytes(raw, policy=policy.default)
    found = {name: str(value) for name, value in message.items()}
    for part in message.walk():
        if part.is_attachment():
            content = part.get_content()
            found["file"] = content.decode() if isinstance(content, bytes) else content
        elif not part.is_multipart():
            found[part.get_content_type()] = part.get_content().replace("\r\n", "\n").strip()
    return found


def parts(request: httpx.Request) -> dict[str, str]:
    """Name -> content of a multipart form."""
    request.read()
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message: Any = email.message_from_bytes(head + request.content)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode("latin-1")
        for part in message.get_payload()
    }
