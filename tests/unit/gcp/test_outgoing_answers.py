"""What does the client for blocks make of what a server answers: redirects, large and packed bodies, silence, TLS?"""

import asyncio
import gzip
import zlib
from typing import Any

import pytest
from answering import answer, names, serving

from shared.domain import errors
from shared.gcp import outgoing, unpacking


async def test_an_opened_server_answers() -> None:
    def echo(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        return answer("201 Created", f"{method} {path} {headers['x-a']} ".encode() + body, "x-b: 2")

    async with serving(echo) as port:
        client = outgoing.Client(allow=f"127.0.0.1:{port}")
        got = await client.request("POST", f"http://127.0.0.1:{port}/p?q=1", json={"a": 1}, headers={"X-A": "1"})
    assert (got.status_code, got.text, got.headers["x-b"]) == (201, 'POST /p?q=1 1 {"a":1}', "2")


async def test_another_port_of_an_opened_host_stays_closed() -> None:
    async with serving(lambda *_: answer("200 OK")) as port:
        client = outgoing.Client(allow=f"127.0.0.1:{port + 1}")
        with pytest.raises(errors.BlockError, match=r"127\.0\.0\.1"):
            await client.request("GET", f"http://127.0.0.1:{port}/")


async def test_a_redirect_to_a_closed_address_is_refused() -> None:
    async with serving(lambda *_: answer("302 Found", b"", "location: http://169.254.169.254/")) as port:
        client = outgoing.Client(allow=f"127.0.0.1:{port}")
        with pytest.raises(errors.BlockError, match=r"169\.254\.169\.254"):
            await client.request("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://[bad/"])
async def test_a_redirect_to_no_web_address_is_refused(location: str) -> None:
    async with serving(lambda *_: answer("302 Found", b"", f"location: {location}")) as port:
        with pytest.raises(errors.BlockError):
            await outgoing.Client(allow=f"127.0.0.1:{port}").request("GET", f"http://127.0.0.1:{port}/")


async def test_redirects_are_followed_and_their_number_is_bounded() -> None:
    def count(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        left = int(path[1:])
        return answer("302 Found", b"", f"location: /{left - 1}") if left else answer("200 OK", b"there")

    async with serving(count) as port:
        client = outgoing.Client(allow="127.0.0.1", max_redirects=3)
        assert (await client.request("GET", f"http://127.0.0.1:{port}/3")).text == "there"
        with pytest.raises(errors.BlockError, match="more than 3 times"):
            await client.request("GET", f"http://127.0.0.1:{port}/4")
        assert (await client.request("GET", f"http://127.0.0.1:{port}/4", follow_redirects=False)).is_redirect


@pytest.mark.parametrize(("same", "kept"), [(True, "Bearer k /s"), (False, "None None")])
async def test_credentials_go_to_no_other_host(same: bool, kept: str) -> None:
    def show(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        if path == "/s":
            return answer("200 OK", f"{headers.get('authorization')} {headers.get('x-api-key')}".encode())
        target = "127.0.0.1" if same else "localhost"
        return answer("302 Found", b"", f"location: http://{target}:{headers['host'].split(':')[1]}/s")

    async with serving(show) as port:
        client = outgoing.Client(
            allow="127.0.0.0/8", resolver=names({"127.0.0.1": ["127.0.0.1"], "localhost": ["127.0.0.1"]})
        )
        headers = {"Authorization": "Bearer k", "X-Api-Key": "/s"}
        assert (await client.request("GET", f"http://127.0.0.1:{port}/", headers=headers)).text == kept


async def test_an_answer_that_is_too_large_is_refused() -> None:
    async with serving(lambda *_: answer("200 OK", b"x" * 11)) as port:
        client = outgoing.Client(allow="127.0.0.1", max_response_bytes=10)
        with pytest.raises(errors.BlockError, match="more than 10 bytes"):
            await client.request("GET", f"http://127.0.0.1:{port}/")
        assert (
            len((await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/")).content) == 11
        )


async def test_an_answer_that_unpacks_to_too_much_is_refused() -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    async with serving(lambda *_: answer("200 OK", packed, "content-encoding: gzip")) as port:
        client = outgoing.Client(allow="127.0.0.1", max_response_bytes=100_000)
        with pytest.raises(errors.BlockError, match="more than 100,000 bytes"):
            await client.request("GET", f"http://127.0.0.1:{port}/")
        got = await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/")
        assert len(got.content) == 1_000_000


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate, gzip", "br", "zstd", "gzip, br, gzip"])
async def test_a_body_that_is_packed_otherwise_or_several_times_is_not_unpacked(encoding: str) -> None:
    packed = gzip.compress(gzip.compress(b"x"))
    async with serving(lambda *_: answer("200 OK", packed, f"content-encoding: {encoding}")) as port:
        with pytest.raises(errors.BlockError, match="gzip, deflate were asked for"):
            await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("encoding", ["deflate", "x-gzip", "GZIP", "identity", "raw deflate"])
async def test_a_body_is_unpacked_in_each_way_that_was_asked_for(encoding: str) -> None:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {
        "deflate": zlib.compress(b"hello"),
        "identity": b"hello",
        "raw deflate": packing.compress(b"hello") + packing.flush(),
    }.get(encoding, gzip.compress(b"hello"))
    name = encoding.removeprefix("raw ")
    async with serving(lambda *_: answer("200 OK", packed, f"content-encoding: {name}")) as port:
        assert (await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/")).text == "hello"


def test_what_unpacks_to_much_comes_in_small_parts() -> None:
    packed = unpacking.Packed("gzip")
    parts = list(packed.parts(gzip.compress(bytes(5_000_000))))
    assert (sum(map(len, parts)), max(map(len, parts))) == (5_000_000, unpacking.PART)


async def test_a_body_that_cannot_be_unpacked_is_refused() -> None:
    async with serving(lambda *_: answer("200 OK", b"no gzip", "content-encoding: gzip")) as port:
        with pytest.raises(errors.BlockError, match="cannot be decoded"):
            await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/")


async def test_a_server_that_does_not_answer_may_be_tried_again() -> None:
    over = asyncio.Event()

    async def late() -> bytes:
        await over.wait()
        return b""

    async with serving(lambda *_: late()) as port:
        with pytest.raises(errors.Retryable, match="in time"):
            await outgoing.Client(allow="127.0.0.1", total_seconds=0.05).request("GET", f"http://127.0.0.1:{port}/")
        with pytest.raises(errors.Retryable, match="in time"):
            await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/", timeout=0.05)
        over.set()


async def test_a_connection_that_breaks_may_be_tried_again() -> None:
    async with serving(lambda *_: b"") as port:
        with pytest.raises(errors.Retryable, match=r"127\.0\.0\.1 failed"):
            await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("headers", [{"x-a": "1\r\nx-b: 2"}, {"x a": "1"}, {"x-a": "\ud800"}])
async def test_a_malformed_header_is_refused(headers: dict[str, str]) -> None:
    async with serving(lambda *_: answer("200 OK")) as port:
        with pytest.raises(errors.BlockError) as refused:
            await outgoing.Client(allow="127.0.0.1").request("GET", f"http://127.0.0.1:{port}/", headers=headers)
    assert refused.value.reason == "REQUEST_REFUSED"


async def test_a_certificate_is_checked_against_the_name_and_not_the_address(certificate: Any) -> None:
    server, trusting = certificate
    known = {"public.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    async with serving(lambda *_: answer("200 OK", b"safe"), server) as port:
        client = outgoing.Client(allow="127.0.0.1/32", resolver=names(known), tls=trusting)
        assert (await client.request("GET", f"https://public.example:{port}/")).text == "safe"
        with pytest.raises(errors.BlockError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.request("GET", f"https://other.example:{port}/")


async def test_a_body_that_is_not_json_is_refused() -> None:
    with pytest.raises(errors.BlockError, match="cannot be written"):
        await outgoing.Client().request("POST", "http://public.example/", json={"n": float("inf")})
