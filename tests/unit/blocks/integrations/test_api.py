"""Does the one caller of services keep credentials where they belong, and jobs within their time?"""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from double import NOON, SECRET, Case, World, context

from shared.blocks.block import Delay
from shared.blocks.credentials import Kind, Need
from shared.blocks.integrations import api, jobs
from shared.domain import errors

SERVICE = api.Service(
    name="Tides",
    url="https://api.tides.example/v1",
    need=Need(
        provider="tides", kinds=(Kind.API_KEY,), hosts=("*.tides.example",), where="https://tides.example/keys"
    ),
)
CASE = Case(block="X", input={}, asks=[])


async def session(*answers: httpx.Response) -> api.Session:
    return await SERVICE.open(context(CASE, World(answers)), "mine")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "https://tides.example/",
        "https://api.tides.example.evil.example/",
        "https://api.tides.example@evil.example/",
        "https://eviltides.example/",
    ],
)
async def test_a_credential_goes_to_no_other_host(address: str) -> None:
    with pytest.raises(errors.BlockError, match="alone") as refused:
        await (await session()).get(address)
    assert refused.value.reason == "CREDENTIALS_UNSUITABLE"


async def test_a_credential_goes_nowhere_without_encryption() -> None:
    with pytest.raises(errors.BlockError, match="without encryption"):
        await (await session()).get("http://api.tides.example/")


@pytest.mark.parametrize(
    ("host", "port", "allowed", "admitted"),
    [
        ("a.example", None, "a.example", True),
        ("A.Example.", None, "a.example", True),
        ("b.a.example", None, "a.example", False),
        ("b.a.example", None, "*.a.example", True),
        ("a.example", None, "*.a.example", False),
        ("a.example", 8443, "a.example:8443", True),
        ("a.example", None, "a.example:8443", False),
    ],
)
def test_hosts_are_admitted_by_name_and_port(host: str, port: int | None, allowed: str, admitted: bool) -> None:
    assert api.is_host(host, port, allowed) is admitted


@pytest.mark.parametrize("segment", ["", " ", ".", "..", "..."])
def test_a_path_goes_nowhere_else(segment: str) -> None:
    with pytest.raises(errors.BlockError, match="cannot stand in an address"):
        api.path("users", segment)


def test_a_segment_is_quoted() -> None:
    assert api.path("a b", "c/d", "e?f#g") == "/a%20b/c%2Fd/e%3Ff%23g"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(403, headers={"x-ratelimit-remaining": "0"}, json={"message": "limit"}),
        httpx.Response(403, headers={"retry-after": "3"}),
        httpx.Response(403, json={"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}),
        httpx.Response(408),
        httpx.Response(599),
    ],
)
async def test_limits_and_outages_pass(answer: httpx.Response) -> None:
    with pytest.raises(errors.Retryable):
        await (await session(answer)).get("/x")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"code": 7, "message": "no water"}}, "no water"),
        ({"error": "no_water", "message": "there is none"}, "no_water: there is none"),
        ({"errors": [{"detail": "no water"}]}, "no water"),
        ({"error": "invalid", "error_description": "no water"}, "invalid"),
        (["no water"], "no water"),
        ({"status": 7}, '{"status":7}'),
    ],
)
async def test_what_a_service_says_is_found_in_its_json(body: Any, said: str) -> None:
    with pytest.raises(errors.BlockError) as refused:
        await (await session(httpx.Response(422, json=body))).get("/x")
    assert refused.value.message == f"Tides answered 422: {said}"


async def test_what_is_not_json_is_named() -> None:
    with pytest.raises(errors.BlockError, match="not JSON"):
        await (await session(httpx.Response(200, text="<html>"))).get("/x")
    assert await (await session(httpx.Response(204))).delete("/x") is None


async def test_a_secret_that_comes_back_is_taken_out() -> None:
    answer = httpx.Response(200, json={"you sent": f"Bearer {SECRET}"})
    assert await (await session(answer)).get("/x") == {"you sent": "Bearer [secret]"}


def test_a_job_is_looked_at_less_and_less_often_and_not_for_ever() -> None:
    clock = [NOON]
    pauses: list[float] = []

    def look(state: Any) -> Any:
        """What is remembered for the next look, for which time goes by."""
        resumption = None if state is None else {"state": state}
        at = context(CASE, World([]), resumption=resumption, now=lambda: clock[0])
        waiting = jobs.wait(at, "j1", seconds=5, what="It").suspension
        assert isinstance(waiting, Delay)
        pauses.append(waiting.seconds)
        clock[0] += timedelta(seconds=waiting.seconds)
        return waiting.state

    state = look(None)
    while clock[0] <= NOON + timedelta(hours=1):
        state = look(state)
    with pytest.raises(errors.BlockError, match="not ready after 60 minutes") as late:
        look(state)
    assert late.value.reason == "SERVICE_TIMEOUT"
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5, 60)
    assert jobs.begun(context(CASE, World([]), resumption={"state": state})) == "j1"
