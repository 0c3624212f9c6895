"""Which shapes do credentials have on the wire? As ``shapes.py``."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.routers.shapes import Output
from shared.services import credentials, oauth, secrets_of

_Secret = Field(None, min_length=secrets_of.MIN_SECRET, max_length=secrets_of.MAX_SECRET)


class _Secrets(BaseModel):
    model_config = ConfigDict(extra="forbid")

    api_key: str | None = _Secret
    username: str | None = Field(None, min_length=1, max_length=secrets_of.MAX_USERNAME)
    password: str | None = _Secret
    headers: dict[str, str] | None = Field(None, description="Of host_scoped: name of a header -> its value.")
    title: str | None = Field(None, max_length=credentials.MAX_TITLE)
    expires_at: datetime | None = Field(None, description="From when on blocks get it no more.")


class CredentialsBody(_Secrets):
    """Credentials to keep; which of the secrets is wanted depends on the kind."""

    provider: str = Field(min_length=1, max_length=64, examples=["github"])
    kind: Literal["api_key", "user_password", "host_scoped"]
    host: str | None = Field(
        None, description="Of host_scoped: where the headers may go.", examples=["*.example.com"]
    )


class CredentialsChange(_Secrets):
    """What to change; what is left out stays. A secret is replaced as a whole."""


class Credentials(Output):
    id: str
    provider: str
    kind: Literal["api_key", "user_password", "host_scoped", "oauth2"]
    title: str
    host: str | None
    scopes: list[str] = Field(description="Of oauth2: what the provider granted.")
    expires_at: datetime | None = Field(description="Of oauth2: of the access token, which is refreshed.")
    created_at: datetime
    updated_at: datetime
    etag: str


class CredentialsList(Output):
    items: list[Credentials]
    next_page_token: str | None


class Provider(Output):
    id: str = Field(examples=["github"])


class ProviderList(Output):
    items: list[Provider]
    next_page_token: str | None


class AuthorizationBody(BaseModel):
    """What to ask the provider for."""

    model_config = ConfigDict(extra="forbid")

    scopes: list[str] = Field(default_factory=list[str], max_length=oauth.MAX_SCOPES)
    title: str | None = Field(None, max_length=credentials.MAX_TITLE)


class Authorization(Output):
    id: str
    authorization_url: str
    state: str
    expires_at: datetime


class ExchangeBody(BaseModel):
    """What the browser came back with."""

    model_config = ConfigDict(extra="forbid")

    state: str = Field(min_length=1, max_length=oauth.MAX_TEXT)
    code: str = Field(min_length=1, max_length=oauth.MAX_TEXT)
