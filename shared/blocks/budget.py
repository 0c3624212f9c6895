"""May a block have the deployment pay for a call, and who hears what it cost?

``paid`` is around each call of a service with the deployment's own key. Before it, as much as the call may cost is
held; afterwards, what it did cost takes its place. A call that was cut off may have cost all of it, and counts
so; one that failed counts as nothing.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol


class Budget(Protocol):
    """``call``: the same for the same call, so that one which is made again is counted once."""

    async def hold(self, call: str, dollars: float) -> str:
        """Hold so much for a call; under what it is to be settled. BlockError, reason ``CREDIT_SPENT``:
        there is not so much left; Retryable, reason ``CREDIT_HELD``: there is, but other calls hold it."""
        ...

    async def settle(self, held: str, dollars: float) -> None:
        """It cost so much."""
        ...


class NoBudget:
    """Nobody counts."""

    async def hold(self, call: str, dollars: float) -> str:
        return call

    async def settle(self, held: str, dollars: float) -> None:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Dollars of one firing. ``deployment``: which pays for it; ``known``: false where nobody knows before."""

    low: float = 0.0
    expected: float = 0.0
    high: float = 0.0
    deployment: bool = False
    known: bool = True


FREE = Estimate()


@dataclass
class Bill:
    dollars: float = 0.0


@asynccontextmanager
async def paid(budget: Budget, call: str, most: float) -> AsyncGenerator[Bill, None]:
    """``most``: what the call may cost; the bill is written by who makes the call."""
    bill = Bill()
    held = await budget.hold(call, most)
    try:
        yield bill
    except Exception:
        await budget.settle(held, bill.dollars)
        raise
    except BaseException:  # cancelled: by its user, or for its time limit
        await budget.settle(held, max(bill.dollars, most))
        raise
    await budget.settle(held, bill.dollars)
