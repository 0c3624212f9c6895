"""Who gives out OAuth tokens, and how does one ask them? One row a provider; what differs between them is a field.

Authorisation code (RFC 6749) with PKCE (RFC 7636), always; a provider that knows no PKCE ignores its parameters. A
deployment names its client at each provider in ``OAUTH_CLIENTS``, and may add providers, or change these, in
``OAUTH_PROVIDERS``.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared import config
from shared.domain import errors

T = TypeVar("T")


class Provider(BaseModel):
    """``client_auth``: where the client's secret goes: into the header (basic) or into the body (post).
    ``revoke_*``: how a token is given back; an empty ``revoke_url``: it cannot be."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    authorize_url: str
    token_url: str
    parameters: Mapping[str, str] = Field(default_factory=dict[str, str])
    scope_separator: str = " "
    client_auth: Literal["basic", "post"] = "basic"
    body: Literal["form", "json"] = "form"
    headers: Mapping[str, str] = Field(default_factory=dict[str, str])
    revoke_url: str = ""
    revoke_method: Literal["POST", "DELETE"] = "POST"
    revoke_auth: Literal["basic", "post", "bearer"] = "basic"
    revoke_body: Literal["form", "json"] = "form"
    revoke_field: str = "token"


class Client(BaseModel):
    """How a provider knows this deployment."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1, repr=False)


PROVIDERS: Mapping[str, Provider] = {
    # https://developers.google.com/identity/protocols/oauth2/web-server: a refresh token only with these two.
    "google": Provider(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        parameters={"access_type": "offline", "prompt": "consent"},
        client_auth="post",
        revoke_url="https://oauth2.googleapis.com/revoke",
        revoke_auth="post",
    ),
    # https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
    # https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token
    "github": Provider(
        authorize_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
        client_auth="post",
        revoke_url="https://api.github.com/applications/{client_id}/token",
        revoke_method="DELETE",
        revoke_body="json",
        revoke_field="access_token",
    ),
    # https://developers.notion.com/reference/create-a-token, …/refresh-a-token, …/revoke-token
    "notion": Provider(
        authorize_url="https://api.notion.com/v1/oauth/authorize",
        token_url="https://api.notion.com/v1/oauth/token",  # noqa: S106 - an address
        parameters={"owner": "user"},
        body="json",
        headers={"Notion-Version": "2022-06-28"},
        revoke_url="https://api.notion.com/v1/oauth/revoke",
        revoke_body="json",
    ),
    # https://docs.slack.dev/reference/methods/oauth.v2.access, https://docs.slack.dev/reference/methods/auth.revoke
    "slack": Provider(
        authorize_url="https://slack.com/oauth/v2/authorize",
        token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address
        scope_separator=",",
        revoke_url="https://slack.com/api/auth.revoke",
        revoke_auth="bearer",
    ),
    # https://discord.com/developers/docs/topics/oauth2
    "discord": Provider(
        authorize_url="https://discord.com/oauth2/authorize",
        token_url="https://discord.com/api/oauth2/token",  # noqa: S106 - an address
        revoke_url="https://discord.com/api/oauth2/token/revoke",
    ),
}


def get(name: str) -> tuple[Provider, Client]:
    """NotFound: there is no such provider, or this deployment is no client of it."""
    provider, client = providers().get(name), clients().get(name)
    if provider is None:
        known = ", ".join(sorted(providers()))
        raise errors.NotFound(f"There is no OAuth provider {name!r}; there are {known}.", reason="PROVIDER_NOT_FOUND")
    if client is None:
        raise errors.NotFound(
            f"This deployment is no OAuth client of {name}: name its client in OAUTH_CLIENTS.",
            reason="PROVIDER_NOT_CONFIGURED",
        )
    return provider, client


_PROVIDERS: TypeAdapter[dict[str, Provider]] = TypeAdapter(dict[str, Provider])
_CLIENTS: TypeAdapter[dict[str, Client]] = TypeAdapter(dict[str, Client])


def _read(adapter: TypeAdapter[dict[str, T]], text: str, setting: str) -> dict[str, T]:
    try:
        return adapter.validate_json(text or "{}")
    except ValidationError as error:
        places = "; ".join(".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.errors())
        raise config.SettingsError(f"{setting} cannot be used: {places}.") from None


def providers() -> Mapping[str, Provider]:
    """By name; what the setting says goes before the table."""
    return _providers(config.settings().oauth_providers)


def clients() -> Mapping[str, Client]:
    return _clients(config.settings().oauth_clients)


@functools.cache
def _providers(text: str) -> Mapping[str, Provider]:
    return {**PROVIDERS, **_read(_PROVIDERS, text, "OAUTH_PROVIDERS")}


@functools.cache
def _clients(text: str) -> Mapping[str, Client]:
    return _read(_CLIENTS, text, "OAUTH_CLIENTS")


def listed() -> list[dict[str, Any]]:
    """The providers that users can connect here."""
    return [{"id": name} for name in sorted(providers()) if name in clients()]


def error_of(answer: Any) -> str:
    """The error code in a provider's answer; never what it says at length, which may repeat what was sent."""
    try:
        found: Any = json.loads(answer.content)
    except ValueError:
        return f"status {answer.status_code}"
    code = found.get("error") if isinstance(found, dict) else None
    return code if isinstance(code, str) and len(code) < 64 and code.isprintable() else f"status {answer.status_code}"
