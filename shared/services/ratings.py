"""What do users say of a listing, and who downloads it? One voice a user each; the figures are counted of them."""

from datetime import datetime
from typing import Any

from shared.domain import errors, store
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.domain.records import Lost
from shared.domain.store import Event, EventType, Listing, Rating
from shared.firestore import client as firestore
from shared.firestore import commits, graphs, opinions, outbox
from shared.services import audit, bodies, browsing, etags, figures, texts
from shared.services import outbox as letters
from shared.services.world import World

MAX_COMMENT = 5_000
MIN_STARS, MAX_STARS = 1, 5

Resource = dict[str, Any]
Cursor = tuple[datetime, str]


async def rate(world: World, caller: Caller, listing_id: str, raw: Any) -> Resource:
    """The caller's rating, new or in place of the one before; the same again is told to nobody. NotFound;
    PermissionDenied: it is their own listing; InvalidArgument."""
    stars, comment = _read(raw)
    listing = await browsing.published(listing_id)
    if listing.creator.id == caller.user_id:
        raise errors.PermissionDenied("Nobody rates what they made themselves.", reason="OWN_LISTING")
    for _ in range(etags.ATTEMPTS):
        before = await opinions.find_rating(store.rating_id(listing.id, caller.user_id))
        if before is not None and (before.stars, before.comment) == (stars, comment):
            await figures.refresh(world, listing)
            return _view(before)
        made = _made(world, caller, listing, stars, comment, before)
        letter = letters.letter(_event(listing, made, caller))
        writes = [opinions.write_rating(made), outbox.write(letter)]
        if not isinstance(await commits.commit(firestore.client(), writes), Lost):
            await letters.post([letter])
            await figures.refresh(world, listing)
            return _view(made)
    raise etags.contended(f"your rating of the listing {listing_id}")


def _made(world: World, caller: Caller, listing: Listing, stars: int, comment: str, before: Rating | None) -> Rating:
    now = world.now()
    return Rating(
        id=store.rating_id(listing.id, caller.user_id),
        listing_id=listing.id,
        user_id=caller.user_id,
        stars=stars,
        comment=comment,
        revision=before.revision + 1 if before else 1,
        created_at=before.created_at if before and before.stars else now,
        updated_at=now,
        fence=before.fence if before else "",
    )


async def remove(world: World, caller: Caller, listing_id: str, rating_id: str) -> None:
    """The caller's own, or, for who manages the store, anybody's. NotFound."""
    for _ in range(etags.ATTEMPTS):
        found = await opinions.find_rating(rating_id) if graphs.is_id(rating_id) else None
        theirs = found is not None and found.user_id == caller.user_id
        if found is None or found.listing_id != listing_id or not (theirs or "store.manage" in caller.permissions):
            if found is not None and found.stars:
                audit.suspect("rating", rating_id)
            raise errors.NotFound(
                f"There is no rating {rating_id} of yours.", reason="RATING_NOT_FOUND", metadata={"id": rating_id}
            )
        if await opinions.delete_rating(found):
            await figures.refresh(world, await browsing.published(listing_id))
            return
    raise etags.contended(f"the rating {rating_id}")


async def list_of(listing_id: str, size: int, cursor: Cursor | None) -> tuple[list[Resource], Cursor | None]:
    """A page of a listing's, newest first, and the cursor of the next."""
    await browsing.published(listing_id)
    found = await opinions.list_of(listing_id, cursor, size + 1)
    more = len(found) > size
    return [_view(one) for one in found[:size]], (found[size - 1].updated_at, found[size - 1].id) if more else None


async def download(world: World, caller: Caller, listing_id: str) -> Resource:
    """The published copy, as a file that imports; counted once a user, not for the creator. NotFound."""
    release = await browsing.release(listing_id)
    await count_download(world, caller.user_id, listing_id, release.number)
    return {
        "id": listing_id,
        "listing_id": listing_id,
        "version": release.number,
        "file": await browsing.file_of(release),
    }


async def count_download(world: World, user_id: str, listing_id: str, version: int) -> None:
    """A user has taken an agent out of the store: into a file, or into their library."""
    listing = await browsing.published(listing_id)
    if listing.creator.id != user_id and await opinions.add_download(listing_id, user_id, version, world.now()):
        await figures.refresh(world, listing)


def _event(listing: Listing, made: Rating, caller: Caller) -> Event:
    return Event(
        id=store.event_id(EventType.LISTING_RATED, made.id, made.revision),
        type=EventType.LISTING_RATED,
        at=made.updated_at,
        user_id=listing.creator.id,
        actor_id=caller.user_id,
        listing_id=listing.id,
        submission_id=listing.submission_id,
        title=listing.card.title,
        version=listing.version,
        rating=made.stars,
    )


def _read(raw: Any) -> tuple[int, str]:
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("rating", "comment"))
    stars = fields.integer(body, "rating", least=MIN_STARS, most=MAX_STARS)
    if body.get("rating") is None:
        fields.wrong("rating", f"It is missing: {MIN_STARS} to {MAX_STARS}.")
    comment = texts.rich(fields.text(body, "comment", most=MAX_COMMENT, lines=True))
    bodies.refuse(fields, "The rating is")
    return stars or 0, comment


def _view(one: Rating) -> Resource:
    return {
        "id": one.id,
        "listing_id": one.listing_id,
        "user_id": one.user_id,
        "rating": one.stars,
        "comment": one.comment,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }
