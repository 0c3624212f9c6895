"""What calls at the deployment's expense cost is counted exactly, and never more is spent than there is, but by what
a call costs more than it held."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.blocks import budget, catalog
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Estimate
from shared.domain import credit as rules
from shared.domain import errors
from shared.domain.credit import Used
from shared.domain.records import Execution
from shared.firestore import allowances, charges
from shared.firestore.allowances import Credit
from shared.services import budgets, credit, estimating
from tests.engine.stage import Stage

MOST, COST = 0.25, 0.1


class Paying(Block):
    """Makes a call that may cost a quarter, and costs ten cents; the first time in vain, where it is told to."""

    class Input(BlockInput):
        n: int = 0
        fails: bool = False

    class Output(BlockOutput):
        output: int = 0

    block_type = "PAYING"
    category = "TEST"
    description = "Costs."
    cost = "Ten cents."
    max_attempts = 3

    def __init__(self) -> None:
        self.cost_of_a_call = COST
        self.meanwhile = 0
        self.at_once = 0

    @classmethod
    def estimate(cls, input_data: Any, *, own: bool) -> Estimate:
        return Estimate(low=COST, expected=COST, high=MOST, deployment=not own)

    async def run(self, input: Any, context: Context) -> AsyncIterator[tuple[str, Any]]:
        async with budget.paid(context.budget, f"ask {input.n}", MOST) as bill:
            self.meanwhile += 1
            self.at_once = max(self.at_once, self.meanwhile)
            await asyncio.sleep(0)
            self.meanwhile -= 1
            bill.dollars = self.cost_of_a_call
            context.charge(bill.dollars)
            if input.fails and context.attempt == 1:
                raise errors.Retryable("Not yet.")
        yield "output", input.n


@pytest.fixture(autouse=True)
def paying(monkeypatch: pytest.MonkeyPatch) -> Iterator[Paying]:
    block = Paying()
    everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
    monkeypatch.setattr(catalog, "_registry", lambda: everything)
    catalog.specs.cache_clear()
    credit._allowances.clear()
    monkeypatch.setattr(budgets, "PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(budgets, "LOOKS", 200)
    yield block
    catalog.specs.cache_clear()


def _limited(stage: Stage, dollars: float, nodes: int = 0) -> None:
    settings = stage.world.settings.model_copy(
        update={"monthly_dollars": dollars, "monthly_node_executions": nodes, "max_concurrent_executions": 0}
    )
    stage.world = replace(stage.world, settings=settings)


async def _used(stage: Stage) -> Used:
    return (await credit.standing(stage.world, "ann", fresh=True)).used


async def _started(stage: Stage, count: int, nodes: list[dict[str, Any]] | None = None) -> list[Execution]:
    version = await stage.graph(nodes or [{"id": "a", "block_type": "PAYING"}], [])
    return [await stage.start(version) for _ in range(count)]


async def test_every_call_counts_once_however_often_it_is_delivered(stage: Stage) -> None:
    nodes = [
        {"id": f"n{n}", "block_type": "PAYING", "input_data": {"n": n, "fails": n == 2}, "backoff": 1}
        for n in range(3)
    ]
    (execution,) = await _started(stage, 1, nodes)
    await stage.run(parallel=3, duplicate=0.5)
    assert (await stage.finished(execution))["cost"] == pytest.approx(4 * COST)
    assert await _used(stage) == Used(spent=4 * rules.nano(COST), node_executions=3)


async def test_a_call_that_is_made_again_after_a_crash_is_counted_once(stage: Stage) -> None:
    for _ in range(2):  # the second instance knows nothing of the first
        mine = budgets.UserBudget(world=stage.world, user_id="ann", cause="node 0")
        held = await mine.hold("ask", MOST)
    assert (await _used(stage)).held == rules.nano(MOST)
    await mine.settle(held, COST)
    again = await mine.hold("ask", MOST)
    assert again != held, "the block itself may make it twice"
    await mine.settle(again, COST)
    assert await _used(stage) == Used(spent=2 * rules.nano(COST))


async def test_fifty_calls_at_once_do_not_spend_more_than_there_is(stage: Stage) -> None:
    _limited(stage, 1.0)

    async def call(n: int) -> str:
        mine = budgets.UserBudget(world=stage.world, user_id="ann", cause=f"node {n}")
        try:
            async with budget.paid(mine, "ask", MOST) as bill:
                bill.dollars = MOST
        except errors.BlockError as error:
            return error.reason
        return "made"

    became = await asyncio.gather(*(call(n) for n in range(50)))
    used = await _used(stage)
    assert used == Used(spent=became.count("made") * rules.nano(MOST)) == Used(spent=rules.nano(1.0))
    assert set(became) == {"made", "CREDIT_SPENT"}


async def test_executions_at_once_do_not_spend_more_than_there_is(stage: Stage, paying: Paying) -> None:
    _limited(stage, 1.0)
    started = await _started(stage, 14)
    await stage.run(parallel=14)
    used = await _used(stage)
    assert used.spent <= rules.nano(1.0)
    assert (used.held, used.node_executions) == (0, 14)
    seen = [await stage.finished(one) for one in started]
    completed = [one for one in seen if one["status"] == "COMPLETED"]
    assert len(completed) * rules.nano(COST) == used.spent
    assert {one["error"]["reason"] for one in seen if one["status"] == "FAILED"} == {"CREDIT_SPENT"}
    assert paying.at_once <= 4, "more than four quarters were never held"


async def test_who_waits_for_their_turn_in_vain_is_told_to_come_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "LOOKS", 2)
    _limited(stage, 0.3)
    first, second = (budgets.UserBudget(world=stage.world, user_id="ann", cause=cause) for cause in "ab")
    held = await first.hold("ask", MOST)
    with pytest.raises(errors.Retryable) as refused:
        await second.hold("ask", MOST)
    assert refused.value.reason == "CREDIT_HELD"
    await first.settle(held, 0)
    await second.hold("ask", MOST)


async def test_what_an_instance_that_died_held_counts_as_spent_after_a_while(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "LOOKS", 2)
    _limited(stage, 0.6)
    dead, alive = (budgets.UserBudget(world=stage.world, user_id="ann", cause=cause) for cause in "ab")
    await dead.hold("ask", MOST)
    stage.now += budgets.LONGEST_CALL + timedelta(seconds=1)
    await alive.hold("ask", MOST)
    with pytest.raises(errors.Retryable):
        await alive.hold("ask again", MOST)
    assert await _used(stage) == Used(spent=rules.nano(MOST), held=rules.nano(MOST))


async def test_who_is_cancelled_while_waiting_holds_nothing(stage: Stage) -> None:
    _limited(stage, 0.3)
    first, second = (budgets.UserBudget(world=stage.world, user_id="ann", cause=cause) for cause in "ab")
    await first.hold("ask", MOST)
    waiting = asyncio.create_task(second.hold("ask", MOST))
    while (await _used(stage)).held < 2 * rules.nano(MOST):
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (await _used(stage)).held == rules.nano(MOST)


async def test_an_answer_is_not_lost_because_it_cannot_be_charged(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any) -> None:
        raise errors.Unavailable("The database did not answer.")

    mine = budgets.UserBudget(world=stage.world, user_id="ann", cause="a")
    held = await mine.hold("ask", MOST)
    monkeypatch.setattr(charges, "put", down)
    await mine.settle(held, COST)
    with pytest.raises(errors.Retryable):
        await mine.hold("ask", MOST)
    assert (await _used(stage)).held == rules.nano(MOST)


async def test_what_a_call_costs_more_than_it_held_is_all_that_is_overspent(stage: Stage, paying: Paying) -> None:
    _limited(stage, 1.0)
    paying.cost_of_a_call = 2 * MOST
    await _started(stage, 10)
    await stage.run(parallel=10)
    assert rules.nano(1.0) <= (await _used(stage)).spent <= rules.nano(1.0) + 4 * rules.nano(MOST)


async def test_a_call_that_is_cut_off_counts_as_all_that_it_may_have_cost(stage: Stage) -> None:
    mine = budgets.UserBudget(world=stage.world, user_id="ann", cause="node 0")

    async def call() -> None:
        async with budget.paid(mine, "ask", MOST):
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    while not (await _used(stage)).held:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert await _used(stage) == Used(spent=rules.nano(MOST))


async def test_a_start_is_refused_with_what_is_missing(stage: Stage) -> None:
    _limited(stage, 1.0)
    version = await stage.graph([{"id": f"n{n}", "block_type": "PAYING"} for n in range(3)], [])
    await estimating.check_start(stage.world, "ann", version, {})
    await charges.put(charges.Charge(id="c", user_id="ann", month="2026-01", nano_dollars=rules.nano(0.9)), stage.now)
    with pytest.raises(errors.CreditSpent) as refused:
        await estimating.check_start(stage.world, "ann", version, {})
    assert refused.value.metadata["missing_dollars"] == "0.20"
    assert refused.value.metadata["resets_at"] == "2026-02-01T00:00:00Z"
    await estimating.check_start(stage.world, "ann", version, {f"n{n}": "mine" for n in range(3)})
    await estimating.check_start(stage.world, "ben", version, {})


async def test_node_executions_have_a_limit_of_their_own(stage: Stage) -> None:
    _limited(stage, 0, nodes=2)
    version = await stage.graph([{"id": "x", "block_type": "STORE_VALUE", "input_data": {"input": 1}}], [])
    for _ in range(2):
        await estimating.check_start(stage.world, "ann", version, {})
        await stage.start(version)
        await stage.run()
    with pytest.raises(errors.CreditSpent) as refused:
        await estimating.check_start(stage.world, "ann", version, {})
    assert refused.value.metadata["used_node_executions"] == "2"


async def test_a_start_that_costs_nothing_reads_no_more_than_what_is_allowed(stage: Stage) -> None:
    version = await stage.graph([{"id": "x", "block_type": "STORE_VALUE", "input_data": {"input": 1}}], [])
    await estimating.check_start(stage.world, "ann", version, {})
    before = stage.calls.bill.calls
    await estimating.check_start(stage.world, "ann", version, {})
    assert stage.calls.bill.calls == before, "that was read a moment ago"


async def test_many_charges_are_added_up_and_come_to_the_same(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charges, "FOLD", 7)
    monkeypatch.setattr(credit, "FOLD_FROM", 10)
    for n in range(25):
        await charges.put(charges.Charge(id=f"c{n}", user_id="ann", month="2026-01", nano_dollars=n), stage.now)
    await charges.put(charges.Charge(id="open", user_id="ann", month="2026-01", held=1_000), stage.now)
    expected = Used(spent=sum(range(25)), held=1_000)
    for _ in range(5):
        assert await _used(stage) == expected
    folded = await asyncio.gather(*(charges.fold("ann", "2026-01", stage.now) for _ in range(4)))
    assert sum(map(bool, folded)) <= 1, "who loses adds nothing up"
    total, loose = await charges.totals("ann", "2026-01")
    assert (total, loose < 10) == (expected, True)


async def test_a_new_month_begins_at_zero_and_takes_what_is_left_of_the_credit_along(stage: Stage) -> None:
    _limited(stage, 1.0)
    await credit.change(stage.world, "ann", Credit(credit=rules.nano(5)), frozenset({"credit"}), None)
    await charges.put(charges.Charge(id="c", user_id="ann", month="2026-01", nano_dollars=rules.nano(3)), stage.now)
    assert (await credit.allowed(stage.world, "ann")).credit == rules.nano(5)
    stage.now += timedelta(days=31)
    stands = await asyncio.gather(*(credit.standing(stage.world, "ann", fresh=True) for _ in range(3)))
    assert {(one.used, one.allowance.credit) for one in stands} == {(Used(), rules.nano(3))}
    stage.now += timedelta(days=60)
    assert (await credit.allowed(stage.world, "ann")).credit == rules.nano(3)
    assert (await allowances.find("ann")).month == "2026-04"
