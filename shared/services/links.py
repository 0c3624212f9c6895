"""May everybody's browser fetch this address? Of a picture that somebody shows to others.

Whoever looks at a page fetches its pictures, from where they are: an address within their own network, such as a
router's, must not be among them.
"""

import ipaddress
import re
from urllib.parse import urlsplit

_UNSAFE = re.compile(r"[\s\"'<>\\`{}|^]")
"""What no URL has unescaped (https://www.rfc-editor.org/rfc/rfc3986#appendix-A)."""
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""Browsers read a host whose last part is one as an IPv4 address (https://url.spec.whatwg.org/#ends-in-a-number-checker)."""
_INSIDE = ("localhost", "local", "internal", "lan", "home", "corp")
"""Names of nothing public (https://www.rfc-editor.org/rfc/rfc6761)."""


def is_public(url: str, schemes: tuple[str, ...]) -> bool:
    """A whole URL of one of these schemes and of a host that may be public, without a password in it."""
    if not url.isprintable() or _UNSAFE.search(url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and "@" not in parts.netloc and port != 0 and _is_public_host(host)


def _is_public_host(host: str) -> bool:
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or _NUMBER.fullmatch(last):
        try:
            return ipaddress.ip_address(host).is_global
        except ValueError:
            return False
    return "." in host.strip(".") and last not in _INSIDE
