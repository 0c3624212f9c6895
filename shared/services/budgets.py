"""May this call be made at the deployment's expense? Held first, then looked at: so calls that are made at the same
time never spend more together than there is.

Each writes what it may cost, and then reads what is spent and held. If all of it fits, it goes on; else those go on
that fit together with all that came before them, and the others wait for their turn. So what is spent goes beyond the
limit only by what calls cost more than was held for them
(``docs/adr/0048-credit-is-held-before-it-is-spent.md``).
"""

import asyncio
from dataclasses import dataclass, replace

from shared.domain import credit as rules
from shared.domain import errors, identity
from shared.firestore import charges
from shared.firestore.charges import Charge
from shared.services import credit
from shared.services.credit import Standing
from shared.services.world import World

LOOKS = 10
PAUSE_SECONDS = 1.0
AGAIN_SECONDS = 20.0


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
        allowance = await credit.allowed(self.world, self.user_id)
        if allowance.monthly is None or dollars <= 0:
            return id_
        charge = self._charge(id_, held=max(rules.nano(dollars), 1))
        await charges.put(charge, self.world.now())
        for _ in range(LOOKS):
            stands = await credit.standing(self.world, self.user_id)
            if await _is_its_turn(self.user_id, stands, id_):
                return id_
            if missing := rules.missing(stands.allowance, stands.used, charge.held):
                await charges.remove(id_)
                refusal = credit.spent(stands, missing)
                raise errors.BlockError(refusal.message, reason=refusal.reason)
            await asyncio.sleep(PAUSE_SECONDS)
        await charges.remove(id_)
        raise errors.Retryable(
            "What is left of this month's credit is held by other calls that are being made.",
            reason="CREDIT_HELD",
            after=AGAIN_SECONDS,
        )

    async def settle(self, held: str, dollars: float) -> None:
        charge = self._charge(held, nano_dollars=rules.nano(dollars))
        if charge.nano_dollars:
            await charges.put(charge, self.world.now())
        else:
            await charges.remove(charge.id)

    def _charge(self, id_: str, *, nano_dollars: int = 0, held: int = 0) -> Charge:
        return Charge(
            id=id_,
            user_id=self.user_id,
            month=rules.month_of(self.world.now()),
            nano_dollars=nano_dollars,
            held=held,
        )


async def _is_its_turn(user_id: str, stands: Standing, id_: str) -> bool:
    if rules.fits(stands.allowance, stands.used):
        return True
    held = await charges.held_before(user_id, stands.month, id_)
    return held > 0 and rules.fits(stands.allowance, replace(stands.used, held=held))
