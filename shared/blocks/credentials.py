"""Which secrets does a block need, and how does it get them?

A block declares what it needs (``Block.credentials``: pin -> ``Need``); a node names a credential on that pin by its
id, never by its value; ``context.credential(need, chosen)`` opens it while the block runs. Who may use which
credential is decided by the wallet, not by the block.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from shared.domain import errors
from shared.domain.credentials import chosen_id as chosen_id


class Kind(StrEnum):
    API_KEY = "api_key"
    USER_PASSWORD = "user_password"  # noqa: S105 - a kind, not a password
    HOST_SCOPED = "host_scoped"
    OAUTH2 = "oauth2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """``provider``: in snake_case (``github``). ``kinds``: those that the block can use. ``scopes``: of an oauth2
    credential, all needed. ``hosts``: the only hosts that the block sends it to (``*.example.com`` is any below);
    empty: those that a host_scoped credential names itself. ``where``: the page where a person gets one.
    ``required``: without one the graph is unfinished; else the block has another way, as the deployment's key."""

    provider: str
    kinds: tuple[Kind, ...]
    where: str
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPassword:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostScoped:
    """``headers`` go to ``host`` alone (``*.example.com``: to any below)."""

    host: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2:
    """``access_token``: valid for some minutes at least; it was refreshed where that was needed."""

    access_token: str = field(repr=False)
    scopes: tuple[str, ...] = ()


Credential = ApiKey | UserPassword | HostScoped | OAuth2


class Wallet(Protocol):
    """The credentials of the user whose execution this is."""

    async def open(self, need: Need, credentials_id: str) -> Credential:
        """BlockError, reason ``CREDENTIALS_NOT_FOUND`` (not there, or not theirs), ``CREDENTIALS_UNSUITABLE``
        (another provider, kind or host, or scopes are missing), ``CREDENTIALS_EXPIRED``; Retryable when a refresh
        may succeed later."""
        ...


def missing(need: Need) -> errors.BlockError:
    """What is said where a block has no credential to use."""
    kinds = " or ".join(need.kinds)
    return errors.BlockError(
        f"This needs credentials for {need.provider} ({kinds}): create them under /api/v1/credentials, and name "
        f"their id on the node's credentials pin or when executing; where to get one: {need.where}",
        reason="CREDENTIALS_MISSING",
    )


class NoWallet:
    """The wallet of nobody: it has nothing."""

    async def open(self, need: Need, credentials_id: str) -> Credential:
        raise errors.BlockError(f"There are no credentials {credentials_id!r}.", reason="CREDENTIALS_NOT_FOUND")
