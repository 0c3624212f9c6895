"""How does a block reach the world without reaching what is inside it?

The one HTTP client for addresses that users choose. A name is resolved once, every address is judged, and the
connection goes to the very address that was judged, so that a second answer of the DNS changes nothing; each
redirect is judged anew (https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html).
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from shared.domain import errors
from shared.gcp import unpacking

MAX_RESPONSE_BYTES = 10_000_000
MAX_REDIRECTS = 5
TIMEOUT = httpx.Timeout(30, connect=10)
"""Seconds for each step: to connect, to send, for the next bytes to come."""
TOTAL_SECONDS = 120.0
"""For the whole request, redirects included: a server that drips bytes does not hold a function."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ProxyServer = tuple[str, int, str, str]
"""Host, port, user, password."""
Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Host, port -> its addresses as texts; socket.gaierror when there is none."""

# Beyond what ``is_global`` of Python 3.11 refuses: https://www.iana.org/assignments/iana-ipv4-special-registry
# and …/iana-ipv6-special-registry; 168.63.129.16 is a metadata service.
_CLOSED = [
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "2002::/16", "3fff::/20")
]
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_KEPT_ACROSS_HOSTS = {"accept", "accept-encoding", "accept-language", "content-length", "content-type", "user-agent"}
_OF_THE_BODY = {"content-encoding", "content-length", "transfer-encoding"}


def is_public(address: Address) -> bool:
    """Whether ``address`` is one of the open internet: not private, loopback, link-local (metadata servers),
    shared (CGNAT), multicast, reserved or unspecified, nor one of these inside an IPv6 address."""
    if isinstance(address, ipaddress.IPv6Address):
        if (inner := _embedded(address)) is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    if any(address in network for network in _CLOSED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that ``::ffff:0:0/96`` (RFC 4291) or ``64:ff9b::/96`` (RFC 6052) wraps."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What an operator opened: names with a port or any (None), and networks."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[Network, ...] = ()

    def host(self, name: str, port: int) -> bool:
        return (name, port) in self.hosts or (name, None) in self.hosts

    def address(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def read_allowed(text: str) -> Allowed:
    """``OUTGOING_ALLOW``: hosts, ``host:port`` or networks (``10.0.0.0/8``), separated by commas or spaces.
    ValueError names the part that is none of these."""
    hosts: set[tuple[str, int | None]] = set()
    networks: list[Network] = []
    for part in re.split(r"[,\s]+", text.strip()):
        if "/" in part:
            networks.append(ipaddress.ip_network(part, strict=False))
        elif part:
            hosts.add(_host_and_port(part))
    return Allowed(hosts=frozenset(hosts), networks=tuple(networks))


def _host_and_port(part: str) -> tuple[str, int | None]:
    matched = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::(\d+))?|([^\[\]:]+)(?::(\d+))?|([0-9a-fA-F:.]+)", part)
    if matched is None:
        raise ValueError(f"OUTGOING_ALLOW: {part!r} is neither a host, nor host:port, nor a network")
    host = matched[1] or matched[3] or matched[5]
    port = matched[2] or matched[4]
    return host.lower(), int(port) if port else None


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of ``host``, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Judge:
    """Says where a name leads, if blocks may go there."""

    def __init__(self, allowed: Allowed, resolver: Resolver) -> None:
        self._allowed = allowed
        self._resolver = resolver

    async def admit(self, host: str, port: int) -> list[str]:
        """The addresses of ``host``, all of them admitted. BlockError when one is not, or there is none."""
        try:
            addresses = await self._resolver(host, port)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise _failed(host, "its name could not be resolved just now") from error
            raise _refused(f"The host {host} is not known; check the address") from error
        except UnicodeError as error:
            raise _refused(f"{host} is not the name of a host; check the address") from error
        if not addresses:
            raise _refused(f"The host {host} has no address; check it")
        if not self._allowed.host(host.lower(), port):
            for address in addresses:
                self._judge(host, ipaddress.ip_address(address))
        return addresses

    def _judge(self, host: str, address: Address) -> None:
        if not is_public(address) and not self._allowed.address(address):
            whose = host if host == str(address) else f"{host} leads to {address}, which"
            raise _refused(f"{whose} is not a public address; an operator can open it with OUTGOING_ALLOW")


class Guard(httpx.AsyncBaseTransport):
    """Sends a request to an address of its host that it has judged, under the host's name. With a proxy it is the
    proxy's address that is kept to: the proxy, which stands outside, resolves the host itself."""

    def __init__(self, inner: httpx.AsyncBaseTransport, judge: Judge, *, proxied: bool = False) -> None:
        self._inner = inner
        self._judge = judge
        self._proxied = proxied

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _check_address(str(request.url))
        host = request.url.raw_host.decode("ascii").rstrip(".")
        port = request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        addresses = await self._judge.admit(host, port)
        if self._proxied:
            return await self._inner.handle_async_request(request)
        for address in addresses[:-1]:
            try:
                return await self._send(request, host, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(request, host, addresses[-1])

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _send(self, request: httpx.Request, host: str, address: str) -> httpx.Response:
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(pinned)


class Client:
    """``Outgoing`` for blocks. Nothing is kept between requests, so it serves any event loop.

    ``allow``: the setting ``OUTGOING_ALLOW``. ``total_seconds``: for a request with its redirects.
    ``tls``: whom to trust; by default those whom the system trusts.
    """

    def __init__(
        self,
        *,
        allow: str = "",
        resolver: Resolver = resolve,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        max_redirects: int = MAX_REDIRECTS,
        total_seconds: float = TOTAL_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._judge = Judge(read_allowed(allow), resolver)
        self._max_response_bytes = max_response_bytes
        self._max_redirects = max_redirects
        self._total_seconds = total_seconds
        self._tls = tls or ssl.create_default_context()

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """As ``httpx.AsyncClient.request``; redirects are followed unless ``follow_redirects`` is false. Beside its
        options: ``total_seconds`` for this request; ``proxy``, (host, port, user, password) of an HTTP proxy.

        Any status is an answer. BlockError, reason ``REQUEST_REFUSED``: the address is not one for blocks, the
        request is malformed, too many redirects, too large an answer. Retryable, reason ``REQUEST_FAILED``: no
        answer came, or not in time.
        """
        host = _check_address(url)
        total_seconds = options.pop("total_seconds", self._total_seconds)
        transport = await self._transport(options.pop("proxy", None))
        try:
            async with asyncio.timeout(total_seconds), self._client(transport) as client:
                return await self._follow(client, method, url, options)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise _failed(host, "it did not answer in time") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
            raise _refused(f"{url[:200]!r} cannot be requested: {error}; check address and headers") from error
        except httpx.TransportError as error:
            raise _failed(host, f"it could not be reached ({error or type(error).__name__})") from error

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where a driver that speaks another protocol may connect to, and nowhere else. As ``Judge.admit``."""
        return await self._judge.admit(host, port)

    async def _transport(self, proxy: ProxyServer | None) -> Guard:
        through = None
        if proxy is not None:
            name, port, user, password = proxy
            address = (await self._judge.admit(name, port))[0]
            shown = f"[{address}]" if ":" in address else address
            through = httpx.Proxy(f"http://{shown}:{port}", auth=(user, password))
        unpooled = httpx.AsyncHTTPTransport(
            verify=self._tls, trust_env=False, proxy=through, limits=httpx.Limits(max_keepalive_connections=0)
        )
        return Guard(unpooled, self._judge, proxied=proxy is not None)

    def _client(self, transport: Guard) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=transport, trust_env=False, timeout=TIMEOUT, follow_redirects=False)

    async def _follow(
        self, client: httpx.AsyncClient, method: str, url: str, options: dict[str, Any]
    ) -> httpx.Response:
        follow = options.pop("follow_redirects", True)
        try:
            request = client.build_request(method, url, **options)
            request.headers["accept-encoding"] = unpacking.ACCEPTED
        except (TypeError, ValueError) as error:
            raise _refused(f"The request to {url[:200]!r} cannot be written: {error}") from error
        for _ in range(self._max_redirects + 1):
            response = await client.send(request, stream=True)
            if not follow or response.next_request is None:
                return await self._read(response)
            await response.aclose()
            request = _onward(request, response.next_request)
        raise _refused(f"{url} redirects more than {self._max_redirects} times; ask for the last address")

    async def _read(self, response: httpx.Response) -> httpx.Response:
        """The answer with its body, decoded. BlockError when it is too large."""
        body = bytearray()
        limit = self._max_response_bytes
        try:
            packed = unpacking.Packed(response.headers.get("content-encoding", ""))
            async for chunk in response.aiter_raw():
                for part in packed.parts(chunk):
                    body += part
                    if len(body) > limit:
                        raise _refused(
                            f"{response.url.host} answered with more than {limit:,} bytes; ask for less at once"
                        )
        except ValueError as error:
            raise _refused(f"{response.url.host} answered with a body that cannot be decoded: {error}") from error
        finally:
            await response.aclose()
        headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() not in _OF_THE_BODY]
        return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)


def _onward(request: httpx.Request, following: httpx.Request) -> httpx.Request:
    """The request after a redirect. To another origin goes no header that could carry a credential."""
    same = (request.url.scheme, request.url.raw_host, request.url.port) == (
        following.url.scheme,
        following.url.raw_host,
        following.url.port,
    )
    if not same:
        for name in set(following.headers.keys()) - _KEPT_ACROSS_HOSTS - {"host"}:
            del following.headers[name]
    return following


def _check_address(url: str) -> str:
    """The host of ``url``. BlockError where it is no web address."""
    if not url.strip():
        raise _refused("The address is empty; give one such as https://example.com/")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _refused(f"{url[:200]!r} is not an address: {error}; correct it") from error
    if parsed.scheme not in ("http", "https"):
        scheme = f"has the scheme {parsed.scheme!r}" if parsed.scheme else "has no scheme"
        raise _refused(f"The address {url[:200]!r} {scheme}; blocks may use https and http")
    if not parsed.host:
        raise _refused(f"The address {url[:200]!r} names no host; give one such as https://example.com/")
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise _refused(f"The address {url[:200]!r} has the port {parsed.port}; ports go from 1 to 65535")
    return parsed.host


def _refused(message: str) -> errors.BlockError:
    return errors.BlockError(message, reason="REQUEST_REFUSED")


def _failed(host: str, what: str) -> errors.Retryable:
    return errors.Retryable(f"The request to {host} failed: {what}", reason="REQUEST_FAILED")
