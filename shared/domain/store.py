"""What may become of a submission and of a listing, and what is kept of each?

A listing is one agent in the store; a submission is one attempt to publish a version of it. What is reviewed is a
frozen copy, and what is published is that very copy. ``TRANSITIONS`` is the whole answer to what may follow what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain import identity

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class SubmissionStatus(StrEnum):
    PENDING_REVIEW = "PENDING_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"  # by its creator, before or after the review
    TAKEN_DOWN = "TAKEN_DOWN"  # what was published, by a moderator


class ListingStatus(StrEnum):
    UNPUBLISHED = "UNPUBLISHED"  # nothing of it was ever approved
    APPROVED = "APPROVED"  # the only ones that anybody but creator and moderators can see
    WITHDRAWN = "WITHDRAWN"  # by its creator
    TAKEN_DOWN = "TAKEN_DOWN"  # by a moderator


class Action(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    TAKE_DOWN = "take-down"
    RESTORE = "restore"


TRANSITIONS: Mapping[Action, tuple[frozenset[SubmissionStatus], SubmissionStatus]] = {
    Action.APPROVE: (frozenset({SubmissionStatus.PENDING_REVIEW}), SubmissionStatus.APPROVED),
    Action.REJECT: (frozenset({SubmissionStatus.PENDING_REVIEW}), SubmissionStatus.REJECTED),
    Action.WITHDRAW: (
        frozenset({SubmissionStatus.PENDING_REVIEW, SubmissionStatus.APPROVED, SubmissionStatus.TAKEN_DOWN}),
        SubmissionStatus.WITHDRAWN,
    ),
    Action.TAKE_DOWN: (frozenset({SubmissionStatus.APPROVED}), SubmissionStatus.TAKEN_DOWN),
    Action.RESTORE: (frozenset({SubmissionStatus.TAKEN_DOWN}), SubmissionStatus.APPROVED),
}


def follow(action: Action, status: SubmissionStatus) -> SubmissionStatus | None:
    """The status after ``action``; None: it cannot happen in ``status``."""
    sources, target = TRANSITIONS[action]
    return target if status in sources else None


class EventType(StrEnum):
    """What the store tells, as ``type`` of a message (``shared/services/outbox.py``)."""

    SUBMISSION_RECEIVED = "submission.received"
    SUBMISSION_APPROVED = "submission.approved"
    SUBMISSION_REJECTED = "submission.rejected"
    SUBMISSION_WITHDRAWN = "submission.withdrawn"
    LISTING_FEATURED = "listing.featured"
    LISTING_UNFEATURED = "listing.unfeatured"
    LISTING_TAKEN_DOWN = "listing.taken_down"
    LISTING_RESTORED = "listing.restored"
    LISTING_RATED = "listing.rated"
    LISTING_UPDATED = "listing.updated"
    """A newer version of a listing was approved: for those who have added an older one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened in the store. ``user_id``: the creator, whose submission or listing it is;
    ``actor_id``: who did it; ``version``: of the listing, 0 where none was published; ``reason``: of a rejection or
    takedown."""

    id: str
    type: EventType
    at: datetime
    user_id: str
    actor_id: str
    listing_id: str
    submission_id: str
    title: str
    version: int = 0
    reason: str = ""
    rating: int = 0


def event_id(type_: EventType, subject_id: str, count: int = 0) -> str:
    """The ``count``-th time that this happens to a submission, listing or rating: a repetition has the same id."""
    return identity.event(subject_id, type_, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a creator says of an agent. HTML in ``description`` is sanitised; ``media_urls``: https URLs and
    references to files."""

    title: str
    description: str
    category: str
    tags: Sequence[str]
    media_urls: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of a listing: how many people downloaded it, and how many rated it with how many stars together."""

    downloads: int = 0
    rating_count: int = 0
    rating_sum: int = 0

    @property
    def rating(self) -> float | None:
        """The mean; None: nobody has rated it."""
        return self.rating_sum / self.rating_count if self.rating_count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Creator:
    """Who made an agent, as everybody may see them: never their e-mail."""

    id: str
    name: str
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One agent in the store. ``version``: the published one, 0 before the first; ``graph_version``: of the creator's
    graph, that it is a copy of; ``pending_id``: the submission that waits for a review, if any; ``revision``: counts
    the changes that anybody may see; ``figures`` lag behind by a minute at most; ``counted_at``: when they
    were last written. ``fence``: the document's
    update_time."""

    id: str
    creator: Creator
    graph_id: str
    status: ListingStatus
    card: Card
    version: int
    graph_version: int
    submission_id: str
    pending_id: str
    featured: bool
    revision: int
    figures: Figures
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    counted_at: datetime | None = None
    fence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One attempt to publish. ``version``: of the listing, once it is approved; ``parts``: documents of its frozen
    copy; ``reason``: why it was rejected or taken down; ``changes``: what its creator says is new."""

    id: str
    listing_id: str
    creator_id: str
    graph_id: str
    graph_version: int
    status: SubmissionStatus
    card: Card
    version: int
    parts: int
    reason: str
    changes: str
    created_at: datetime
    reviewed_at: datetime | None
    fence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What one user thinks of a listing. ``revision`` counts how often they changed it; ``stars`` 0: they deleted it,
    and may rate again, on its fence."""

    id: str
    listing_id: str
    user_id: str
    stars: int
    comment: str
    revision: int
    created_at: datetime
    updated_at: datetime
    fence: str = ""

    @classmethod
    def gone(cls, id_: str, revision: int, fence: str) -> "Rating":
        """One that was deleted."""
        return cls(
            id=id_,
            listing_id="",
            user_id="",
            stars=0,
            comment="",
            revision=revision,
            created_at=_NEVER,
            updated_at=_NEVER,
            fence=fence,
        )


def listing_id(graph_id: str) -> str:
    """A graph has one listing, however often it is submitted."""
    return identity.derive(graph_id, "listing")


def rating_id(listing_id: str, user_id: str) -> str:
    """A user has one rating of a listing."""
    return identity.derive(listing_id, "rating", user_id)


def download_id(listing_id: str, user_id: str) -> str:
    """A user's downloads of a listing count once."""
    return identity.derive(listing_id, "download", user_id)
