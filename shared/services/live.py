"""How do many streams follow what happens? Those of the same execution share a room, and a room follows Firestore.

A member of a room is told batch after batch, each from one time to the next. Who comes back with a cursor is told
what led from the rows of then to those of now, which are read at those very times; then they are where the room is.
So nothing is missed and nothing told twice, whichever instance a stream is resumed on.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from shared import caches
from shared.domain import errors, live
from shared.domain.live import Batch, Cursor, Row, Rows
from shared.firestore import listening, live_rows
from shared.firestore.listening import Snapshot
from shared.firestore.live_rows import View

READY_SECONDS = 20.0
MAX_WAITING = 2_000
"""Events that wait for a slow reader; who has more is cut off, and resumes."""

Known = Callable[[Rows], Rows]
"""What of the rows of now somebody without a cursor is taken to know."""


@dataclass(eq=False)
class Member:
    """Somebody who is told what happens in a room. ``base``: what they know, as of ``since``, until they are where
    the room is."""

    since: int
    base: Rows | None
    is_cut: bool = False
    _batches: deque[Batch] = field(default_factory=deque[Batch])
    _waiting: int = 0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, batch: Batch) -> None:
        if batch.events:
            self._batches.append(batch)
            self._waiting += len(batch.events)
            if self._waiting > MAX_WAITING and len(self._batches) > 1:
                self.cut()
        self._woken.set()

    def cut(self) -> None:
        """There will be no more."""
        self.is_cut = True
        self._woken.set()

    async def next(self, seconds: float) -> Batch | None:
        """The next batch; None: there was none for so long. EndOfStream: there will be none."""
        try:
            async with asyncio.timeout(seconds):
                while not self._batches:
                    if self.is_cut:
                        raise EndOfStream
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return None
        batch = self._batches.popleft()
        self._waiting -= len(batch.events)
        return batch


class EndOfStream(Exception):
    """The stream is cut off; its reader comes back and goes on where it was."""


class Room:
    """What is seen of one view, and who is told."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.rows: dict[live.Key, Row] = {}
        self.time = 0
        self.members: set[Member] = set()
        self._ready = asyncio.Event()
        self._failed = False
        targets = [target for _, target in view.targets]
        self._watch = listening.Watch(targets=targets, told=self._told, failed=self._fail)
        listening.calls().follow(self._watch)

    async def ready(self) -> None:
        """Unavailable: Firestore does not say how things stand."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            self._failed = True
        if self._failed:
            raise errors.Unavailable("The database does not tell what happens; try again.", retry_after=1)

    def close(self) -> None:
        self._watch.close()

    def _told(self, snapshot: Snapshot) -> None:
        rows, gone = live_rows.changes(self.view, snapshot)
        if snapshot.whole:
            gone = [key for key in self.rows if key not in rows]
        events = live.changed(self.rows, rows, self.time)
        batch = Batch(since=self.time, until=snapshot.time, events=events)
        self.rows.update(rows)
        for key in gone:
            self.rows.pop(key, None)
        self.time = snapshot.time
        self._ready.set()
        for member in list(self.members):
            if member.base is None:
                member.tell(batch)
            else:
                self.catch_up(member)

    def catch_up(self, member: Member) -> None:
        """Bring a member to where the room is, once it is not behind them."""
        if member.base is not None and self.time >= member.since:
            events = live.between(member.base, self.rows, member.since)
            member.tell(Batch(since=member.since, until=self.time, events=events))
            member.base = None

    def _fail(self) -> None:
        self._failed = True
        self._ready.set()
        for member in list(self.members):
            member.cut()


class Rooms:
    """The rooms of an instance."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}

    async def enter(self, name: str, view: View, cursor: Cursor | None, known: Known) -> tuple[Room, Member]:
        """Join, with what is to be told already. Unavailable."""
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(view)
        member = Member(since=2**62, base={})
        room.members.add(member)  # so that the room stays
        try:
            await room.ready()
            if cursor is None:
                member.since, member.base = 0, known(room.rows)
            else:
                batch, base = await _resumed(view, cursor, room, known)
                member.tell(batch)
                member.since, member.base = batch.until, base
            room.catch_up(member)
        except BaseException:
            self.leave(name, room, member)
            raise
        return room, member

    def leave(self, name: str, room: Room, member: Member) -> None:
        room.members.discard(member)
        if not room.members:
            room.close()
            if self._rooms.get(name) is room:
                del self._rooms[name]


rooms = caches.per_loop(Rooms)


async def _resumed(view: View, cursor: Cursor, room: Room, known: Known) -> tuple[Batch, Rows]:
    """What is left of the batch in whose middle a stream was cut, and what is known after it."""
    first = await _left(view, cursor, known)
    if first is not None:
        return first
    # too long ago: as far as the rows of now say it
    return Batch(since=cursor.since, until=cursor.since, events=[]), live.remembered(room.rows, cursor.since)


async def _left(view: View, cursor: Cursor, known: Known) -> tuple[Batch, Rows] | None:
    """None: its rows cannot be read any more."""
    until = cursor.until or cursor.since
    found = await live_rows.read(view, until)
    if found is None or not cursor.until:
        return (Batch(since=until, until=until, events=[]), found[0]) if found else None
    base = found[0]
    before = await live_rows.read(view, cursor.since) if cursor.since else (known(base), 0)
    first = before[0] if before is not None else live.remembered(base, cursor.since)
    events = live.between(first, base, cursor.since)
    return Batch(since=cursor.since, until=until, events=events, told=cursor.count), base


async def ended(view: View, cursor: Cursor | None) -> list[Batch]:
    """What is left to tell of an execution that has ended, whose rows change no more."""
    found = await live_rows.read(view, None)
    assert found is not None
    rows, time = found
    if cursor is None:
        return [Batch(since=0, until=time, events=live.between({}, rows))]
    left = await _left(view, cursor, lambda _: {})
    if left is None:
        base = live.remembered(rows, cursor.since)
        return [Batch(since=cursor.since, until=time, events=live.between(base, rows, cursor.since))]
    batch, base = left
    return [batch, Batch(since=batch.until, until=time, events=live.between(base, rows, batch.until))]
