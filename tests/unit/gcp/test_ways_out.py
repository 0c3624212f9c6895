"""Are the ways out beside a plain request judged as well: a proxy, the addresses for drivers, a time of one's own?"""

import asyncio
import base64

import pytest
from answering import answer, names, serving

from shared.domain import errors
from shared.gcp import outgoing

KNOWN = {
    "public.example": ["8.8.8.8"],
    "inner.example": ["8.8.8.8", "10.0.0.1"],
    "proxy.example": ["127.0.0.1"],
}


def through(port: int, host: str = "proxy.example") -> tuple[str, int, str, str]:
    return (host, port, "ann-rotate", "s3cr3t")


async def test_a_proxy_is_asked_with_its_password_and_the_host_is_not() -> None:
    seen: list[tuple[str, str, dict[str, str]]] = []

    def relay(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        seen.append((method, path, headers))
        return answer("200 OK", b"far away")

    async with serving(relay) as port:
        client = outgoing.Client(allow="proxy.example", resolver=names(KNOWN))
        answered = await client.request("GET", "http://public.example/a?b=c", proxy=through(port))
    assert answered.text == "far away"
    ((method, path, headers),) = seen
    assert (method, path, headers["host"]) == ("GET", "http://public.example/a?b=c", "public.example")
    password = base64.b64encode(b"ann-rotate:s3cr3t").decode()
    assert headers["proxy-authorization"] == f"Basic {password}"


@pytest.mark.parametrize(
    ("url", "proxy"), [("http://inner.example/", "proxy.example"), ("http://public.example/", "inner.example")]
)
async def test_neither_the_host_nor_the_proxy_may_be_inside(url: str, proxy: str) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError("it was asked")

    async with serving(never) as port:
        client = outgoing.Client(allow="proxy.example", resolver=names(KNOWN))
        with pytest.raises(errors.BlockError, match="not a public address") as refused:
            await client.request("GET", url, proxy=through(port, proxy))
    assert "s3cr3t" not in refused.value.message


async def test_a_proxy_that_knows_no_password_is_told_without_it() -> None:
    async with serving(lambda *_: answer("407 Proxy Authentication Required")) as port:
        client = outgoing.Client(allow="proxy.example", resolver=names(KNOWN))
        with pytest.raises(errors.Retryable) as failed:
            await client.request("GET", "https://public.example/", proxy=through(port))
    assert "s3cr3t" not in failed.value.message


async def test_a_driver_gets_the_addresses_that_were_judged() -> None:
    client = outgoing.Client(resolver=names(KNOWN))
    assert await client.addresses("public.example", 5432) == ["8.8.8.8"]
    for host in ("inner.example", "proxy.example"):
        with pytest.raises(errors.BlockError, match="not a public address"):
            await client.addresses(host, 5432)
    with pytest.raises(errors.BlockError, match="not known"):
        await client.addresses("/var/run/postgresql", 5432)


async def test_a_request_may_have_a_time_of_its_own() -> None:
    forever = asyncio.Event()

    async def wait() -> bytes:
        await forever.wait()
        return answer("200 OK")

    async with serving(lambda *_: wait()) as port:
        client = outgoing.Client(allow="proxy.example", resolver=names(KNOWN), total_seconds=600)
        with pytest.raises(errors.Retryable, match="in time"):
            await client.request("GET", f"http://proxy.example:{port}/", total_seconds=0.05)
        forever.set()
