"""Streams of an execution: nothing is missed and nothing told twice, wherever they are cut and resumed."""

import asyncio
import os

import pytest

from shared import config
from shared.domain import errors, live
from shared.domain.live import Event
from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import live_rows
from shared.services import live as rooms_of
from shared.services import streams
from tests.engine.moody import Moody, moody
from tests.engine.stage import Stage
from tests.engine.test_retry import LISTED

__all__ = ["moody"]

Told = list[tuple[str, Event]]


async def hold(execution: Execution, cursor: str = "") -> streams.Held:
    view = live_rows.of_execution(execution.id)
    return await streams.hold("ann", execution.id, view, live.cursor(cursor), lambda _: {})


async def told(held: streams.Held, at_most: int = 10_000) -> Told:
    """What is told until the execution ends, or so much."""
    found: Told = []
    while len(found) < at_most and not (found and found[-1][1].is_end):
        batch = await held.next(30)
        assert batch is not None
        found += batch.numbered()
    return found[:at_most]


async def begun(stage: Stage, count: int = 4) -> Execution:
    version = await stage.graph(*LISTED)
    return await stage.start(version, {"items": list(range(count))})


def said(found: Told) -> list[tuple[str, str, str]]:
    return [(event.type, str(event.data.get("node_id")), str(event.data["status"])) for _, event in found]


async def test_a_stream_tells_the_whole_execution_and_ends_with_it(stage: Stage, moody: Moody) -> None:
    execution = await begun(stage)
    held = await hold(execution)
    _, found = await asyncio.gather(stage.run(parallel=3), told(held))
    held.release()
    nodes = await stage.nodes(execution)
    ended = [event.data for _, event in found if event.data["status"] == Status.COMPLETED]
    assert sorted(data["node_execution_id"] for data in ended[:-1]) == sorted(node.id for node in nodes)
    assert said(found)[0] == ("execution.status", "None", "QUEUED")
    assert said(found)[-1] == ("execution.status", "None", "COMPLETED")
    assert len({event.id for _, event in found}) == len(found)


async def cut_again_and_again(stage: Stage, execution: Execution, cuts: int) -> Told:
    """A reader who is cut off after an event or a few, and comes back: to this instance, or to another."""
    found: Told = []
    for cut in range(cuts):
        if cut % 2:
            rooms_of.rooms()._rooms = {}  # pyright: ignore[reportPrivateUsage] - an instance that knows nothing
        held = await hold(execution, found[-1][0] if found else "")
        new = await told(held, 1 + stage.random.randrange(3))
        held.release()
        found += new
        if new[-1][1].is_end:
            return found
    held = await hold(execution, found[-1][0])
    found += await told(held)
    held.release()
    return found


@pytest.mark.parametrize("seed", range(int(os.environ.get("STREAM_SEEDS", "1"))))
async def test_a_stream_that_is_cut_twenty_times_misses_nothing_and_repeats_nothing(
    stage: Stage, moody: Moody, seed: int
) -> None:
    stage.random.seed(seed)
    execution = await begun(stage, 10)
    whole = await hold(execution)
    _, uncut, cut = await asyncio.gather(
        stage.run(parallel=3), told(whole), cut_again_and_again(stage, execution, 20)
    )
    whole.release()
    assert len(uncut) > 50
    ids = [event.id for _, event in cut]
    assert len(ids) == len(set(ids))
    assert set(ids) == {event.id for _, event in uncut}
    assert cut[-1][1].is_end


async def test_after_the_end_the_rest_is_told_from_any_place(stage: Stage, moody: Moody) -> None:
    execution = await begun(stage, 6)
    held = await hold(execution)
    _, uncut = await asyncio.gather(stage.run(parallel=3), told(held))
    held.release()
    view = live_rows.of_execution(execution.id)
    for number, (cursor, _) in list(enumerate(uncut))[::7]:
        left = await streams.ended(view, live.cursor(cursor))
        rest = {event.id for batch in left for _, event in batch.numbered()}
        assert rest == {event.id for _, event in uncut[number + 1 :]}, cursor
    [batch] = await streams.ended(view, None)
    assert {event.id for _, event in batch.numbered()} == {event.id for _, event in uncut}


async def test_streams_of_one_execution_share_a_room_that_goes_with_the_last(stage: Stage, moody: Moody) -> None:
    execution = await begun(stage)
    held = [await hold(execution) for _ in range(5)]
    rooms = rooms_of.rooms()._rooms  # pyright: ignore[reportPrivateUsage]
    assert [len(room.members) for room in rooms.values()] == [5]
    for one in held:
        one.release()
        one.release()
    assert rooms == {}
    await stage.run()


async def test_a_reader_who_is_too_slow_is_cut_off_and_can_come_back(
    stage: Stage, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_of, "MAX_WAITING", 5)
    execution = await begun(stage, 6)
    slow = await hold(execution)
    await stage.run(parallel=3)
    found = await told_until_cut(slow)
    slow.release()
    left = await streams.ended(live_rows.of_execution(execution.id), live.cursor(found[-1][0]))
    found += [one for batch in left for one in batch.numbered()]
    ids = [event.id for _, event in found]
    assert len(ids) == len(set(ids))
    assert found[-1][1].is_end


async def told_until_cut(held: streams.Held) -> Told:
    found: Told = []
    try:
        while (batch := await held.next(30)) is not None:
            found += batch.numbered()
    except streams.EndOfStream:
        return found
    raise AssertionError("it was not cut off")


async def test_nobody_holds_more_streams_than_they_may(
    stage: Stage, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_STREAMS_PER_USER", "2")
    config.settings.cache_clear()
    execution = await begun(stage)
    held = [await hold(execution) for _ in range(2)]
    with pytest.raises(errors.TooManyRequests, match="MAX_STREAMS_PER_USER"):
        await hold(execution)
    held[0].release()
    (await hold(execution)).release()
    held[1].release()
    await stage.run()


async def test_a_user_follows_what_has_not_ended_and_what_begins(stage: Stage, moody: Moody) -> None:
    over = await begun(stage)
    await stage.run()
    view = live_rows.of_user("ann")

    def known(rows: live.Rows) -> live.Rows:
        return {key: row for key, row in rows.items() if row.fields["status"] == Status.COMPLETED}

    held = await streams.hold("ann", "user", view, None, known)
    new = await begun(stage)
    _, found = await asyncio.gather(stage.run(parallel=3), told(held))
    held.release()
    assert {event.data["execution_id"] for _, event in found} == {new.id}
    assert over.id != new.id
    assert [event.data["status"] for _, event in found] == ["QUEUED", "RUNNING", "COMPLETED"]
    again = await streams.hold("ann", "user", view, live.cursor(found[0][0]), known)
    rest = await told(again)
    again.release()
    assert [event.id for _, event in rest] == [event.id for _, event in found[1:]]
