"""What may who reviews do? Approve and reject submissions, feature listings, take them down, bring them back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.domain import store
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.domain.records import Lost
from shared.domain.store import Event, EventType, Listing, ListingStatus, Submission, SubmissionStatus
from shared.firestore import client as firestore
from shared.firestore import commits, graphs, listings, outbox, submissions
from shared.firestore.listings import Release
from shared.services import audit, bodies, browsing, creators, etags, shelving, submitted, texts
from shared.services import outbox as letters
from shared.services.world import World

MAX_REASON = 5_000

Resource = dict[str, Any]
Cursor = tuple[datetime, str]


async def queue(status: SubmissionStatus, size: int, cursor: Cursor | None) -> tuple[list[Resource], Cursor | None]:
    """A page of everybody's submissions of a status, those first that have waited longest."""
    return submitted.page(await submissions.of_status(status, cursor, size + 1), size)


async def approve(world: World, caller: Caller, submission_id: str) -> Resource:
    """Publish the frozen copy as the next version of its listing. NotFound; Conflict: it does not wait any more."""
    for _ in range(etags.ATTEMPTS):
        found = await _waiting(submission_id, store.Action.APPROVE, "approved")
        listing = await listings.find(found.listing_id)
        if listing is not None and await _approved(world, caller, found, listing):
            return submitted.view(await submitted.readable(caller, submission_id))
    raise etags.contended(f"the submission {submission_id}")


async def _approved(world: World, caller: Caller, found: Submission, listing: Listing) -> bool:
    now, number = world.now(), listing.version + 1
    submission = replace(
        found,
        status=SubmissionStatus.APPROVED,
        version=number,
        reviewed_at=now,
    )
    published = replace(
        listing,
        creator=await creators.of(listing.creator.id),
        status=ListingStatus.APPROVED,
        card=found.card,
        version=number,
        graph_version=found.graph_version,
        submission_id=found.id,
        pending_id="",
        revision=listing.revision + 1,
        updated_at=now,
        published_at=listing.published_at or now,
    )
    release = Release(
        listing_id=listing.id,
        number=number,
        submission_id=found.id,
        graph_version=found.graph_version,
        parts=found.parts,
        title=found.card.title,
        changes=found.changes,
        published_at=now,
    )
    told = [submitted.event(EventType.SUBMISSION_APPROVED, submission, caller.user_id, now)]
    if listing.version:
        told.append(submitted.event(EventType.LISTING_UPDATED, submission, caller.user_id, now))
    writes = [
        submissions.write(submission),
        listings.write(published),
        listings.write_release(release),
        *await shelving.written(published),
    ]
    return await _commit(writes, told)


async def reject(world: World, caller: Caller, submission_id: str, raw: Any) -> Resource:
    """With a reason, which the creator is told. NotFound; InvalidArgument; Conflict: it does not wait any more."""
    reason = _reason(raw)
    for _ in range(etags.ATTEMPTS):
        found = await _waiting(submission_id, store.Action.REJECT, "rejected")
        listing = await listings.find(found.listing_id)
        submission = replace(
            found,
            status=SubmissionStatus.REJECTED,
            reason=reason,
            reviewed_at=world.now(),
        )
        event = submitted.event(EventType.SUBMISSION_REJECTED, submission, caller.user_id, world.now())
        writes = [submissions.write(submission)]
        if listing is not None and listing.pending_id == found.id:
            writes.append(listings.write(replace(listing, pending_id="")))
        if await _commit(writes, [event]):
            return submitted.view(await submitted.readable(caller, submission_id))
    raise etags.contended(f"the submission {submission_id}")


async def feature(world: World, caller: Caller, listing_id: str, featured: bool) -> Resource:
    """Show a listing among the featured ones, or no longer. NotFound: it is not in the store."""
    type_ = EventType.LISTING_FEATURED if featured else EventType.LISTING_UNFEATURED

    def change(one: Listing) -> Listing | None:
        return replace(one, featured=featured) if one.featured != featured else None

    return await _changed(world, caller, listing_id, ListingStatus.APPROVED, type_, change)


async def take_down(world: World, caller: Caller, listing_id: str, raw: Any) -> Resource:
    """Out of the store, with a reason, which the creator is told. NotFound; InvalidArgument."""
    reason = _reason(raw)

    def change(one: Listing) -> Listing | None:
        return replace(one, status=ListingStatus.TAKEN_DOWN, featured=False)

    return await _changed(
        world,
        caller,
        listing_id,
        ListingStatus.APPROVED,
        EventType.LISTING_TAKEN_DOWN,
        change,
        follow=store.Action.TAKE_DOWN,
        reason=reason,
    )


async def restore(world: World, caller: Caller, listing_id: str) -> Resource:
    """Back into the store, as it was taken down. NotFound: it was not."""

    def change(one: Listing) -> Listing | None:
        return replace(one, status=ListingStatus.APPROVED)

    return await _changed(
        world,
        caller,
        listing_id,
        ListingStatus.TAKEN_DOWN,
        EventType.LISTING_RESTORED,
        change,
        follow=store.Action.RESTORE,
    )


async def _changed(
    world: World,
    caller: Caller,
    listing_id: str,
    status: ListingStatus,
    type_: EventType,
    change: Callable[[Listing], Listing | None],
    *,
    follow: store.Action | None = None,
    reason: str = "",
) -> Resource:
    """A listing of that status, changed; None: it is so already. ``follow``: what happens to what was submitted."""
    for _ in range(etags.ATTEMPTS):
        found = await listings.find(listing_id) if graphs.is_id(listing_id) else None
        if found is None or found.status is not status:
            raise browsing.missing(listing_id)
        made = change(found)
        if made is None:
            return browsing.resource(found)
        made = replace(made, revision=found.revision + 1)
        event = Event(
            id=store.event_id(type_, found.id, made.revision),
            type=type_,
            at=world.now(),
            user_id=found.creator.id,
            actor_id=caller.user_id,
            listing_id=found.id,
            submission_id=found.submission_id,
            title=found.card.title,
            version=found.version,
            reason=reason,
        )
        shown = made.status is ListingStatus.APPROVED
        writes = await shelving.written(made) if shown else shelving.removed(made.id)
        if follow is not None:
            writes = [*writes, *await _followed(found.submission_id, follow, reason)]
        if await _commit([listings.write(made), *writes], [event]):
            audit.note(**({"reason": reason} if reason else {}))
            return browsing.resource(made)
    raise etags.contended(f"the listing {listing_id}")


async def _followed(submission_id: str, action: store.Action, reason: str) -> list[commits.Write]:
    """The submission that is published, as it is now: its creator and who moderates find it by its status."""
    found = await submissions.find(submission_id)
    status = store.follow(action, found.status) if found is not None else None
    if found is None or status is None:
        return []
    return [submissions.write(replace(found, status=status, reason=reason))]


async def _commit(writes: list[commits.Write], told: list[Event]) -> bool:
    """The change with its letters. False: something has changed meanwhile."""
    posted = [letters.letter(event) for event in told]
    everything = [*writes, *(outbox.write(letter) for letter in posted)]
    if isinstance(await commits.commit(firestore.client(), everything), Lost):
        return False
    await letters.post(posted)
    return True


async def _waiting(submission_id: str, action: store.Action, what: str) -> Submission:
    found = await submissions.find(submission_id) if graphs.is_id(submission_id) else None
    if found is None:
        raise submitted.missing(submission_id)
    if store.follow(action, found.status) is None:
        raise submitted.not_possible(found, what)
    return found


def _reason(raw: Any) -> str:
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("reason",))
    reason = texts.rich(fields.text(body, "reason", least=1, most=MAX_REASON, lines=True)).strip()
    if not reason and not fields.violations:
        fields.wrong("reason", "It is empty; say what has to change.")
    bodies.refuse(fields, "The reason is")
    return reason
