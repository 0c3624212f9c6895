"""How many requests may one still make? So many in a minute, which begins with the first.

Instances take requests out of a shared window a batch at a time, a sixth of the limit, and give them out by
themselves: so a write is due for every sixth of the limit, and not for every request.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
PARTS = 6
"""Into so many batches a limit is divided; a limit below it goes one by one, and is exact to the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A minute that began at ``started``, of which ``used`` requests are given to instances."""

    started: datetime
    used: int

    @property
    def ends(self) -> datetime:
        return self.started + WINDOW


def batch(limit: int) -> int:
    """How many an instance takes at a time."""
    return max(1, limit // PARTS)


def granted(limit: int, asked: int, used_with_them: int) -> int:
    """How many of ``asked`` an instance got, when the window now counts ``used_with_them``: of those that several
    take at once, the last get what is left."""
    return max(0, min(asked, limit - (used_with_them - asked)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``remaining``: of the limit, as far as this instance knows; ``seconds``: until the window ends."""

    allowed: bool
    limit: int
    remaining: int
    seconds: float

    @property
    def reset(self) -> int:
        """Whole seconds, one at least: when there is more to take."""
        return max(1, math.ceil(self.seconds))
