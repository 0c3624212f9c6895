"""May this call be made at the deployment's expense? Held first, then looked at: so calls that are made at the same
time never spend more together than there is.

Each writes what it may cost, and then reads what is spent and held. If all of it fits, it goes on; else those go on
that fit together with all that came before them, and the others wait for their turn. So what is spent goes beyond the
limit only by what calls cost more than was held for them
(``docs/adr/0048-credit-is-held-before-it-is-spent.md``).
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain import credit as rules
from shared.domain import errors, identity
from shared.firestore import charges
from shared.firestore.charges import Charge
from shared.services import credit
from shared.services.world import World

LOOKS = 10
PAUSE_SECONDS = 1.0
AGAIN_SECONDS = 20.0
LONGEST_CALL = timedelta(minutes=35)
"""No function runs so long: what is held since before was left by an instance that died."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class UserBudget:
    """``shared.blocks.budget.Budget`` of a user, for one attempt of a block. ``cause``: the same for each repetition
    of the attempt. ``calls``: how many it has made: a block may make the same call twice."""

    world: World
    user_id: str
    cause: str
    calls: int = 0

    async def hold(self, call: str, dollars: float) -> str:
        self.calls += 1
        id_ = identity.derive(self.user_id, "call", self.cause, call, str(self.calls))
        try:
            allowance = await credit.allowed(self.world, self.user_id)
            if allowance.monthly is not None and dollars > 0:
                await self._hold(self._charge(id_, held=max(rules.nano(dollars), 1)))
        except errors.Unavailable as error:
            raise errors.Retryable(error.message, reason="CREDIT_UNAVAILABLE") from error
        return id_

    async def _hold(self, charge: Charge) -> None:
        await charges.put(charge, self.world.now())
        try:
            await self._wait_for_its_turn(charge)
        except BaseException:  # refused, or cancelled while it waited: no call is made
            await charges.remove(charge.id)
            raise

    async def _wait_for_its_turn(self, charge: Charge) -> None:
        for _ in range(LOOKS):
            stands = await credit.standing(self.world, self.user_id)
            if rules.fits(stands.allowance, stands.used) or await self._is_its_turn(stands.month, charge.id):
                return
            if missing := rules.missing(stands.allowance, stands.used, charge.held):
                refusal = credit.spent(stands, missing)
                raise errors.BlockError(refusal.message, reason=refusal.reason)
            await asyncio.sleep(PAUSE_SECONDS)
        raise errors.Retryable(
            "What is left of this month's credit is held by other calls that are being made.",
            reason="CREDIT_HELD",
            after=AGAIN_SECONDS,
        )

    async def _is_its_turn(self, month: str, id_: str) -> bool:
        """What is held is read before what is spent: what is settled between the two counts twice, never not at
        all."""
        await charges.settle_left(self.user_id, month, self.world.now() - LONGEST_CALL)
        held = await charges.held_before(self.user_id, month, id_)
        stands = await credit.standing(self.world, self.user_id)
        return held > 0 and rules.fits(stands.allowance, replace(stands.used, held=held))

    async def settle(self, held: str, dollars: float) -> None:
        """The call is made: what came of it is not lost because it cannot be charged. It stays held then, and counts
        as all of that."""
        charge = self._charge(held, nano_dollars=rules.nano(dollars))
        try:
            await (charges.put(charge, self.world.now()) if charge.nano_dollars else charges.remove(charge.id))
        except errors.Unavailable as error:
            _log.error("a call that cost %g dollars was not settled: %s", dollars, error.message)

    def _charge(self, id_: str, *, nano_dollars: int = 0, held: int = 0) -> Charge:
        return Charge(
            id=id_,
            user_id=self.user_id,
            month=rules.month_of(self.world.now()),
            nano_dollars=nano_dollars,
            held=held,
        )
