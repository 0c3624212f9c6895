"""Of what are people told, and in which words? ``KINDS`` is the whole answer: kind -> title and text.

A notice is something that happened and concerns somebody. Its id is derived from what caused it, so that however
often it is told it is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from string import Formatter

from shared.domain import identity

Detail = str | int | float | bool | None

MAX_DETAIL = 500
"""Characters of one detail; a longer text is cut."""


class Kind(StrEnum):
    EXECUTION_COMPLETED = "execution_completed"
    EXECUTION_FAILED = "execution_failed"
    EXECUTION_TERMINATED = "execution_terminated"
    REVIEW_WAITING = "review_waiting"
    SCHEDULE_FAILED = "schedule_failed"
    TRIGGER_FAILING = "trigger_failing"
    SUBMISSION_RECEIVED = "submission_received"
    SUBMISSION_APPROVED = "submission_approved"
    SUBMISSION_REJECTED = "submission_rejected"
    LISTING_FEATURED = "listing_featured"
    LISTING_TAKEN_DOWN = "listing_taken_down"
    LISTING_RESTORED = "listing_restored"
    RATING_RECEIVED = "rating_received"
    UPDATE_OFFERED = "update_offered"
    USAGE_LIMIT_NEAR = "usage_limit_near"
    CREDIT_SPENT = "credit_spent"
    FILE_REFUSED = "file_refused"
    WEBHOOK_FAILING = "webhook_failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """``title`` and ``text`` name details in braces. ``path``: where in the API more is to be read. ``urgent``: push
    and e-mail tell it, unless its reader says otherwise; a digest tells the rest."""

    title: str
    text: str
    path: str = ""
    urgent: bool = False


KINDS: Mapping[Kind, Words] = {
    Kind.EXECUTION_COMPLETED: Words(
        title="{graph_name} completed", text="It took {seconds} s.", path="/executions/{execution_id}"
    ),
    Kind.EXECUTION_FAILED: Words(
        title="{graph_name} failed", text="{reason}: {message}", path="/executions/{execution_id}"
    ),
    Kind.EXECUTION_TERMINATED: Words(
        title="{graph_name} was stopped", text="{message}", path="/executions/{execution_id}"
    ),
    Kind.REVIEW_WAITING: Words(
        title="{graph_name} waits for your review",
        text="{name}",
        path="/reviews/{node_execution_id}",
        urgent=True,
    ),
    Kind.SCHEDULE_FAILED: Words(
        title="A schedule could not start {graph_name}",
        text="{schedule_name}: {message}",
        path="/schedules/{schedule_id}",
    ),
    Kind.TRIGGER_FAILING: Words(
        title="The trigger {trigger_name} fails",
        text="{message}",
        path="/triggers/{trigger_id}",
        urgent=True,
    ),
    Kind.SUBMISSION_RECEIVED: Words(
        title="{title} was submitted", text="It waits to be approved.", path="/store/submissions/{submission_id}"
    ),
    Kind.SUBMISSION_APPROVED: Words(
        title="{title} is in the store",
        text="Everybody can find it now.",
        path="/store/submissions/{submission_id}",
        urgent=True,
    ),
    Kind.SUBMISSION_REJECTED: Words(
        title="{title} was not accepted", text="{reason}", path="/store/submissions/{submission_id}", urgent=True
    ),
    Kind.LISTING_FEATURED: Words(
        title="{title} is featured", text="It is shown first in the store.", path="/store/agents/{listing_id}"
    ),
    Kind.LISTING_TAKEN_DOWN: Words(
        title="{title} was taken down", text="{reason}", path="/store/submissions/{submission_id}", urgent=True
    ),
    Kind.LISTING_RESTORED: Words(
        title="{title} is back in the store",
        text="Everybody can find it again.",
        path="/store/agents/{listing_id}",
        urgent=True,
    ),
    Kind.RATING_RECEIVED: Words(title="{title} was rated", text="{rating} of 5.", path="/store/agents/{listing_id}"),
    Kind.UPDATE_OFFERED: Words(
        title="There is a new version of {title}",
        text="Version {version} can take the place of the one in your library.",
        path="/store/agents/{listing_id}",
    ),
    Kind.USAGE_LIMIT_NEAR: Words(
        title="You are near a limit", text="{used} of {limit} {what} are used.", path="/me/usage", urgent=True
    ),
    Kind.CREDIT_SPENT: Words(
        title="Your credit is spent", text="Executions wait until there is more.", path="/me/usage", urgent=True
    ),
    Kind.FILE_REFUSED: Words(title="{name} was refused", text="{reason}", path="/files/{file_id}", urgent=True),
    Kind.WEBHOOK_FAILING: Words(
        title="A webhook does not answer",
        text="What was to be sent to {host} can be looked at and sent again.",
        path="/me/notifications/webhooks/{webhook_id}/deliveries",
        urgent=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``user_id``: whom it concerns; empty where it concerns all of an ``audience``: (what they have in common, its
    id), as ``("listing", listing id)`` is all who have it in their library."""

    id: str
    kind: Kind
    user_id: str
    at: datetime
    details: Mapping[str, Detail]
    audience: tuple[str, str] | None = None


def of(
    kind: Kind,
    *causes: str,
    at: datetime,
    user_id: str = "",
    audience: tuple[str, str] | None = None,
    **details: Detail,
) -> Notice:
    """A notice, whose id follows from its kind and causes: the ids of what happened. ValueError: it concerns nobody,
    or lacks a detail that its words name."""
    missing = needed(kind) - set(details)
    if missing or bool(user_id) == (audience is not None):
        what = f"lacks {', '.join(sorted(missing))}" if missing else "needs a user_id or an audience"
        raise ValueError(f"The notice {kind} {what}.")
    cut = {name: _cut(value) for name, value in details.items()}
    id_ = identity.derive("notice", kind, *causes)
    return Notice(id=id_, kind=kind, user_id=user_id, at=at, details=cut, audience=audience)


def needed(kind: Kind) -> set[str]:
    """The names of the details that its words need."""
    words = KINDS[kind]
    parsed = Formatter().parse(f"{words.title} {words.text} {words.path}")
    return {name for _, name, _, _ in parsed if name}


def title(kind: Kind, details: Mapping[str, Detail]) -> str:
    return KINDS[kind].title.format_map(details)


def text(kind: Kind, details: Mapping[str, Detail]) -> str:
    return KINDS[kind].text.format_map(details)


def path(kind: Kind, details: Mapping[str, Detail]) -> str:
    return KINDS[kind].path.format_map(details)


def for_each(notice: Notice, user_id: str) -> Notice:
    """The notice of an audience, for one of them."""
    id_ = identity.derive("notice", notice.id, user_id)
    return Notice(id=id_, kind=notice.kind, user_id=user_id, at=notice.at, details=notice.details)


def _cut(value: Detail) -> Detail:
    return value[: MAX_DETAIL - 1] + "…" if isinstance(value, str) and len(value) > MAX_DETAIL else value
