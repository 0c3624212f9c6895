"""What a stream tells between two looks, and where it is when it is cut."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain import live
from shared.domain.live import EXECUTION, NODE, PIECE, Batch, Cursor, Key, Row

START = datetime(2026, 1, 1, tzinfo=UTC)
ZERO = int(START.timestamp()) * 1_000_000


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def micros(seconds: float) -> int:
    return ZERO + round(seconds * 1_000_000)


def row(status: str, version: float, created: float = 1, kind: str = NODE, **fields: Any) -> Row:
    own = {"node_id": "a", "block_type": "B", "order": "1"} if kind == NODE else {"graph_id": "g", "graph_version": 1}
    stands = {"status": status, "created_at": at(created), **fields}
    return Row(version=micros(version), created=micros(created), fields={**own, **stands})


def piece(number: int) -> Row:
    fields = {"node_execution_id": "n", "node_id": "a", "pin": "p", "number": number, "text": "x", "at": at(3)}
    return Row(version=micros(3), created=micros(3), fields=fields)


def said(old: dict[Key, Row], new: dict[Key, Row], since: int = 0) -> list[str]:
    return [str(event.data.get("status", event.data.get("number"))) for event in live.between(old, new, since)]


QUEUED = row("QUEUED", 1)
RUNNING = row("RUNNING", 2, started_at=at(2))
RENEWED = row("RUNNING", 3, started_at=at(2))
WAITING = row("WAITING", 4, started_at=at(2), attempts=1)
DONE = row("COMPLETED", 5, started_at=at(2), completed_at=at(5), cost=0.5)


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        (None, QUEUED, ["QUEUED"]),
        (None, RUNNING, ["QUEUED", "RUNNING"]),
        (None, DONE, ["QUEUED", "RUNNING", "COMPLETED"]),
        (None, row("TERMINATED", 2, completed_at=at(2)), ["QUEUED", "TERMINATED"]),
        (None, row("INCOMPLETE", 1), []),
        (row("INCOMPLETE", 1), QUEUED, []),
        (row("INCOMPLETE", 0.5), QUEUED, ["QUEUED"]),
        (QUEUED, DONE, ["RUNNING", "COMPLETED"]),
        (RUNNING, RENEWED, []),
        (RUNNING, WAITING, ["WAITING"]),
        (WAITING, DONE, ["COMPLETED"]),
        (WAITING, row("RUNNING", 4.5, started_at=at(2)), ["RUNNING"]),
        (DONE, DONE, []),
        (DONE, row("COMPLETED", 6, started_at=at(2), completed_at=at(5)), []),
        (None, row("RUNNING", 2, started_at=at(2), node_id=""), []),
    ],
)
def test_the_steps_that_lie_behind_are_told_once(old: Row | None, new: Row, steps: list[str]) -> None:
    assert said({(NODE, "n"): old} if old else {}, {(NODE, "n"): new}) == steps


def test_however_often_one_looks_the_same_is_told() -> None:
    looks: list[dict[Key, Row]] = [{}, {(NODE, "n"): QUEUED}, {(NODE, "n"): RUNNING}, {(NODE, "n"): DONE}]
    each = [event.id for old, new in itertools.pairwise(looks) for event in live.between(old, new)]
    assert each == [event.id for event in live.between(looks[0], looks[-1])]
    assert len(set(each)) == 3


def test_an_execution_begins_first_and_ends_last() -> None:
    execution = row("COMPLETED", 9, kind=EXECUTION, started_at=at(1), completed_at=at(4))
    events = live.between({}, {(NODE, "n"): DONE, (EXECUTION, "e"): execution, (PIECE, "p"): piece(1)})
    assert [event.type for event in events][:2] == ["execution.status"] * 2
    assert [event.is_end for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-2].data == {
        "type": "node_execution.status",
        "event_id": events[-2].id,
        "node_execution_id": "n",
        "node_id": "a",
        "block_type": "B",
        "cost": 0.5,
        "status": "COMPLETED",
        "at": at(5),
    }


def test_pieces_are_told_in_their_order_and_once() -> None:
    new = {(PIECE, str(number)): piece(number) for number in (2, 1, 3)}
    assert said({}, new) == ["1", "2", "3"]
    changed = {key: Row(version=one.version + 1, created=one.created, fields=one.fields) for key, one in new.items()}
    assert said(new, changed) == []


def test_what_is_only_seen_again_is_not_told() -> None:
    assert said({}, {(NODE, "n"): DONE}, since=micros(2)) == []
    assert live.changed({}, {(NODE, "n"): DONE}, micros(2)) == []
    assert live.changed({(NODE, "n"): QUEUED}, {(NODE, "n"): DONE}, micros(2)) != []


@pytest.mark.parametrize("text", ["5", "5-9-2", "0", "5-5-1"])
def test_a_cursor_reads_what_it_writes(text: str) -> None:
    found = live.cursor(text)
    assert found is not None
    assert found.text() == text


@pytest.mark.parametrize("text", ["", "x", "5-", "5-4-1", "-1", "5-9", "1" * 18, "٥", "5-9-1-1", "5\n"])
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert live.cursor(text) is None


def test_a_batch_says_where_who_got_each_event_is() -> None:
    events = live.between({}, {(NODE, "n"): DONE})
    batch = Batch(since=5, until=9, events=events)
    assert [cursor for cursor, _ in batch.numbered()] == ["5-9-1", "5-9-2", "9"]
    rest = Batch(since=5, until=9, events=events, told=2)
    assert rest.numbered() == batch.numbered()[2:]
    assert Cursor(since=9).text() == "9"


@pytest.mark.parametrize(
    ("row", "time", "left"),
    [
        (DONE, 20, []),
        (DONE, 0.5, ["QUEUED", "RUNNING", "COMPLETED"]),
        (row("COMPLETED", 30, started_at=at(2), completed_at=at(5)), 11, []),  # told, and written to again later
        (row("COMPLETED", 30, started_at=at(2), completed_at=at(25)), 11, ["COMPLETED"]),
        (row("COMPLETED", 30, started_at=at(20), completed_at=at(25)), 11, ["RUNNING", "COMPLETED"]),
    ],
)
def test_what_was_told_long_ago_follows_from_how_things_stand(row: Row, time: float, left: list[str]) -> None:
    rows: dict[Key, Row] = {(NODE, "n"): row}
    assert said(live.remembered(rows, micros(time)), rows, micros(time)) == left
