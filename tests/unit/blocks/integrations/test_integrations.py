"""Does every block that calls a service ask for what its API documents, and say what came back, good or bad?

The cases are written down family by family, in ``cases_*.py`` beside this file.
"""

import importlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from double import Case, World, check, context, run

from shared.blocks import catalog, runner
from shared.blocks.block import Block
from shared.blocks.integrations import api
from shared.domain import errors

FAMILIES = sorted(path.stem for path in Path(__file__).parent.glob("cases_*.py"))
CASES: list[Case] = [case for family in FAMILIES for case in importlib.import_module(family).CASES]
FIRST = list({case.block: case for case in reversed(CASES) if case.asks}.values())
WITH_ACCOUNT = [case for case in FIRST if catalog.get(case.block).credentials]
BLOCKS = [block for block in catalog.all() if ".integrations." in type(block).__module__]
NOT_OVER_HTTP = {"SEND_EMAIL", "SQL_QUERY"}
"""Tested beside: by SMTP, and by the protocols of databases."""
WITHOUT_STATUS = {"SEND_AUTHENTICATED_WEB_REQUEST"}
"""Sends on whatever status comes, as its pins say."""
NOT_ITS_ACCOUNT = {"TRANSCRIBE_YOUTUBE_VIDEO"}
"""Its credentials are for the proxy on the way, not for the service."""


def ids(cases: list[Case]) -> list[str]:
    return [f"{case.block} {case.title}".strip() for case in cases]


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
async def test_it_asks_what_the_api_documents_and_gives_what_came(case: Case) -> None:
    world = World([ask.response() for ask in case.asks])
    charges: list[float] = []
    outcome = await run(case, world, charges)
    for request, ask in zip(world.requests, case.asks, strict=False):
        check(request, ask)
    assert sum(charges) == case.charged
    assert set(world.proxies) <= {case.proxied}
    if case.fails is None:
        assert outcome.failure is None, outcome.failure.message
        assert case.tokens is None or outcome.tokens == list(case.tokens)
    else:
        assert outcome.failure is not None
        assert case.fails in outcome.failure.message
    assert world.is_done
    assert case.secret not in repr(outcome)


def test_every_block_has_a_case() -> None:
    assert {block.block_type for block in BLOCKS} - NOT_OVER_HTTP == {case.block for case in CASES}


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.credentials], ids=lambda block: block.block_type)
def test_it_says_what_it_needs_and_where_to_get_it(block: Block) -> None:
    assert "Without credentials" in [example.title for example in block.examples]
    for pin, need in block.credentials.items():
        assert pin in block.Input.model_fields
        assert need.where.startswith("https://")
        assert need.hosts or block.block_type in {"SEND_AUTHENTICATED_WEB_REQUEST", "SQL_QUERY", "SEND_EMAIL"}


@pytest.mark.parametrize("case", WITH_ACCOUNT, ids=ids(WITH_ACCOUNT))
async def test_without_credentials_it_fails_at_once(case: Case) -> None:
    block = catalog.get(case.block)
    for nothing in (None, "", {}, {"id": ""}):
        values = catalog.read_input(block, {**case.input, **dict.fromkeys(block.credentials, nothing)})
        world = World([])
        outcome = await runner.collect(block, values, context(case, world))
        assert outcome.failure is not None
        assert outcome.failure.reason == "CREDENTIALS_MISSING"
        assert next(iter(block.credentials.values())).where in outcome.failure.message
        assert world.requests == []


async def failure(case: Case, answer: Any) -> Any:
    outcome = await run(case, World([answer]))
    assert outcome.failure is not None
    assert case.secret not in repr(outcome) + outcome.failure.message
    return outcome.failure


STATUS = [case for case in FIRST if case.block not in WITHOUT_STATUS]


@pytest.mark.parametrize(
    "case", [c for c in STATUS if c in WITH_ACCOUNT and c.block not in NOT_ITS_ACCOUNT], ids=lambda case: case.block
)
async def test_refused_credentials_are_not_told_to_anybody(case: Case) -> None:
    answer = httpx.Response(401, json={"error": {"message": f"the key {case.secret} is not known here"}})
    failed = await failure(case, answer)
    assert not isinstance(failed, errors.Retryable)
    assert failed.reason == "CREDENTIALS_REFUSED"
    assert "the key [secret] is not known here" in failed.message


@pytest.mark.parametrize("case", STATUS, ids=ids(STATUS))
async def test_a_busy_service_is_asked_again_when_it_says(case: Case) -> None:
    failed = await failure(case, httpx.Response(429, headers={"retry-after": "7"}, text="slow down"))
    assert isinstance(failed, errors.Retryable)
    assert failed.after == 7
    failed = await failure(case, httpx.Response(503, text="<h1>down</h1>"))
    assert isinstance(failed, errors.Retryable)
    assert catalog.get(case.block).max_attempts > 1


@pytest.mark.parametrize(
    ("block", "answer", "after"),
    [
        ("SEND_TELEGRAM_MESSAGE", httpx.Response(429, json={"parameters": {"retry_after": 35}}), 35),
        ("SEND_DISCORD_MESSAGE", httpx.Response(429, json={"retry_after": 1.5, "global": False}), 1.5),
        ("SEND_DISCORD_MESSAGE", httpx.Response(429, json={"retry_after": "soon"}), None),
        ("SEND_DISCORD_MESSAGE", httpx.Response(429, json=["soon"]), None),
        ("SEND_SLACK_MESSAGE", httpx.Response(200, json={"ok": False, "error": "ratelimited"}), None),
        (
            "LINEAR_SEARCH_ISSUES",
            httpx.Response(400, json={"errors": [{"message": "slow", "extensions": {"code": "RATELIMITED"}}]}),
            None,
        ),
    ],
)
async def test_a_busy_service_may_say_so_in_its_own_way(
    block: str, answer: httpx.Response, after: float | None
) -> None:
    failed = await failure(next(case for case in FIRST if case.block == block), answer)
    assert isinstance(failed, errors.Retryable)
    assert failed.after == after


@pytest.mark.parametrize("case", STATUS, ids=ids(STATUS))
async def test_a_refusal_says_what_the_service_said(case: Case) -> None:
    failed = await failure(case, httpx.Response(400, json={"message": "no such thing as that"}))
    assert not isinstance(failed, errors.Retryable)
    assert "no such thing as that" in failed.message


@pytest.mark.parametrize("case", FIRST, ids=ids(FIRST))
async def test_no_answer_may_be_another_time(case: Case) -> None:
    shown = case.secret if catalog.get(case.block).credentials else ""
    lost = errors.Retryable(f"https://x.example/?key={shown} did not answer", reason="REQUEST_FAILED")
    assert isinstance(await failure(case, lost), errors.Retryable)


@pytest.mark.parametrize("case", WITH_ACCOUNT, ids=ids(WITH_ACCOUNT))
async def test_the_credential_goes_to_the_declared_hosts_alone(case: Case) -> None:
    needs = catalog.get(case.block).credentials.values()
    hosts = [host for need in needs for host in need.hosts] or ["api.example.com"]
    world = World([ask.response() for ask in case.asks])
    await run(case, world)
    for request in world.requests:
        request.read()
        sent = f"{request.url} {request.headers.raw!r} {request.content!r}"
        if any(secret in sent for secret in (case.secret, "YW5uOnMzY3IzdC1vZi10aGUtdXNlcg==")):
            assert any(api.is_host(request.url.host, request.url.port, host) for host in hosts)
