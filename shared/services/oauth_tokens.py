"""How does one get, renew and give back tokens? Calls of a provider's token endpoint, and who makes them.

Of many executions that find a token at its end, on any number of instances, one refreshes it: it takes a lease on the
credential's document, by a conditional write. The others go on with the old token while it holds, else they wait for
the new one. A refresh token that a provider takes only once would be lost if the one that refreshes died between the
provider's answer and its own write; the user then connects anew.
"""

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from shared.domain import errors
from shared.domain.errors import BlockError, Retryable
from shared.firestore import credentials
from shared.firestore.credentials import Stored
from shared.services import oauth_providers, secrets_of, vault
from shared.services.oauth_providers import Client, Provider
from shared.services.world import World

LEASE = timedelta(seconds=30)
CALL_SECONDS = 20.0
"""Less than the lease, so that nobody else begins while a call may still succeed."""
PATIENCE_SECONDS = 35.0
PAUSE_SECONDS = 0.1
STILL_GOOD = timedelta(seconds=20)
"""So long an old token must hold still, to go on with it while another refreshes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """``scopes`` None: those that were asked for."""

    secret: secrets_of.Secret
    scopes: tuple[str, ...] | None
    expires_at: datetime | None


class Refused(Exception):
    """The provider says no; ``code`` is its error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def exchange(world: World, name: str, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """A code for tokens. Refused; BlockError: the provider does not answer as it should."""
    grant = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return await _ask(world, *oauth_providers.get(name), grant)


async def fresh(world: World, stored: Stored, margin: timedelta) -> secrets_of.Secret:
    """The tokens of a credential, the access token valid for ``margin`` more where that can be. BlockError: the user
    has to connect anew; Retryable."""
    waited = 0.0
    while True:
        now, secret = world.now(), await _open(stored)
        if stored.expires_at is None or stored.expires_at > now + margin:
            return secret
        if not secret.get("refresh_token"):
            if stored.expires_at > now:
                return secret
            raise _expired(stored)
        if stored.refreshing_until is None or stored.refreshing_until <= now:
            if (claimed := await _claim(world, stored, now)) is not None:
                return await _refresh(world, claimed, secret)
        elif stored.expires_at > now + STILL_GOOD:
            return secret
        elif waited > PATIENCE_SECONDS:
            raise Retryable(f"The credentials {stored.id} are being refreshed, which takes long; try again.")
        else:
            await asyncio.sleep(PAUSE_SECONDS)
            waited += PAUSE_SECONDS
        stored = await _again(stored)


async def _claim(world: World, stored: Stored, now: datetime) -> Stored | None:
    """The credential under our lease; None: another has it."""
    refresh_id = world.random_id()
    await credentials.update(stored, {"refreshing_until": now + LEASE, "refresh_id": refresh_id})
    claimed = await credentials.documents.find(stored.id)
    return claimed if claimed is not None and claimed.refresh_id == refresh_id else None


async def _again(stored: Stored) -> Stored:
    found = await credentials.documents.find(stored.id)
    if found is None:
        raise BlockError(f"The credentials {stored.id} were deleted meanwhile.", reason="CREDENTIALS_NOT_FOUND")
    return found


async def _refresh(world: World, claimed: Stored, secret: secrets_of.Secret) -> secrets_of.Secret:
    grant = {"grant_type": "refresh_token", "refresh_token": secret["refresh_token"]}
    try:
        tokens = await _ask(world, *oauth_providers.get(claimed.provider), grant)
    except Refused as refused:
        await _change(claimed, {"refreshing_until": None})
        if refused.code == "invalid_grant":
            raise _expired(claimed) from refused
        raise Retryable(f"{claimed.provider} does not refresh the credentials: {refused.code}.") from refused
    except errors.WeftlyError as error:
        await _change(claimed, {"refreshing_until": None})
        raise BlockError(error.message, reason="CREDENTIALS_EXPIRED") from error
    except BlockError:
        await _change(claimed, {"refreshing_until": None})
        raise
    renewed = {**secret, **tokens.secret}
    sealed = await vault.real().seal(claimed.user_id, credentials.place(claimed.id), secrets_of.dump(renewed))
    changes: dict[str, Any] = {
        "sealed": sealed.document(),
        "expires_at": tokens.expires_at,
        "refreshing_until": None,
        "updated_at": world.now(),
    }
    if tokens.scopes is not None:
        changes["scopes"] = list(tokens.scopes)
    await _change(claimed, changes)
    return renewed


async def _change(claimed: Stored, changes: Mapping[str, Any]) -> None:
    """Under our lease; if the user has changed the title meanwhile, on top of that. Lost: the lease is another's."""
    found: Stored | None = claimed
    while found is not None and found.refresh_id == claimed.refresh_id:
        if await credentials.update(found, changes):
            return
        found = await credentials.documents.find(claimed.id)


async def revoke(world: World, stored: Stored) -> bool:
    """Give the token back; whether the provider took it. What is deleted here is deleted in any case."""
    provider, client = oauth_providers.get(stored.provider)
    if not provider.revoke_url:
        return False
    secret = await _open(stored)
    token = secret.get("refresh_token") if provider.revoke_auth == "post" else None
    fields = {provider.revoke_field: token or secret["access_token"]}
    options = _options(provider, client, fields, auth=provider.revoke_auth, body=provider.revoke_body)
    if provider.revoke_auth == "bearer":
        options["headers"]["Authorization"] = f"Bearer {secret['access_token']}"
    url = provider.revoke_url.format(client_id=client.client_id)
    async with asyncio.timeout(CALL_SECONDS):
        answer = await world.http.request(provider.revoke_method, url, **options)
    return answer.status_code < 300


async def _ask(world: World, provider: Provider, client: Client, grant: Mapping[str, str]) -> Tokens:
    options = _options(provider, client, grant, auth=provider.client_auth, body=provider.body)
    try:
        async with asyncio.timeout(CALL_SECONDS):
            answer = await world.http.request("POST", provider.token_url, **options)
    except TimeoutError as error:
        raise Retryable(
            f"{provider.token_url} did not answer within {CALL_SECONDS:g} s.", reason="TIMEOUT"
        ) from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Retryable(f"{provider.token_url} answered with {answer.status_code}.", reason="REQUEST_FAILED")
    return _tokens(answer, world.now())


def _options(
    provider: Provider, client: Client, fields: Mapping[str, str], *, auth: str, body: str
) -> dict[str, Any]:
    headers = {"Accept": "application/json", **provider.headers}
    options: dict[str, Any] = {"headers": headers, "follow_redirects": False}
    if auth == "basic":
        pair = f"{client.client_id}:{client.client_secret}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    elif auth == "post":
        fields = {**fields, "client_id": client.client_id, "client_secret": client.client_secret}
    return {**options, "json" if body == "json" else "data": dict(fields)}


def _tokens(answer: Any, now: datetime) -> Tokens:
    """What a token endpoint says. Refused: it has no token for us."""
    try:
        found: Any = json.loads(answer.content)
    except ValueError:
        raise Refused(f"status {answer.status_code}") from None
    access = found.get("access_token") if isinstance(found, dict) else None
    if answer.status_code >= 400 or not isinstance(access, str) or not access:
        raise Refused(oauth_providers.error_of(answer))
    secret = {"access_token": access}
    if isinstance(refresh := found.get("refresh_token"), str) and refresh:
        secret["refresh_token"] = refresh
    seconds = found.get("expires_in")
    known = isinstance(seconds, int | float) and 0 < seconds < 10**9
    expires_at = now + timedelta(seconds=float(cast(Any, seconds))) if known else None
    scope = found.get("scope")
    scopes = tuple(one for one in re.split(r"[\s,]+", scope) if one) if isinstance(scope, str) and scope else None
    return Tokens(secret=secret, scopes=scopes, expires_at=expires_at)


async def _open(stored: Stored) -> secrets_of.Secret:
    sealed = vault.Sealed.of(stored.sealed)
    return secrets_of.load(await vault.real().open(stored.user_id, credentials.place(stored.id), sealed))


def _expired(stored: Stored) -> BlockError:
    return BlockError(
        f"{stored.provider} takes the credentials {stored.id} no longer: connect to it anew.",
        reason="CREDENTIALS_EXPIRED",
    )
