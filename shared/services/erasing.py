"""How does an account go to the end? ``tick`` takes apart what ``shared/firestore/belongings.py`` says is its own.

A run does a bounded amount and says when the next is due; a document that is gone is gone, so whatever dies, the next
run goes on where it stopped. Executions that run are stopped first, and erased once they have ended. When nothing is
left for the first time, an instance may still trust a token that it has just seen (``auth.TRUST_SECONDS``) and write
for it: so all is looked through once more after ``LINGER``, and only when that finds nothing the account is over, and
on record as such.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from shared import clock
from shared.domain import identity
from shared.domain.records import Execution, Failure, Stop
from shared.domain.statuses import Status, is_final
from shared.firestore import belongings, commits, deletions, executions, graphs, listings, opinions
from shared.firestore import client as firestore
from shared.firestore.belongings import Belonging
from shared.firestore.deletions import Deletion
from shared.gcp import storage
from shared.services import audit, deleting, figures, files, flags, leaving, shelving, stopping
from shared.services.world import World

LINGER = timedelta(minutes=2)
"""``auth.TRUST_SECONDS``, and the time that a request may take."""
LEASE = timedelta(minutes=6)
"""Longer than a run of ``tick``: one that overlaps leaves the account alone."""
BUDGET_SECONDS = 120.0
MAX_ACCOUNTS = 20
_PARALLEL = 8
_MAX_EXECUTIONS = 100
_MAX_LISTINGS = 100

GONE = Stop(
    status=Status.TERMINATED, failure=Failure(reason="CANCELLED", message="The account of its user was deleted.")
)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pass:
    """One look through all that an account has. ``found``: documents that there were; ``waits``: something has not
    ended yet; ``until``: when this run has to stop, by ``clock.monotonic``."""

    until: float
    found: int = 0
    waits: bool = False

    @property
    def spent(self) -> bool:
        return clock.monotonic() >= self.until


Eraser = Callable[[World, str, Pass], Awaitable[None]]


async def erase_due(world: World) -> int:
    """Go on with every account that is being deleted; how many came to their end."""
    until, over = clock.monotonic() + BUDGET_SECONDS, 0
    for one in await deletions.due(world.now(), MAX_ACCOUNTS):
        try:
            over += await _go_on(world, one, Pass(until))
        except Exception:  # noqa: BLE001 - whatever it is, the others are still to go
            _log.exception("the deletion of account %s could not go on", one.user_id)
    return over


async def _go_on(world: World, one: Deletion, look: Pass) -> bool:
    """Whether the account is over. Of two ticks that come to it at once, one gets it."""
    held = await deletions.go_on(one, world.now() + LEASE, one.empty_since)
    if held is None:
        return False
    await _look_through(world, held.user_id, look)
    now = world.now()
    if look.spent or look.waits:
        await deletions.go_on(held, now, None)
    elif look.found or held.empty_since is None:
        await deletions.go_on(held, now + LINGER, now)
    elif now < held.empty_since + LINGER:
        await deletions.go_on(held, held.empty_since + LINGER, held.empty_since)
    else:
        await _end(held)
        return True
    return False


async def _end(one: Deletion) -> None:
    """On record first, under an id of its own: a repetition writes it again, and nothing else."""
    entry = audit.entry_of("user.erase", "user", one.user_id, one.requested_by, requested_at=one.requested_at)
    await audit.append(replace(entry, id=identity.derive(one.user_id, "erased")))
    await deletions.end(one.user_id)


async def _look_through(world: World, user_id: str, look: Pass) -> None:
    look.found += await leaving.lock_out(user_id)
    for one in belongings.BELONGINGS:
        eraser = ERASERS.get(one.collection)
        await (eraser(world, user_id, look) if eraser else _erase(one, user_id, look))
        if look.spent:
            return
    await flags.forget(user_id)
    for prefix in belongings.OBJECTS:
        await storage.delete_all(prefix.format(user_id=user_id))


async def _erase(one: Belonging, user_id: str, look: Pass) -> None:
    while not look.spent and (gone := await belongings.erase(one, user_id)):
        look.found += gone


async def _executions(world: World, user_id: str, look: Pass) -> None:
    """All are asked to end before the first is erased, so that none starts another meanwhile."""
    for step in (_stop, _take_apart):
        after: executions.Page | None = None
        while not look.spent and (some := await executions.list_of(user_id, None, after, _MAX_EXECUTIONS)):
            look.found += len(some) if step is _stop else 0
            for start in range(0, len(some), _PARALLEL):
                await asyncio.gather(*(step(world, one, look) for one in some[start : start + _PARALLEL]))
            after = executions.Page(created_at=some[-1].created_at, id=some[-1].id)


async def _stop(world: World, one: Execution, look: Pass) -> None:
    if not is_final(one.status):
        await stopping.request(world, one.id, GONE)


async def _take_apart(world: World, one: Execution, look: Pass) -> None:
    if not is_final(one.status):
        look.waits = True
    elif one.deleting or await deleting.mark(world, one):
        await deleting.erase(one)
    else:
        look.waits = True  # it changed, as one does that has just ended


async def _listings(world: World, user_id: str, look: Pass) -> None:
    """Out of the catalogue first: what is in it must be there."""
    after: str | None = None
    while not look.spent and (some := await listings.of_creator(user_id, after, _MAX_LISTINGS)):
        for one in some:
            await commits.commit(firestore.client(), shelving.removed(one.id))
        after = some[-1].id
    await _erase(belongings.of("listings"), user_id, look)


async def _ratings(world: World, user_id: str, look: Pass) -> None:
    await _forget(world, "ratings", user_id, look)


async def _downloads(world: World, user_id: str, look: Pass) -> None:
    await _forget(world, "downloads", user_id, look)


async def _forget(world: World, kind: opinions.Kind, user_id: str, look: Pass) -> None:
    """The figures of their listings do without them at once; what cannot be counted out now is by a later run."""
    while not look.spent and (gone := await opinions.forget(kind, user_id, belongings.MAX_BATCH)):
        look.found += gone
        await figures.count_left(world)


async def _graphs(world: World, user_id: str, look: Pass) -> None:
    """What others have made of theirs stays, and says no more whose work it was."""
    await _erase(belongings.of("graphs"), user_id, look)
    while not look.spent and (changed := await graphs.forget_creator(user_id, belongings.MAX_BATCH)):
        look.found += changed


async def _files(world: World, user_id: str, look: Pass) -> None:
    look.found += await files.erase_of(user_id)


ERASERS: Mapping[str, Eraser] = {
    "executions": _executions,
    "files": _files,
    "graphs": _graphs,
    "listings": _listings,
    "ratings": _ratings,
    "downloads": _downloads,
}
"""Collection -> how what lies in it goes, where it takes more than to delete documents with what is under them."""
