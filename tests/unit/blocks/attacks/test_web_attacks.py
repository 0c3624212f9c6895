"""Can a block that takes an address reach what is inside? Through the blocks, and the client that they really get.

In the place of the network stands one that keeps which addresses were connected to: none that is not public may be.
"""

import json
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from shared.blocks import catalog, runner
from shared.gcp import outgoing
from tests.unit.blocks.attacks.test_code_attacks import outcome

PUBLIC = "93.184.216.34"
TLS = ssl.create_default_context()
SECRET = "role-credentials-of-the-metadata-server"
NAMES: Mapping[str, list[str]] = {
    "public.example": [PUBLIC],
    "localhost": ["127.0.0.1", "::1"],
    "localhost.localdomain": ["127.0.0.1"],
    "inner.example": ["10.1.2.3"],
    "mixed.example": [PUBLIC, "192.168.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:169.254.169.254"],
    "ula.example": ["fd00:ec2::254"],
    "linklocal.example": ["fe80::1"],
    "metadata.google.internal": ["169.254.169.254"],
    "metadata": ["169.254.169.254"],
    "127.0.0.1.nip.io": ["127.0.0.1"],
    "cgnat.example": ["100.64.0.1"],
    "zero.example": ["0.0.0.0"],
}
ADDRESSES = [
    *(f"http://{name}/" for name in NAMES if name != "public.example"),
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/admin",
    "https://127.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.0x1/",
    "http://127.0.0.1./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://10.0.0.1/",
    "http://172.16.5.4/",
    "http://192.168.1.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://169.254.169.254/computeMetadata/v1/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://168.63.129.16/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://user:pass@127.0.0.1/",  # pragma: allowlist secret
    "http://public.example@127.0.0.1/",
    "http://127.0.0.1#@public.example/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
]
NO_ADDRESSES = [
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://public.example/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/stat",
    "jar:http://127.0.0.1!/x",
    "ldap://127.0.0.1/",
    "unix:///var/run/docker.sock",
    "http:///etc/passwd",
    "http://[::1/",
    "http://public.example:99999/",
]
TAKERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "SEND_WEB_REQUEST": lambda url: {"url": url},
    "HTTP_REQUEST": lambda url: {"url": url},
    "WEB_PAGE_CONTENT": lambda url: {"url": url},
    "FILE_STORE": lambda url: {"file_in": url},
}
MORE_TAKERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "FILE_READ": lambda url: {"file_input": url},
    "FILE_INFO": lambda url: {"file": url},
    "READ_SPREADSHEET": lambda url: {"file_input": url},
    "READ_WORKBOOK": lambda url: {"file": url},
    "READ_PDF": lambda url: {"file": url},
    "IMAGE_INFO": lambda url: {"image": url},
    "RESIZE_IMAGE": lambda url: {"image": url},
    "UNZIP_FILES": lambda url: {"archive": url},
    "ZIP_FILES": lambda url: {"files": {"a": url}},
    "SAVE_FILE": lambda url: {"file": url},
}
ON_PURPOSE = {"REQUEST_REFUSED", "FILE_UNREADABLE"}


class Net(httpx.AsyncBaseTransport):
    """A network of which the answers are ``location``: a redirect to it; else ``body``."""

    def __init__(self, location: str = "", body: Any = None) -> None:
        self.connected: list[str] = []
        self._location = location
        self._body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.connected.append(request.url.host)
        if request.url.host != PUBLIC:
            return _on_its_way(200, SECRET.encode())
        if self._location:
            return _on_its_way(302, b"", location=self._location)
        return _on_its_way(200, json.dumps(self._body).encode(), **{"content-type": "application/json"})


def _on_its_way(status: int, body: bytes, **headers: str) -> httpx.Response:
    """An answer whose body is still to be read, as a network has it."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


async def resolve(host: str, port: int) -> list[str]:
    """By the names above; an address in any notation is what the system makes of it."""
    if host in NAMES:
        return NAMES[host]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror as error:
        raise socket.gaierror(socket.EAI_NONAME, "unknown") from error
    return [str(entry[4][0]) for entry in found]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, context: Any) -> Callable[..., Any]:
    async def go(
        block_type: str, values: dict[str, Any], net: Net, resolver: outgoing.Resolver = resolve
    ) -> runner.Outcome:
        monkeypatch.setattr(outgoing.httpx, "AsyncHTTPTransport", lambda **_: net)
        client = outgoing.Client(resolver=resolver, tls=TLS)
        found = await outcome(block_type, values, context(http=client))
        assert SECRET not in json.dumps(found.tokens)
        assert set(net.connected) <= {PUBLIC}
        return found

    return go


def assert_refused(found: runner.Outcome) -> None:
    assert found.failure is not None
    assert found.failure.reason in ON_PURPOSE


@pytest.mark.parametrize("url", ADDRESSES + NO_ADDRESSES)
@pytest.mark.parametrize("block_type", TAKERS)
async def test_nothing_inside_is_asked(block_type: str, url: str, ask: Any) -> None:
    net = Net()
    found = await ask(block_type, TAKERS[block_type](url), net)
    assert_refused(found)
    assert net.connected == []


@pytest.mark.parametrize("url", ["http://127.0.0.1\\@public.example/", "http://127.0.0.1%2f@public.example/"])
@pytest.mark.parametrize("block_type", TAKERS)
async def test_what_readers_of_addresses_disagree_on_goes_where_it_was_judged(
    block_type: str, url: str, ask: Any
) -> None:
    net = Net(body={})
    await ask(block_type, TAKERS[block_type](url), net)
    assert net.connected in ([], [PUBLIC])


@pytest.mark.parametrize("url", ["http://localhost/", "http://0xa9fea9fe/", "http://[::1]/", "file:///etc/passwd"])
@pytest.mark.parametrize("block_type", MORE_TAKERS)
async def test_nor_is_it_by_others_that_take_files(block_type: str, url: str, ask: Any) -> None:
    net = Net()
    assert_refused(await ask(block_type, MORE_TAKERS[block_type](url), net))
    assert net.connected == []


@pytest.mark.parametrize("url", ["http://inner.example/", "http://169.254.169.254/", "file:///etc/passwd"])
async def test_nor_as_a_file_that_is_sent(url: str, ask: Any) -> None:
    assert_refused(await ask("SEND_WEB_REQUEST", {"url": "http://public.example/", "files": [url]}, Net()))


@pytest.mark.parametrize(
    "location", ["http://inner.example/", "http://127.0.0.1/", "http://2852039166/", "//[::1]/", "file:///etc/passwd"]
)
@pytest.mark.parametrize("block_type", TAKERS)
async def test_no_redirect_leads_inside(block_type: str, location: str, ask: Any) -> None:
    net = Net(location)
    assert_refused(await ask(block_type, TAKERS[block_type]("http://public.example/"), net))
    assert net.connected == [PUBLIC]


@pytest.mark.parametrize("block_type", TAKERS)
async def test_a_name_that_changes_after_it_was_judged_is_not_asked_again(block_type: str, ask: Any) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["169.254.169.254"]])

    async def rebind(host: str, port: int) -> list[str]:
        return next(answers)

    net = Net(body={})
    await ask(block_type, TAKERS[block_type]("http://rebind.example/"), net, rebind)
    assert net.connected == [PUBLIC]
    assert next(answers) == ["127.0.0.1"]


@pytest.mark.parametrize("block_type", TAKERS)
async def test_a_name_that_changes_before_a_redirect_is_judged_again(block_type: str, ask: Any) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    async def rebind(host: str, port: int) -> list[str]:
        return next(answers)

    net = Net("http://rebind.example/again")
    assert_refused(await ask(block_type, TAKERS[block_type]("http://rebind.example/"), net, rebind))
    assert net.connected == [PUBLIC]


@pytest.mark.parametrize(
    "link", ["http://inner.example/", "http://169.254.169.254/", "//127.0.0.1/", "file:///etc/passwd"]
)
async def test_no_next_page_is_inside(link: str, ask: Any) -> None:
    net = Net(body={"items": [1], "next": link})
    values = {"url": "http://public.example/", "pagination": "next_link", "items_path": "items"}
    assert_refused(await ask("HTTP_REQUEST", values, net))
    assert net.connected == [PUBLIC]


def test_every_block_that_takes_an_address_is_among_these_or_asks_a_service() -> None:
    """A new block that takes an address of the user goes into ``TAKERS``, or names the service that it asks."""
    words = ("url", "file", "files", "file_in", "file_input", "image", "archive")
    taking = {
        block.block_type
        for block in catalog.all()
        if any(name in words for name in block.Input.model_fields) and not block.credentials and not block.pure
    }
    assert taking - {*TAKERS, *MORE_TAKERS} <= set()
