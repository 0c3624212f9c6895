"""What has happened between two looks? The events that lead from the rows of one time to those of another.

A stream tells what it sees of documents, and documents only show how things stand. So that it makes no difference how
often somebody looked, a step that lies behind is told with the one that was seen: who finds a node execution
completed tells that it was queued and that it ran, unless that was told. What is told of (rows of S, rows of T) is
always the same, in the same order: where a stream is cut in the middle of it, the rows of both times say what is
left. ``Cursor`` is that place.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.domain import identity
from shared.domain.statuses import FINAL, Status

EXECUTION, NODE, PIECE = "execution", "node_execution", "piece"

Key = tuple[str, str]
"""What it is a row of, and its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A document as a stream sees it. ``version``, ``created``: when it was written and made, in microseconds."""

    version: int
    created: int
    fields: Mapping[str, Any]


Rows = Mapping[Key, Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a text that will come on a pin. ``claim``: of the call that says it; ``number``: which of its pieces,
    from 1; ``offset``: where it stands in the text, in characters."""

    id: str
    node_execution_id: str
    node_id: str
    claim: str
    number: int
    pin: str
    offset: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing to tell. ``id`` is the same however often and by whomever it is told."""

    id: str
    type: str
    data: Mapping[str, Any]
    at: datetime
    rank: tuple[Any, ...]

    @property
    def is_end(self) -> bool:
        """Whether it is the end of an execution."""
        return self.type == f"{EXECUTION}.status" and self.data["status"] in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Who has this has been told all that led to the rows of ``since``, and ``count`` of the events from there to
    ``until``. Times in microseconds."""

    since: int
    until: int = 0
    count: int = 0

    def text(self) -> str:
        return f"{self.since}-{self.until}-{self.count}" if self.until else str(self.since)


_CURSOR = re.compile(r"([0-9]{1,17})(?:-([0-9]{1,17})-([0-9]{1,7}))?")


def cursor(text: str) -> Cursor | None:
    """None: it is none."""
    found = _CURSOR.fullmatch(text) if text.isascii() else None
    if found is None:
        return None
    made = Cursor(since=int(found[1]), until=int(found[2] or 0), count=int(found[3] or 0))
    return None if found[2] and made.until < made.since else made


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The events from the rows of ``since`` to those of ``until``; the first ``told`` of them are left out."""

    since: int
    until: int
    events: Sequence[Event]
    told: int = 0

    def numbered(self) -> Sequence[tuple[str, Event]]:
        """The events with the cursor of who has been told each."""
        last = len(self.events) - 1
        return [(self._after(number, last), event) for number, event in enumerate(self.events) if number >= self.told]

    def _after(self, number: int, last: int) -> str:
        if number == last:
            return Cursor(since=self.until).text()
        return Cursor(since=self.since, until=self.until, count=number + 1).text()


def between(old: Rows, new: Rows, since: int = 0) -> list[Event]:
    """The events that lead from ``old``, the rows of ``since``, to ``new``. What has gone is not told; what was there
    before and is only seen again, because something else has gone, neither."""
    told: list[Event] = []
    for key, row in new.items():
        before = old.get(key)
        if before is None and row.created <= since:
            continue
        if before is None or before.version != row.version:
            told += _STEPS[key[0]](key[1], before, row)
    return sorted(told, key=lambda event: event.rank)


def changed(old: Rows, changes: Rows, since: int) -> list[Event]:
    """``between`` of ``old`` and the same with ``changes`` in it."""
    return between({key: old[key] for key in changes if key in old}, changes, since)


def remembered(rows: Rows, time: int) -> dict[Key, Row]:
    """What was told by ``time``, as far as the rows of now say it, where those of then cannot be read any more. A
    pause that is over is forgotten. What happened within ``SKEW`` before may be told again, under the same id: the
    clocks of those who wrote it are not the database's."""
    return {key: _then(row, time) for key, row in rows.items() if row.created <= time}


SKEW = 5_000_000
"""Microseconds by which the clocks of instances may differ."""


def _then(row: Row, time: int) -> Row:
    if row.version <= time:
        return row
    ended, started = (_by(row, name, time) for name in ("completed_at", "started_at"))
    status = row.fields["status"] if ended else Status.RUNNING if started else Status.QUEUED
    fields = {"status": status, "started_at": row.fields["started_at"] if started else None}
    return Row(version=time, created=row.created, fields=fields)


def _by(row: Row, name: str, time: int) -> bool:
    moment = row.fields.get(name)
    return moment is not None and _micros(moment) <= time - SKEW


def _of_execution(id_: str, old: Row | None, row: Row) -> list[Event]:
    subject = {"execution_id": id_, **_picked(row, "graph_id", "graph_version")}
    return [_event(EXECUTION, id_, step, subject | _result(row, step), "") for step in _steps(old, row)]


def _of_node(id_: str, old: Row | None, row: Row) -> list[Event]:
    if not row.fields.get("node_id"):
        return []  # the root
    subject = {"node_execution_id": id_, **_picked(row, "execution_id", "node_id", "block_type")}
    order = row.fields.get("order", "")
    return [_event(NODE, id_, step, subject | _result(row, step), order) for step in _steps(old, row)]


def _of_piece(id_: str, old: Row | None, row: Row) -> list[Event]:
    if old is not None:
        return []
    at: datetime = row.fields["at"]
    names = ("execution_id", "node_execution_id", "node_id", "pin", "claim", "number", "offset", "text")
    data = {"type": f"{NODE}.partial", "event_id": id_, **_picked(row, *names), "at": at}
    rank = (at, 1, "", row.fields["number"], id_, 0)
    return [Event(id=id_, type=f"{NODE}.partial", data=data, at=at, rank=rank)]


_STEPS = {EXECUTION: _of_execution, NODE: _of_node, PIECE: _of_piece}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """``number``: of the steps of one row; ``since``: no step before it is later; ``again``: what tells it from the
    same status at another time."""

    status: Status
    at: datetime
    since: datetime
    number: int
    again: str = ""


def _steps(old: Row | None, row: Row) -> list[_Step]:
    """Queued, started, and how it stands: those of them that were not told."""
    status = Status(row.fields["status"])
    if status is Status.INCOMPLETE:
        return []  # it waits for its inputs: nothing has happened yet
    was = Status(old.fields["status"]) if old is not None else Status.INCOMPLETE
    created: datetime = row.fields["created_at"]
    started: datetime | None = row.fields.get("started_at")
    steps: list[_Step] = []
    if was is Status.INCOMPLETE:
        steps.append(_Step(status=Status.QUEUED, at=created, since=created, number=0))
    if started is not None and not (old is not None and old.fields.get("started_at")):
        steps.append(_Step(status=Status.RUNNING, at=started, since=max(created, started), number=1))
    if status is not (steps[-1].status if steps else was):
        ended: datetime | None = row.fields.get("completed_at") if status in FINAL else None
        at = ended or _moment(row.version)
        again = "" if status in FINAL else str(row.version)
        steps.append(_Step(status=status, at=at, since=max(created, started or at, at), number=2, again=again))
    return steps


def _event(kind: str, id_: str, step: _Step, subject: Mapping[str, Any], order: str) -> Event:
    ends = kind == EXECUTION and step.status in FINAL
    event_id = identity.derive(id_, "live", step.status, step.again)
    data = {"type": f"{kind}.status", "event_id": event_id, **subject, "status": step.status, "at": step.at}
    # An execution begins before its node executions, and ends after them.
    rank = (_LAST if ends else step.since, 0 if kind == EXECUTION else 1, order, 0, id_, step.number)
    return Event(id=event_id, type=f"{kind}.status", data=data, at=step.at, rank=rank)


_LAST = datetime.max.replace(tzinfo=UTC)


def _result(row: Row, step: _Step) -> dict[str, Any]:
    """What is known once it has ended, or rests."""
    if step.status in (Status.QUEUED, Status.RUNNING):
        return {}
    names = ("attempts", "error", "cost")
    return {name: row.fields[name] for name in names if row.fields.get(name) is not None}


def _picked(row: Row, *names: str) -> dict[str, Any]:
    return {name: row.fields[name] for name in names if name in row.fields}


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
