"""How many streams may one user hold open, and how is a place given back?

Counted for each instance: what one user holds there is taken from all others who want to be served by it.
"""

from collections import Counter
from dataclasses import dataclass

from shared import config
from shared.domain import errors
from shared.domain.live import Batch, Cursor
from shared.firestore.live_rows import View
from shared.services import live
from shared.services.live import EndOfStream, Known, Member, Room, ended

__all__ = ["EndOfStream", "Held", "ended", "hold"]

_open: "Counter[str]" = Counter()


@dataclass(kw_only=True)
class Held:
    """A place in a room, until it is released."""

    user_id: str
    name: str
    room: Room
    member: Member
    _released: bool = False

    async def next(self, seconds: float) -> Batch | None:
        return await self.member.next(seconds)

    def release(self) -> None:
        if not self._released:
            self._released = True
            live.rooms().leave(self.name, self.room, self.member)
            _give_back(self.user_id)


async def hold(user_id: str, name: str, view: View, cursor: Cursor | None, known: Known) -> Held:
    """TooManyRequests: the user holds too many on this instance. Unavailable."""
    most = config.settings().max_streams_per_user
    if most and config.settings().rate_limit_per_minute and _open[user_id] >= most:
        raise errors.TooManyRequests(
            f"You hold {most} streams open (MAX_STREAMS_PER_USER); close some first.", retry_after=10
        )
    _open[user_id] += 1
    try:
        room, member = await live.rooms().enter(name, view, cursor, known)
    except BaseException:
        _give_back(user_id)
        raise
    return Held(user_id=user_id, name=name, room=room, member=member)


def _give_back(user_id: str) -> None:
    _open[user_id] -= 1
    if not _open[user_id]:
        del _open[user_id]
