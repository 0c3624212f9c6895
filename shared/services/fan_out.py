"""What follows from an event? Called by ``notify`` for each that concerns it, at least once and in any order.

An execution that has ended goes into the statistics of its graph, and is a notice to its user. A notice becomes a
notification of each whom it concerns, and what is to be sent to them goes into the same commit
(``shared/services/notifying.py``). All of it has derived ids: what comes again collides with itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from shared.domain import notices
from shared.domain.graph import UserId
from shared.domain.notices import Kind, Notice
from shared.domain.statuses import FINAL, Status
from shared.domain.store import EventType
from shared.firestore import graphs, statistics, users
from shared.services import audiences, events, noticing, notifying
from shared.services.world import World

_KINDS = {
    Status.COMPLETED: Kind.EXECUTION_COMPLETED,
    Status.FAILED: Kind.EXECUTION_FAILED,
    Status.TERMINATED: Kind.EXECUTION_TERMINATED,
}

_OF_THE_STORE = {
    EventType.SUBMISSION_RECEIVED: Kind.SUBMISSION_RECEIVED,
    EventType.SUBMISSION_APPROVED: Kind.SUBMISSION_APPROVED,
    EventType.SUBMISSION_REJECTED: Kind.SUBMISSION_REJECTED,
    EventType.LISTING_FEATURED: Kind.LISTING_FEATURED,
    EventType.LISTING_TAKEN_DOWN: Kind.LISTING_TAKEN_DOWN,
    EventType.LISTING_RESTORED: Kind.LISTING_RESTORED,
    EventType.LISTING_RATED: Kind.RATING_RECEIVED,
    EventType.LISTING_UPDATED: Kind.UPDATE_OFFERED,
}

GONE = "A deleted agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An execution has ended. ``seconds``: from its start; ``depth``: of how many it is the sub-agent."""

    execution_id: str
    graph_id: str
    user_id: str
    status: Status
    depth: int
    cost: float
    node_executions: int
    seconds: float
    reason: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``after``: of an audience, who was told last."""

    notice: Notice
    after: str


def read(body: Any) -> Ended | Told | None:
    """None: it concerns nobody here. KeyError, ValueError, TypeError: it is no event of ours."""
    if body["type"] == noticing.TYPE:
        return Told(notice=noticing.notice_of(body), after=str(body.get("after", "")))
    if body["type"] in set(EventType):
        notice = _of_the_store(EventType(body["type"]), body)
        return Told(notice=notice, after="") if notice else None
    if body["type"] != events.EXECUTION or body["status"] not in FINAL:
        return None
    completed_at = datetime.fromisoformat(body["completed_at"] or body["at"])
    started_at = datetime.fromisoformat(body["started_at"]) if body["started_at"] else completed_at
    error = body["error"] or {"reason": "", "message": ""}
    return Ended(
        execution_id=body["execution_id"],
        graph_id=body["graph_id"],
        user_id=body["user_id"],
        status=Status(body["status"]),
        depth=int(body["depth"]),
        cost=float(body["cost"]),
        node_executions=int(body["node_executions"]),
        seconds=max(0.0, (completed_at - started_at).total_seconds()),
        reason=error["reason"],
        message=error["message"],
        at=completed_at,
    )


def _of_the_store(type_: EventType, body: dict[str, Any]) -> Notice | None:
    """What a creator is told of their submissions and listings, and of a new version who has an older one. What
    somebody did themselves they know."""
    if type_ not in _OF_THE_STORE:
        return None
    kind = _OF_THE_STORE[type_]
    updated = kind is Kind.UPDATE_OFFERED
    return notices.of(
        kind,
        body["event_id"],
        at=datetime.fromisoformat(body["at"]),
        user_id="" if updated else body["user_id"],
        audience=("listing", body["listing_id"]) if updated else None,
        listing_id=body["listing_id"],
        submission_id=body["submission_id"],
        title=body["title"],
        version=body["version"],
        reason=body["reason"],
        rating=body["rating"],
    )


async def take(world: World, event: Ended | Told) -> None:
    match event:
        case Ended():
            await _end(world, event)
        case Told(notice=notice, after=after) if notice.audience is not None:
            await audiences.expand(notice, after)
        case Told(notice=notice):
            await notifying.deliver(world, notice)
        case _:
            assert_never(event)


async def _end(world: World, ended: Ended) -> None:
    """Nothing is kept of who is gone: an event may come days after the account of its user."""
    if await users.find(UserId(ended.user_id)) is None:
        return
    await statistics.note(_noted(ended))
    if not ended.depth:  # a sub-agent's end is its parent's affair
        await notifying.deliver(world, await _notice(ended))


def _noted(ended: Ended) -> statistics.Ended:
    return statistics.Ended(
        execution_id=ended.execution_id,
        user_id=ended.user_id,
        graph_id=ended.graph_id,
        status=ended.status,
        seconds=ended.seconds,
        cost=ended.cost,
        node_executions=ended.node_executions,
        at=ended.at,
    )


async def _notice(ended: Ended) -> Notice:
    head = await graphs.find(ended.graph_id)
    return notices.of(
        _KINDS[ended.status],
        ended.execution_id,
        at=ended.at,
        user_id=ended.user_id,
        execution_id=ended.execution_id,
        graph_id=ended.graph_id,
        graph_name=head.name if head else GONE,
        seconds=round(ended.seconds, 1 if ended.seconds >= 1 else 3),
        reason=ended.reason,
        message=ended.message,
    )
