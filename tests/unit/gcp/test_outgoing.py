"""Does the client for blocks reach what is public, and nothing else?"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from answering import names

from shared.domain import errors
from shared.gcp import outgoing

CLOSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3
    127.255.255.255 168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.170
    192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.7
    224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:7f00:1
    64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::a00:1 100::1
    2001::1 2001:0:7f00:1::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1
    3fff::1 4000::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fe80::1%1 fec0::1 ff02::1 ff0e::1
"""

PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.167.0.1 223.255.255.1
    2001:4860:4860::8888 2606:4700::1111 2a00:1450:4001::200e ::ffff:8.8.8.8 64:ff9b::808:808
"""


@pytest.mark.parametrize("text", CLOSED.split())
def test_an_address_that_is_not_public_is_closed(text: str) -> None:
    assert not outgoing.is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_an_address_of_the_open_internet_is_open(text: str) -> None:
    assert outgoing.is_public(ipaddress.ip_address(text))


NOTATIONS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://127.0.0.1./",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fd00:ec2::254]/",
    "http://user@127.0.0.1/",
    "http://public.example@127.0.0.1/",
    "http://127.0.0.1:80/",
    "HTTP://127.0.0.1/",
    "https://127.0.0.1/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
]


@pytest.mark.parametrize("url", NOTATIONS)
async def test_no_notation_of_a_closed_address_passes(url: str) -> None:
    with pytest.raises(errors.BlockError) as refused:
        await outgoing.Client().request("GET", url)
    assert refused.value.reason == "REQUEST_REFUSED"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://public.example/", "gopher://x/", "//x/", "public.example", "", "http://"]
)
async def test_other_schemes_and_no_addresses_are_refused(url: str) -> None:
    with pytest.raises(errors.BlockError) as refused:
        await outgoing.Client(resolver=names({"public.example": ["8.8.8.8"]})).request("GET", url)
    assert refused.value.reason == "REQUEST_REFUSED"
    assert not isinstance(refused.value, errors.Retryable)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "'file:///etc/passwd' has the scheme 'file'; blocks may use https"),
        ("ftp://public.example/", "has the scheme 'ftp'"),
        ("public.example/x", "'public.example/x' has no scheme"),
        ("", "The address is empty"),
        (" ", "The address is empty"),
        ("http://", "'http://' names no host"),
        ("http://public.example:65536/", "has the port 65536"),
        ("http://[::", r"'http://\[::' is not an address"),
    ],
)
async def test_what_is_no_web_address_is_named(url: str, said: str) -> None:
    with pytest.raises(errors.BlockError, match=said):
        await outgoing.Client(resolver=names({})).request("GET", url)


class Recorder(httpx.AsyncBaseTransport):
    """Takes the place of the network: answers 200, and keeps what it was sent. ``down``: refuses to connect."""

    def __init__(self, down: frozenset[str] = frozenset()) -> None:
        self.sent: list[httpx.Request] = []
        self._down = down

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if request.url.host in self._down:
            raise httpx.ConnectError("refused")
        return httpx.Response(200)


@pytest.fixture
async def ask() -> Callable[..., Any]:
    async def go(url: str, known: dict[str, list[str]], allow: str = "", **more: Any) -> Recorder:
        recorder = Recorder(**more)
        guard = outgoing.Guard(recorder, outgoing.Judge(outgoing.read_allowed(allow), names(known)))
        await guard.handle_async_request(httpx.Request("GET", url))
        return recorder

    return go


async def test_the_connection_goes_to_the_address_that_was_judged_under_the_name(ask: Any) -> None:
    recorder = await ask("https://public.example/a?b=c", {"public.example": ["8.8.8.8"]})
    (sent,) = recorder.sent
    assert str(sent.url) == "https://8.8.8.8/a?b=c"
    assert sent.headers["host"] == "public.example"
    assert sent.extensions["sni_hostname"] == "public.example"


async def test_an_address_of_ipv6_is_connected_to(ask: Any) -> None:
    recorder = await ask("http://public.example:8080/", {"public.example": ["2606:4700::1111"]})
    assert str(recorder.sent[0].url) == "http://[2606:4700::1111]:8080/"


async def test_the_next_address_is_tried_when_one_is_down(ask: Any) -> None:
    known = {"public.example": ["2606:4700::1111", "8.8.8.8"]}
    recorder = await ask("http://public.example/", known, down=frozenset({"2606:4700::1111"}))
    assert [sent.url.host for sent in recorder.sent] == ["2606:4700::1111", "8.8.8.8"]


async def test_one_closed_address_among_public_ones_closes_the_name(ask: Any) -> None:
    with pytest.raises(errors.BlockError, match=r"mixed\.example leads to 10\.0\.0\.1.*OUTGOING_ALLOW"):
        await ask("http://mixed.example/", {"mixed.example": ["8.8.8.8", "10.0.0.1"]})


@pytest.mark.parametrize("host", ["metadata.google.internal", "metadata.google.internal."])
async def test_the_metadata_server_is_closed(ask: Any, host: str) -> None:
    with pytest.raises(errors.BlockError, match=r"169\.254\.169\.254"):
        await ask(f"http://{host}/", {"metadata.google.internal": ["169.254.169.254"]})


@pytest.mark.parametrize(
    "allow",
    [
        "inner.example",
        "inner.example:80",
        "INNER.example",
        "10.0.0.0/8",
        "other.example, 10.0.0.5/32",
        "a b inner.example",
    ],
)
async def test_an_operator_can_open_an_address(ask: Any, allow: str) -> None:
    assert (await ask("http://inner.example/", {"inner.example": ["10.0.0.5"]}, allow)).sent


@pytest.mark.parametrize("allow", ["", "inner.example:81", "10.1.0.0/16", "example", "ner.example"])
async def test_what_was_opened_opens_nothing_else(ask: Any, allow: str) -> None:
    with pytest.raises(errors.BlockError):
        await ask("http://inner.example/", {"inner.example": ["10.0.0.5"]}, allow)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("[::1]:8080", ("::1", 8080)),
        ("[::1]", ("::1", None)),
        ("::1", ("::1", None)),
        ("127.0.0.1:9", ("127.0.0.1", 9)),
        ("stub", ("stub", None)),
    ],
)
def test_hosts_are_read_with_and_without_ports(text: str, host: tuple[str, int | None]) -> None:
    assert outgoing.read_allowed(text).hosts == {host}


@pytest.mark.parametrize("text", ["10.0.0.0/99", "host:port", "[::1"])
def test_an_allow_list_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"10\.0|host|::1"):
        outgoing.read_allowed(text)


async def test_an_unknown_host_is_refused_and_one_that_may_come_back_is_not() -> None:
    with pytest.raises(errors.BlockError, match="not known") as refused:
        await outgoing.Client(resolver=names({})).request("GET", "http://nowhere.example/")
    assert not isinstance(refused.value, errors.Retryable)

    async def busy(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(errors.Retryable, match=r"nowhere\.example"):
        await outgoing.Client(resolver=busy).request("GET", "http://nowhere.example/")


async def test_a_host_without_addresses_is_refused() -> None:
    with pytest.raises(errors.BlockError, match="no address"):
        await outgoing.Client(resolver=names({"a.example": []})).request("GET", "http://a.example/")
