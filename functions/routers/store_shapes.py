"""Which shapes do listings, submissions and ratings have on the wire? As ``shapes.py``."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.routers.shapes import Output
from shared.domain.store import SubmissionStatus
from shared.services import cards, moderation, ratings, submissions


class SubmissionBody(BaseModel):
    """An agent to submit to the store: the active version of a graph of the caller's."""

    model_config = ConfigDict(extra="forbid")

    graph_id: str = Field(min_length=1, max_length=128)
    title: str = Field(min_length=1, max_length=cards.MAX_TITLE)
    description: str = Field("", max_length=cards.MAX_DESCRIPTION, description="HTML is cleaned.")
    category: str = Field("", max_length=cards.MAX_CATEGORY, description="Any; other where it is left out.")
    tags: list[str] = Field(default_factory=list[str], max_length=cards.LIMITS["tags"][0])
    media_urls: list[str] = Field(
        default_factory=list[str], max_length=cards.LIMITS["media_urls"][0], description="https URLs of pictures."
    )
    changes: str = Field("", max_length=submissions.MAX_CHANGES, description="What is new in this version.")
    public_defaults: list[str] = Field(
        default_factory=list[str],
        max_length=submissions.MAX_DEFAULTS,
        description="Names of inputs whose values are published; those of all others are left out.",
    )


class Received(Output):
    id: str
    submission_id: str
    listing_id: str
    status: SubmissionStatus
    message: str
    left_out: list[str] = Field(description="Names of inputs whose values are not published.")


class Submission(Output):
    id: str
    submission_id: str
    listing_id: str
    graph_id: str
    graph_version: int
    user_id: str
    status: SubmissionStatus
    title: str
    description: str
    category: str
    tags: list[str]
    media_urls: list[str]
    changes: str
    version: int | None = Field(description="Of the listing, once it is approved.")
    reason: str | None = Field(description="Why it was rejected or taken down.")
    created_at: datetime
    reviewed_at: datetime | None
    etag: str


class SubmissionList(Output):
    items: list[Submission]
    next_page_token: str | None


class ForkedFrom(Output):
    """An agent of the store; its listing says who made it, as long as it is there."""

    listing_id: str
    version: int
    title: str


class FrozenFile(Output):
    id: str
    file: dict[str, Any] = Field(description="As POST /graphs/import takes it.")
    forked_from: ForkedFrom | None = Field(description="Whose work it is a fork of; null: of nobody's.")


class Reason(BaseModel):
    """Why; the creator reads it."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=moderation.MAX_REASON)


class Creator(Output):
    id: str
    name: str
    picture: str


class Listing(Output):
    id: str
    title: str
    description: str
    category: str
    tags: list[str]
    media_urls: list[str]
    creator: Creator
    status: Literal["APPROVED", "TAKEN_DOWN"]
    featured: bool
    version: int
    downloads: int
    rating: float | None = Field(description="The mean; null: nobody has rated it.")
    rating_count: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class ListingPage(Output):
    items: list[Listing]
    total: int
    page: int
    page_size: int
    total_pages: int


class Described(Output):
    instructions: str
    nodes: int
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    credentials_schema: dict[str, Any] = Field(description="Credentials that who runs it has to bring.")
    forked_from: ForkedFrom | None = Field(description="Whose work it is a fork of; null: of nobody's.")


class ListingDetail(Listing, Described):
    """A listing, with what its agent takes, gives and needs."""


class Release(Output):
    id: str
    listing_id: str
    version: int
    title: str
    changes: str
    published_at: datetime


class ReleaseDetail(Release, Described):
    """A published version, with what its agent takes, gives and needs."""


class ReleaseList(Output):
    items: list[Release]
    next_page_token: str | None


class Download(Output):
    id: str
    listing_id: str
    version: int
    file: dict[str, Any] = Field(description="As POST /graphs/import takes it.")


class CreatorPage(Creator):
    listings: int
    downloads: int
    rating: float | None
    rating_count: int
    categories: list[str]


class Counted(Output):
    name: str
    listings: int


class Categories(Output):
    categories: list[Counted]
    tags: list[Counted]


class RatingBody(BaseModel):
    """What the caller thinks of a listing."""

    model_config = ConfigDict(extra="forbid")

    rating: int = Field(ge=ratings.MIN_STARS, le=ratings.MAX_STARS)
    comment: str = Field("", max_length=ratings.MAX_COMMENT)


class Rating(Output):
    id: str
    listing_id: str
    user_id: str
    rating: int
    comment: str
    created_at: datetime
    updated_at: datetime


class RatingList(Output):
    items: list[Rating]
    next_page_token: str | None
