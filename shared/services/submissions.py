"""How does a graph come into the store? Its owner submits it; what is reviewed is a frozen copy.

A graph has one listing, with an id that follows from the graph's, and the listing names the one submission of it
that waits for a review. So of two that are submitted at once, one loses on the listing and is told so.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from shared.domain import errors, store
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.domain.records import Lost
from shared.domain.store import EventType, Figures, Listing, ListingStatus, Submission, SubmissionStatus
from shared.firestore import client as firestore
from shared.firestore import commits, listings, outbox, submissions
from shared.firestore.graphs import Head
from shared.interop import key_forms
from shared.services import bodies, cards, creators, frozen, submitted, texts
from shared.services import graphs as graph_service
from shared.services import outbox as letters
from shared.services.frozen import Frozen
from shared.services.world import World

MAX_CHANGES = 5_000
MAX_DEFAULTS = 100
KNOWN = ("graph_id", *cards.NAMES, "changes", "public_defaults")

Resource = dict[str, Any]
Cursor = tuple[datetime, str]


async def submit(world: World, caller: Caller, raw: Any, submission_id: str) -> Resource:
    """Submit the active version of a graph of the caller's. NotFound; InvalidArgument with every violation; Conflict:
    one of it waits for a review, or this very version is in the store. One of this id that is there already was made
    by this very request, before its answer was lost."""
    fields = Fields()
    body = bodies.read(raw)
    fields.only(body, KNOWN)
    graph_id = fields.text(body, "graph_id", least=1, most=128)
    card = cards.read(fields, body)
    changes = texts.rich(fields.text(body, "changes", most=MAX_CHANGES, lines=True))
    kept = _names(fields, body)
    _refuse_keys(fields, body)
    head = await graph_service.owned(caller, graph_id) if graph_id else None
    bodies.refuse(fields, "The submission is")
    assert head is not None, "without a graph_id there is a violation"
    graph_service.writable(head)  # a copy out of the store is another's work
    made = await submissions.find(submission_id)
    if made is not None and made.creator_id == caller.user_id:
        return _received(made, ())
    listing = await listings.find(store.listing_id(graph_id))
    _refuse_duplicate(listing, head)
    copy = await frozen.freeze(caller, head, kept)
    submission = Submission(
        id=submission_id,
        listing_id=store.listing_id(graph_id),
        creator_id=caller.user_id,
        graph_id=graph_id,
        graph_version=copy.graph_version,
        status=SubmissionStatus.PENDING_REVIEW,
        card=card,
        version=0,
        parts=len(copy.parts),
        reason="",
        changes=changes,
        created_at=world.now(),
        reviewed_at=None,
    )
    await _record(world, caller, submission, listing or await _blank(world, caller, submission), copy)
    return _received(submission, copy.left_out)


async def _record(world: World, caller: Caller, submission: Submission, listing: Listing, copy: Frozen) -> None:
    """Submission, copy and listing in one commit. Conflict: another was quicker."""
    letter = letters.letter(submitted.event(EventType.SUBMISSION_RECEIVED, submission, caller.user_id, world.now()))
    writes = [
        submissions.write(submission),
        *submissions.write_parts(submission.id, copy.parts),
        listings.write(replace(listing, pending_id=submission.id)),
        outbox.write(letter),
    ]
    if isinstance(await commits.commit(firestore.client(), writes), Lost):
        raise _submitted(submission.listing_id, "Another request has submitted this graph just now.")
    await letters.post([letter])


async def _blank(world: World, caller: Caller, submission: Submission) -> Listing:
    now = world.now()
    return Listing(
        id=submission.listing_id,
        creator=await creators.of(caller.user_id),
        graph_id=submission.graph_id,
        status=ListingStatus.UNPUBLISHED,
        card=submission.card,
        version=0,
        graph_version=0,
        submission_id="",
        pending_id="",
        featured=False,
        revision=0,
        figures=Figures(),
        created_at=now,
        updated_at=now,
        published_at=None,
    )


def _refuse_duplicate(listing: Listing | None, head: Head) -> None:
    if listing is None:
        return
    if listing.pending_id:
        raise _submitted(listing.id, "A submission of this graph waits for a review; withdraw it to submit another.")
    if listing.status is ListingStatus.APPROVED and listing.graph_version == head.active_version:
        raise _submitted(
            listing.id, "This version of the graph is in the store already; PUT the graph to make another."
        )


def _submitted(listing_id: str, message: str) -> errors.Conflict:
    return errors.Conflict(message, reason="ALREADY_SUBMITTED", metadata={"listing_id": listing_id})


async def list_of(
    caller: Caller, status: SubmissionStatus | None, size: int, cursor: Cursor | None
) -> tuple[list[Resource], Cursor | None]:
    """A page of the caller's, newest first, and the cursor of the next."""
    return submitted.page(await submissions.of_creator(caller.user_id, status, cursor, size + 1), size)


def _received(one: Submission, left_out: Any) -> Resource:
    return {
        "id": one.id,
        "submission_id": one.id,
        "listing_id": one.listing_id,
        "status": one.status,
        "message": "The agent waits for a review; you will be told what comes of it.",
        "left_out": list(left_out),
    }


def _refuse_keys(fields: Fields, body: Mapping[str, Any]) -> None:
    for name in ("title", "description", "changes"):
        if what := key_forms.looks_like(str(body.get(name))):
            fields.wrong(name, f"It holds what looks like {what}; everybody could read it.")


def _names(fields: Fields, body: Mapping[str, Any]) -> frozenset[str]:
    value = body.get("public_defaults")
    if value is None:
        return frozenset()
    names = cast(list[Any], value) if isinstance(value, list) else None
    if names is None or len(names) > MAX_DEFAULTS or not all(isinstance(name, str) for name in names):
        fields.wrong("public_defaults", f"It must be a list of at most {MAX_DEFAULTS} names of inputs.")
        return frozenset()
    return frozenset(names)
