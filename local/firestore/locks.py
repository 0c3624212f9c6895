"""Who may write what others have read, who waits for whom, and who gives up?

A pessimistic transaction holds a shared lock on each document that it reads, present or missing, and on each query:
on its results and on what might come to be one. A commit writes when nobody else holds a lock on what it changes,
and waits until then; whoever comes to read later lets it go first. Locks go when their transaction ends. So committed
transactions are serializable: none of what one read has changed when it commits.

Where everybody in a ring waits for the next, the transaction that began last is ABORTED at once; one that runs again
counts from its first attempt, so that it comes through in the end. Who waits for LONGEST is ABORTED, as by Google's
emulator (observed 2026-11-26: a plain commit against a lock that is held ends after 2 s in "Transaction lock
timeout."). What production says of locks: https://firebase.google.com/docs/firestore/transaction-data-contention
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeAlias

from local.firestore import errors
from local.firestore.history import Change
from local.firestore.names import Path
from local.firestore.ranges import Observed

LONGEST = 2.0
"""Seconds for which a call waits for locks, in all."""

Document: TypeAlias = tuple[str, Path]
"""A database and a path in it."""


@dataclass(frozen=True)
class Writes:
    """What a commit is about to do: to which documents, and what each becomes."""

    documents: Collection[Document]
    describe: Callable[[], Sequence[Change]]

    @cached_property
    def changes(self) -> Sequence[Change]:
        """What it changes; worked out only where somebody has read by a query."""
        return self.describe()

    def touch(self, observed: Observed) -> bool:
        """Whether a query might answer otherwise afterwards."""
        return any(observed.is_touched(change) for change in self.changes)


@dataclass(slots=True, eq=False)
class Owner:
    """Who holds locks and waits for them: a transaction, or a commit without one. The lower ``age`` came first."""

    age: int
    documents: set[Document] = field(default_factory=set[Document])
    queries: list[Observed] = field(default_factory=list[Observed])
    waits: "list[_Wait]" = field(default_factory=list["_Wait"])
    has_ended: bool = False


@dataclass(slots=True, eq=False)
class _Wait:
    """A call that waits until each of ``others`` has ended. ``writes``: those of a commit."""

    owner: Owner
    others: set[Owner]
    writes: Writes | None
    over: asyncio.Future[None]


class Locks:
    """The locks of all databases, and the calls that wait for them."""

    def __init__(self) -> None:
        self._holders: dict[Document, set[Owner]] = {}
        self._watchers: dict[Owner, None] = {}
        self._waits: dict[_Wait, None] = {}

    @property
    def are_free(self) -> bool:
        """Whether nobody holds any, so that nobody waits for any."""
        return not self._holders and not self._watchers

    async def read(self, owner: Owner, documents: Sequence[Document]) -> None:
        """Lock documents for a transaction, after the commits that came first. ABORTED: it waited too long.
        INVALID_ARGUMENT: the transaction ended meanwhile."""
        while others := self._ahead(owner, lambda writes: any(one in writes.documents for one in documents)):
            await self._wait(owner, others, None)
        owner.documents.update(documents)
        for document in documents:
            self._holders.setdefault(document, set()).add(owner)

    async def watch(self, owner: Owner, observe: Callable[[], Observed]) -> None:
        """Lock what ``observe`` reads, after the commits that came first: it is called again once they are through.
        Errors as ``read``."""
        observed = observe()
        while others := self._ahead(owner, partial(Writes.touch, observed=observed)):
            await self._wait(owner, others, None)
            observed = observe()
        owner.queries.append(observed)
        self._watchers[owner] = None

    async def write(self, owner: Owner, draft: Callable[[], Writes]) -> None:
        """Return when nobody else holds a lock on what ``draft`` says is written: it is called again after each wait,
        and the caller writes the last without awaiting. ABORTED: it waited too long, or in a ring."""
        while others := self._others(owner, writes := draft()):
            await self._wait(owner, others, writes)

    def release(self, owner: Owner) -> None:
        """Let go of all locks, since the transaction or the commit has ended."""
        owner.has_ended = True
        for document in owner.documents:
            holders = self._holders.get(document)
            if holders is not None:
                holders.discard(owner)
                if not holders:
                    del self._holders[document]
        owner.documents.clear()
        owner.queries.clear()
        self._watchers.pop(owner, None)
        for wait in self._waits:
            wait.others.discard(owner)
            if not wait.others and not wait.over.done():
                wait.over.set_result(None)

    def _others(self, owner: Owner, writes: Writes) -> set[Owner]:
        """Who holds a lock on what is written."""
        found: set[Owner] = set()
        for document in writes.documents:
            found |= self._holders.get(document, _NOBODY)
        for watcher in self._watchers:
            if watcher not in found and any(map(writes.touch, watcher.queries)):
                found.add(watcher)
        found.discard(owner)
        return found

    def _ahead(self, owner: Owner, touch: Callable[[Writes], bool]) -> set[Owner]:
        """Who came first and waits to write what ``owner`` is going to read, unless for ``owner`` itself to end."""
        return {
            wait.owner
            for wait in self._waits
            if wait.writes is not None
            and wait.owner.age < owner.age
            and touch(wait.writes)
            and owner not in self._reached(wait.owner)
        }

    async def _wait(self, owner: Owner, others: set[Owner], writes: Writes | None) -> None:
        wait = _Wait(owner, set(others), writes, asyncio.get_running_loop().create_future())
        owner.waits.append(wait)
        self._waits[wait] = None
        try:
            self._break_rings(owner)
            await asyncio.wait((wait.over,), timeout=LONGEST)
            if not wait.over.done():
                raise errors.aborted("Transaction lock timeout.")
            wait.over.result()
        finally:
            owner.waits.remove(wait)
            del self._waits[wait]
        if owner.has_ended:
            raise errors.invalid("Transaction is invalid or closed.")

    def _break_rings(self, owner: Owner) -> None:
        """Of each ring of those who wait for the next, abort the one that began last."""
        while ring := self._ring(owner):
            for wait in max(ring, key=lambda one: one.age).waits:
                wait.others.clear()
                if not wait.over.done():
                    wait.over.set_exception(errors.aborted("Transaction lock timeout: it waited in a deadlock."))
            if not any(wait.others for wait in owner.waits):
                return

    def _ring(self, owner: Owner) -> list[Owner]:
        """A ring of waiting with ``owner`` in it, or nothing."""
        reached = self._reached(owner)
        if owner not in reached:
            return []
        ring = [reached[owner]]
        while ring[-1] is not owner:
            ring.append(reached[ring[-1]])
        return ring

    def _reached(self, owner: Owner) -> dict[Owner, Owner]:
        """For whom ``owner`` waits, directly or by others, each with one that waits for it."""
        reached: dict[Owner, Owner] = {}
        ahead = [owner]
        while ahead:
            one = ahead.pop()
            for other in _awaited(one):
                if other not in reached:
                    reached[other] = one
                    ahead.append(other)
        return reached


_NOBODY: frozenset[Owner] = frozenset()


def _awaited(owner: Owner) -> Iterator[Owner]:
    for wait in owner.waits:
        yield from wait.others
