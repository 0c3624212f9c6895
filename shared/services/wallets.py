"""Which secrets may a block open? Those of the user whose execution it is, that suit what the block says it needs.

Everything that is opened is known to the redactor of the call, before the block has it.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from shared import redaction
from shared.blocks.block import SubAgent, Suspension
from shared.blocks.credentials import Credential, Kind, Need
from shared.blocks.runner import Outcome
from shared.domain import errors
from shared.domain.errors import Retryable
from shared.firestore import credentials
from shared.firestore.credentials import Stored
from shared.redaction import Redactor
from shared.services import oauth_tokens, secrets_of, suiting, vault
from shared.services.world import World

MIN_OWN_SECRET = 16
"""A shorter key of the deployment's own is a stand-in, as that of the local language model."""
FRESH = timedelta(minutes=5)
"""An access token that holds no longer than this is refreshed before a block gets it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserWallet:
    """See ``shared.blocks.credentials.Wallet``."""

    world: World
    user_id: str
    redactor: Redactor

    async def open(self, need: Need, credentials_id: str) -> Credential:
        stored = await suiting.check(self.user_id, need, credentials_id, self.world.now())
        try:
            secret = await self._secret(stored)
        except errors.WeftlyError as error:
            _log.warning("credentials %s cannot be opened: %s", stored.id, error.message)
            raise Retryable(
                f"The credentials {stored.id} cannot be opened now: {error.message}", reason=error.reason
            ) from error
        self.redactor.add(*secrets_of.texts(secret))
        return secrets_of.opened(stored.kind, secret, stored.host, tuple(stored.scopes))

    async def _secret(self, stored: Stored) -> secrets_of.Secret:
        if stored.kind == Kind.OAUTH2:
            return await oauth_tokens.fresh(self.world, stored, FRESH)
        sealed = vault.Sealed.of(stored.sealed)
        return secrets_of.load(await vault.real().open(stored.user_id, credentials.place(stored.id), sealed))


@contextmanager
def opening(world: World, user_id: str) -> Generator[UserWallet]:
    """The wallet for one call of a block. What is logged meanwhile goes through its redactor."""
    redactor = Redactor()
    redactor.add(*(value for value in (world.settings.openai_api_key,) if len(value) >= MIN_OWN_SECRET))
    token = redaction.current.set(redactor)
    try:
        yield UserWallet(world=world, user_id=user_id, redactor=redactor)
    finally:
        redaction.current.reset(token)


async def redacted(outcome: Outcome, wallet: UserWallet) -> Outcome:
    """What came of a call, without what it opened."""
    if not wallet.redactor:
        return outcome
    return await asyncio.to_thread(_redacted, outcome, wallet.redactor)


def _redacted(outcome: Outcome, redactor: Redactor) -> Outcome:
    failure = outcome.failure
    if failure is not None:
        failure.message = redactor.text(failure.message)
        failure.args = (failure.message,)
    return Outcome(
        tokens=[(pin, redactor.value(value)) for pin, value in outcome.tokens],
        failure=failure,
        suspension=_suspension(outcome.suspension, redactor),
    )


def _suspension(suspension: Suspension | None, redactor: Redactor) -> Suspension | None:
    if suspension is None:
        return None
    fields: dict[str, Any] = {one.name: getattr(suspension, one.name) for one in dataclasses.fields(suspension)}
    return dataclasses.replace(suspension, **{name: _field(value, redactor) for name, value in fields.items()})


def _field(value: Any, redactor: Redactor) -> Any:
    """A field of a suspension: JSON, or the suspensions of which it is made."""
    if isinstance(value, list | tuple) and value and isinstance(value[0], SubAgent):
        return [_suspension(one, redactor) for one in cast(Sequence[SubAgent], value)]
    return redactor.value(value)
