"""How does a credential of the user go with a request, and to whom may it go?"""

import base64
from enum import Enum
from typing import Any, assert_never
from urllib import parse

from shared.blocks.credentials import ApiKey, Credential, HostScoped, Kind, Need, OAuth2, UserPassword
from shared.domain import errors

HTTP = Need(
    provider="http",
    kinds=(Kind.API_KEY, Kind.USER_PASSWORD, Kind.HOST_SCOPED, Kind.OAUTH2),
    where="the service that is asked, on the page of its API",
    required=False,
)


class Way(Enum):
    """Of an API key alone; the other kinds know their way."""

    BEARER = "bearer"
    HEADER = "header"
    QUERY = "query"


def options(credential: Credential, url: str, way: Way, name: str) -> dict[str, dict[str, str]]:
    """``{headers, params}`` that carry the credential. BlockError, reason ``CREDENTIALS_UNSUITABLE``: it is for
    another host."""
    match credential:
        case ApiKey():
            match way:
                case Way.BEARER:
                    return {"headers": {"Authorization": f"Bearer {credential.api_key}"}}
                case Way.HEADER:
                    return {"headers": {name or "X-API-Key": credential.api_key}}
                case Way.QUERY:
                    return {"params": {name or "api_key": credential.api_key}}
        case OAuth2():
            return {"headers": {"Authorization": f"Bearer {credential.access_token}"}}
        case UserPassword():
            both = base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()
            return {"headers": {"Authorization": f"Basic {both}"}}
        case HostScoped():
            if not is_host(url, credential.host):
                raise errors.BlockError(
                    f"The credentials are for {credential.host}, and not for {origin(url)[1]}: name others",
                    reason="CREDENTIALS_UNSUITABLE",
                )
            return {"headers": dict(credential.headers)}
    assert_never(credential)


def is_host(url: str, allowed: str) -> bool:
    """Whether ``url`` is at the host ``example.com``, or below ``*.example.com``."""
    host, allowed = origin(url)[1], allowed.lower().rstrip(".")
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. BlockError, reason ``REQUEST_REFUSED``, for what is no address."""
    try:
        parts = parse.urlsplit(url.strip())
        port: Any = parts.port
    except ValueError as error:
        raise errors.BlockError(f"{url[:200]!r} is not an address: {error}", reason="REQUEST_REFUSED") from error
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").rstrip("."), port or usual
