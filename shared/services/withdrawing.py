"""How does an agent leave the store by its creator's will? They withdraw what they submitted, or delete its graph."""

from dataclasses import replace
from typing import Any

from shared.domain import store
from shared.domain.permissions import Caller
from shared.domain.records import Lost
from shared.domain.store import EventType, Listing, ListingStatus, Submission
from shared.firestore import client as firestore
from shared.firestore import commits, listings, outbox, submissions
from shared.services import etags, shelving, submitted
from shared.services import outbox as letters
from shared.services.world import World

PUBLISHED = (ListingStatus.APPROVED, ListingStatus.TAKEN_DOWN)
"""What was taken down is withdrawn too, or a moderator could bring it back against its creator's will."""

Resource = dict[str, Any]


async def withdraw(world: World, caller: Caller, submission_id: str, *, tell: bool = True) -> Resource:
    """Take a submission back: one that waits is not reviewed any more; with one that is published the listing leaves
    the store. NotFound; Conflict: it was rejected, or is withdrawn."""
    for _ in range(etags.ATTEMPTS):
        found = await submitted.owned(caller, submission_id)
        status = store.follow(store.Action.WITHDRAW, found.status)
        if status is None:
            raise submitted.not_possible(found, "withdrawn")
        listing = await listings.find(found.listing_id)
        if listing is not None and await _withdrawn(world, caller, replace(found, status=status), listing, tell):
            return submitted.view(await submitted.owned(caller, submission_id))
    raise etags.contended(f"the submission {submission_id}")


async def _withdrawn(world: World, caller: Caller, submission: Submission, listing: Listing, tell: bool) -> bool:
    """False: submission or listing have changed meanwhile."""
    now = world.now()
    pending_id = "" if listing.pending_id == submission.id else listing.pending_id
    changed = replace(listing, pending_id=pending_id)
    shelves: list[commits.Write] = []
    if listing.submission_id == submission.id and listing.status in PUBLISHED:
        changed = replace(
            changed, status=ListingStatus.WITHDRAWN, featured=False, revision=listing.revision + 1, updated_at=now
        )
        shelves = shelving.removed(listing.id)
    letter = letters.letter(submitted.event(EventType.SUBMISSION_WITHDRAWN, submission, caller.user_id, now))
    writes = [submissions.write(submission), listings.write(changed), outbox.write(letter), *shelves]
    if isinstance(await commits.commit(firestore.client(), writes), Lost):
        return False
    await letters.post([letter] if tell else [])
    return True


async def end_of_graph(world: World, caller: Caller, graph_id: str) -> None:
    """A graph is deleted: its listing leaves the store, and nothing of it is reviewed any more. Those who have added
    it keep their copy. ``tick`` tells of it: the function that deletes graphs publishes nothing."""
    for _ in range(etags.ATTEMPTS):
        listing = await listings.find(store.listing_id(graph_id))
        published = listing is not None and listing.status in PUBLISHED
        wanted = listing.pending_id or (listing.submission_id if published else "") if listing else ""
        if not wanted:
            return
        await withdraw(world, caller, wanted, tell=False)
    raise etags.contended(f"the listing of the graph {graph_id}")
