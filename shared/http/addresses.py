"""From which address does a request come?

``X-Forwarded-For`` grows from the left: what a client wrote itself stands first, and the entries that can be believed
are those that the platform's own proxies added, from the right. Behind a load balancer of Google's these are two, the
client's address and its own (https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header).
"""

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope

from shared import config

UNKNOWN = "unknown"


def client(scope: Scope) -> str:
    """The client's address. An IPv6 one is its /64, which is what one subscriber has."""
    peer = scope.get("client")
    found = peer[0] if peer else UNKNOWN
    trusted = config.settings().trusted_proxies
    hops = [hop.strip() for line in Headers(scope=scope).getlist("x-forwarded-for") for hop in line.split(",")]
    if trusted and len(hops) >= trusted:
        found = hops[-trusted]
    return _network(found)


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
