"""What is secret in a credential of each kind, as a client sends it and as a block gets it?"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from shared.blocks import credentials as blocks
from shared.blocks.credentials import Credential, Kind
from shared.domain.fields import Fields, at

MAX_SECRET = 16_384
MAX_USERNAME = 500
MAX_HEADERS = 20
MIN_SECRET = 4
"""Redaction looks for no shorter text."""

SECRET_FIELDS: Mapping[str, tuple[str, ...]] = {
    Kind.API_KEY: ("api_key",),
    Kind.USER_PASSWORD: ("username", "password"),
    Kind.HOST_SCOPED: ("headers",),
}
"""Kind -> what a client sends of it that is never shown again. An oauth2 one comes out of its flow."""

_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]|localhost")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\x80-\xff]*")
_KEY = re.compile(r"(?=.*\d)(?=.*[^\W\d])[^@\s]{16,}")
"""Many services take a key for the name of a user. Names and addresses of people stay: whoever took them out of every
text would take them out of letters too."""

Secret = dict[str, Any]


def read(fields: Fields, kind: str, body: Mapping[str, Any]) -> Secret:
    """The secret in a body; what is wrong with it is noted, without saying what it was."""
    match kind:
        case Kind.API_KEY:
            return {"api_key": _text(fields, body, "api_key")}
        case Kind.USER_PASSWORD:
            username = fields.text(body, "username", least=1, most=MAX_USERNAME)
            return {"username": username, "password": _text(fields, body, "password")}
        case _:
            return {"headers": _headers(fields, body.get("headers"))}


def host(fields: Fields, body: Mapping[str, Any]) -> str:
    """Where the headers of a host_scoped credential may go."""
    found = fields.text(body, "host", least=1, most=253).lower()
    if found and not _HOST.fullmatch(found):
        fields.wrong("host", "It must be the name of a host, as api.example.com, or *.example.com for all below.")
    return found


def _text(fields: Fields, body: Mapping[str, Any], name: str) -> str:
    return fields.text(body, name, least=MIN_SECRET, most=MAX_SECRET)


def _headers(fields: Fields, raw: Any) -> dict[str, str]:
    headers = cast(Mapping[str, Any], raw) if isinstance(raw, Mapping) else {}
    if not 0 < len(headers) <= MAX_HEADERS:
        fields.wrong("headers", f"It must be an object with 1 to {MAX_HEADERS} headers.")
        return {}
    for position, (name, value) in enumerate(headers.items()):
        if not _HEADER.fullmatch(name):
            fields.wrong(at("headers", str(position)), "Its name cannot be that of a header.")
        elif not isinstance(value, str) or not MIN_SECRET <= len(value) <= MAX_SECRET or not _VALUE.fullmatch(value):
            fields.wrong(at("headers", name), f"It must be a text of {MIN_SECRET} characters or more, on one line.")
    return dict(headers)


def dump(secret: Secret) -> bytes:
    return json.dumps(secret).encode()


def load(text: bytes) -> Secret:
    return json.loads(text)


def texts(secret: Any) -> Iterator[str]:
    """Every text in a secret that must not be told: of a header also what follows its scheme (``Bearer …``), of a
    user with a password what Basic authentication makes of both, and the name of the user if it may be a key."""
    if isinstance(secret, str):
        yield secret
        scheme, _, rest = secret.partition(" ")
        if rest and scheme.isalpha():
            yield rest.strip()
    elif isinstance(secret, Mapping):
        fields = cast(Mapping[str, Any], secret)
        for name, one in fields.items():
            if name != "username" or _KEY.fullmatch(one):
                yield from texts(one)
        if "username" in fields:
            yield f"{fields['username']}:{fields['password']}"


def opened(kind: str, secret: Secret, host_: str, scopes: tuple[str, ...]) -> Credential:
    """What a block gets."""
    match kind:
        case Kind.API_KEY:
            return blocks.ApiKey(api_key=secret["api_key"])
        case Kind.USER_PASSWORD:
            return blocks.UserPassword(username=secret["username"], password=secret["password"])
        case Kind.HOST_SCOPED:
            return blocks.HostScoped(host=host_, headers=secret["headers"])
        case _:
            return blocks.OAuth2(access_token=secret["access_token"], scopes=scopes)


def future(fields: Fields, body: Mapping[str, Any], name: str, now: datetime) -> datetime | None:
    """A time to come, or None."""
    raw = body.get(name)
    if raw is None:
        return None
    try:
        moment = datetime.fromisoformat(raw)
        if moment.tzinfo is not None and moment > now and moment.year < 3000:
            return moment
    except (TypeError, ValueError):
        pass
    fields.wrong(name, "It must be a time to come, in RFC 3339 with its offset, as 2027-01-01T00:00:00Z.")
    return None
