"""What was submitted, as its creator and who reviews see it, and as it is told of."""

from datetime import datetime
from typing import Any

from shared.domain import errors, store
from shared.domain.permissions import Caller
from shared.domain.store import Event, EventType, Submission
from shared.firestore import graphs, submissions
from shared.services import audit, etags, frozen_copies

Resource = dict[str, Any]
Cursor = tuple[datetime, str]


async def get(caller: Caller, submission_id: str) -> Resource:
    """The caller's, or, for who reviews, anybody's. NotFound."""
    return view(await readable(caller, submission_id))


async def file(caller: Caller, submission_id: str) -> Resource:
    """The frozen copy: what is reviewed, and published."""
    found = await readable(caller, submission_id)
    copy = frozen_copies.thaw(await submissions.parts(found.id, found.parts))
    return {"id": found.id, "file": copy.file, "forked_from": copy.about.get("forked_from")}


def page(found: list[Submission], size: int) -> tuple[list[Resource], Cursor | None]:
    more = len(found) > size
    return [view(one) for one in found[:size]], (found[size - 1].created_at, found[size - 1].id) if more else None


async def owned(caller: Caller, submission_id: str) -> Submission:
    found = await submissions.find(submission_id) if graphs.is_id(submission_id) else None
    if found is None or found.creator_id != caller.user_id:
        if found is not None:
            audit.suspect("submission", submission_id)
        raise missing(submission_id)
    return found


async def readable(caller: Caller, submission_id: str) -> Submission:
    if "store.approve" not in caller.permissions:
        return await owned(caller, submission_id)
    found = await submissions.find(submission_id) if graphs.is_id(submission_id) else None
    if found is None:
        raise missing(submission_id)
    return found


def missing(submission_id: str) -> errors.NotFound:
    return errors.NotFound(
        f"There is no submission {submission_id} of yours.",
        reason="SUBMISSION_NOT_FOUND",
        metadata={"submission_id": submission_id},
    )


def not_possible(found: Submission, what: str) -> errors.Conflict:
    return errors.Conflict(
        f"The submission {found.id} is {found.status}, and cannot be {what}.",
        reason="SUBMISSION_STATUS",
        metadata={"submission_id": found.id, "status": found.status},
    )


def event(type_: EventType, of: Submission, actor_id: str, at: datetime, *, version: int = 0) -> Event:
    return Event(
        id=store.event_id(type_, of.id),
        type=type_,
        at=at,
        user_id=of.creator_id,
        actor_id=actor_id,
        listing_id=of.listing_id,
        submission_id=of.id,
        title=of.card.title,
        version=version or of.version,
        reason=of.reason,
    )


def view(one: Submission) -> Resource:
    return {
        "id": one.id,
        "submission_id": one.id,
        "listing_id": one.listing_id,
        "graph_id": one.graph_id,
        "graph_version": one.graph_version,
        "user_id": one.creator_id,
        "status": one.status,
        "title": one.card.title,
        "description": one.card.description,
        "category": one.card.category,
        "tags": one.card.tags,
        "media_urls": one.card.media_urls,
        "changes": one.changes,
        "version": one.version or None,
        "reason": one.reason or None,
        "created_at": one.created_at,
        "reviewed_at": one.reviewed_at,
        "etag": etags.etag(one.fence),
    }
