"""Each occurrence starts one execution, however often ``tick`` is called, and wherever it dies."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain import errors
from shared.domain.graph import UserId
from shared.domain.records import Execution
from shared.domain.schedule import CatchUp, Overlap, Schedule, State
from shared.domain.statuses import Status
from shared.firestore import client, executions, schedules
from shared.gcp import auth
from shared.gcp.auth import Account
from shared.services import occurring
from tests.crash.deaths import Deaths, Died, Mode
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper

NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = 20
SCHEDULES = int(os.environ.get("SCHEDULES", "500"))


@pytest.fixture(autouse=True)
def accounts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """User -> why they may not; empty at first."""
    refused: dict[str, str] = {}

    async def account(user_id: str) -> Account:
        if user_id in refused:
            raise errors.Unauthenticated(refused[user_id])
        return Account(user_id=UserId(user_id), email="", role=None, disabled=False, valid_after=0)

    monkeypatch.setattr(auth, "account", account)
    return refused


async def hourly(stage: Stage, id_: str = "hourly", **changes: Any) -> Schedule:
    """A schedule that is due at nine."""
    stage.now = NINE - timedelta(minutes=5)
    version = await stage.graph(
        [agent_input("in", "text"), upper("up"), agent_output()],
        ["in.result -> up.text", "up.processed_text -> out.value"],
    )
    made = Schedule(
        id=id_,
        user_id="ann",
        graph_id=version.graph_id,
        name="",
        cron="0 * * * *",
        timezone="UTC",
        input_data={"text": "a"},
        credentials={},
        starts_at=None,
        ends_at=None,
        catch_up=CatchUp.ONCE,
        overlap=Overlap.ALLOW,
        state=State.ACTIVE,
        next_at=NINE,
        last_at=None,
        last_execution_id=None,
        created_at=stage.now,
        updated_at=stage.now,
    )
    await schedules.documents.create(replace(made, **changes))
    return await found(id_)


async def found(id_: str = "hourly") -> Schedule:
    schedule = await schedules.documents.find(id_)
    assert schedule is not None
    return schedule


async def started(stage: Stage) -> Sequence[Execution]:
    return [e for e in await executions.list_of("ann", None, None, 200) if e.created_at >= NINE]


async def results(id_: str = "hourly") -> list[tuple[datetime, str, int]]:
    return [(o.at, o.result, o.missed) for o in reversed(await schedules.occurrences(id_, None, 99))]


async def test_nothing_starts_before_its_time_and_one_execution_at_it(stage: Stage) -> None:
    await hourly(stage)
    assert await occurring.start_due(stage.world) == 0
    stage.now = NINE
    assert await occurring.start_due(stage.world) == 1
    assert await occurring.start_due(stage.world) == 0
    await stage.run()
    (execution,) = await started(stage)
    assert (execution.status, execution.output) == (Status.COMPLETED, {"out": ["A"]})
    schedule = await found()
    assert (schedule.next_at, schedule.last_at, schedule.last_execution_id) == (NINE + HOUR, NINE, execution.id)
    assert await results() == [(NINE, "STARTED", 0)]


async def test_five_ticks_at_once_start_each_occurrence_once(stage: Stage) -> None:
    for n in range(20):
        await hourly(stage, f"s{n}")
    stage.now = NINE
    await asyncio.gather(*(occurring.start_due(stage.world) for _ in range(5)))
    assert len(await started(stage)) == 20
    assert all([len(await results(f"s{n}")) == 1 for n in range(20)])


async def test_wherever_a_tick_dies_the_next_one_starts_what_is_missing_and_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = Deaths(monkeypatch)
    await hourly(stage, "undisturbed")
    stage.now = NINE
    await occurring.start_due(stage.world)
    effects = deaths.count - 1  # the first is the schedule's own creation
    for at in range(effects):
        for mode in Mode:
            id_ = f"s{at}{mode}"
            await hourly(stage, id_)
            stage.now = NINE
            deaths.arm(at, mode)
            try:
                await occurring.start_due(stage.world)
            except Died:
                pass
            await occurring.start_due(stage.world)
            assert await results(id_) == [(NINE, "STARTED", 0)], (at, mode)
    await stage.run()
    assert len(await started(stage)) == 1 + effects * len(Mode)
    assert effects >= 4


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (CatchUp.NONE, [(0, "MISSED", 3)]),
        (CatchUp.ONCE, [(0, "MISSED", 2), (2, "STARTED", 0)]),
        (CatchUp.ALL, [(0, "STARTED", 0), (1, "STARTED", 0), (2, "STARTED", 0)]),
    ],
)
async def test_after_an_outage_of_hours_it_is_as_the_policy_says(
    stage: Stage, catch_up: CatchUp, expected: list[tuple[int, str, int]]
) -> None:
    await hourly(stage, catch_up=catch_up)
    stage.now = NINE + 2.5 * HOUR
    await occurring.start_due(stage.world)
    assert await results() == [(NINE + hours * HOUR, result, missed) for hours, result, missed in expected]
    assert (await found()).next_at == NINE + 3 * HOUR


async def test_one_that_may_not_overlap_is_left_out_while_an_execution_runs(stage: Stage) -> None:
    await hourly(stage, overlap=Overlap.SKIP)
    for hours in (0, 1):
        stage.now = NINE + hours * HOUR
        await occurring.start_due(stage.world)
    await stage.run()
    stage.now = NINE + 2 * HOUR
    await occurring.start_due(stage.world)
    told = [result for _, result, _ in await results()]
    assert told == ["STARTED", "SKIPPED", "STARTED"]


async def test_one_that_waits_is_started_when_the_execution_has_ended(stage: Stage) -> None:
    await hourly(stage, overlap=Overlap.QUEUE)
    for hours in (0, 1, 1.5):
        stage.now = NINE + hours * HOUR
        await occurring.start_due(stage.world)
    assert await results() == [(NINE, "STARTED", 0)]
    await stage.run()
    await occurring.start_due(stage.world)
    assert await results() == [(NINE, "STARTED", 0), (NINE + HOUR, "STARTED", 0)]
    assert (await found()).next_at == NINE + 2 * HOUR


async def test_what_its_user_has_to_mend_is_told_and_it_goes_on(stage: Stage, accounts: dict[str, str]) -> None:
    await hourly(stage, "unsuited", input_data={"word": "a"})
    await hourly(stage, "refused", user_id="bob")
    accounts["bob"] = "its user is disabled"
    stage.now = NINE
    await occurring.start_due(stage.world)
    assert await started(stage) == []
    for id_, why in (("unsuited", "inputs"), ("refused", "disabled")):
        (row,) = await schedules.occurrences(id_, None, 9)
        assert (row.result, row.execution_id) == ("FAILED", None)
        assert why in row.message
        assert (await found(id_)).next_at == NINE + HOUR


async def test_what_fails_for_a_passing_reason_is_tried_again_and_stands_in_nobodys_way(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hourly(stage, "bad", user_id="bob")
    await hourly(stage, "good")
    account = auth.account

    async def flaky(user_id: str) -> Account:
        if user_id == "bob":
            raise errors.Unavailable("Not now.")
        return await account(user_id)

    stage.now = NINE
    with monkeypatch.context() as patched:
        patched.setattr(auth, "account", flaky)
        assert await occurring.start_due(stage.world) == 1
    assert ((await found("bad")).next_at, (await found("good")).next_at) == (NINE, NINE + HOUR)
    assert await occurring.start_due(stage.world) == 1


async def test_its_end_ends_it(stage: Stage) -> None:
    await hourly(stage, ends_at=NINE + HOUR)
    stage.now = NINE + 5 * HOUR
    await occurring.start_due(stage.world)
    schedule = await found()
    assert (schedule.state, schedule.next_at, schedule.last_at) == (State.ENDED, None, NINE + HOUR)


async def test_what_a_tick_reads_follows_what_is_due_and_not_what_there_is(stage: Stage) -> None:
    """``SCHEDULES`` (500): those that there are."""
    one = await hourly(stage)
    await many(one, "early", DUE, NINE)
    stage.now = NINE
    few = await reads_of_a_tick(stage)
    later = NINE + timedelta(days=1)
    await many(one, "later", SCHEDULES, later)
    idle = await reads_of_a_tick(stage)
    assert idle <= 2 * schedules.SHARDS
    await many(one, "due", DUE + 1, NINE)
    assert await reads_of_a_tick(stage) <= few
    assert len(await started(stage)) == 2 * (DUE + 1)


async def many(like: Schedule, name: str, count: int, next_at: datetime) -> None:
    """So many schedules of the same graph, each due then."""
    db = client.client()
    for first in range(0, count, 500):
        batch = db.batch()
        for n in range(first, min(first + 500, count)):
            write = schedules.documents.write(replace(like, id=f"{name}{n}", next_at=next_at, fence=""))
            batch.create(write.ref, write.data)
        await batch.commit()


async def reads_of_a_tick(stage: Stage) -> int:
    before = stage.calls.bill.reads
    await occurring.start_due(stage.world)
    return stage.calls.bill.reads - before
