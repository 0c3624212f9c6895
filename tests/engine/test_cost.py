"""What does one more node of a shape take, and what does Google ask for it? The counts are exact: a call more is to
be a decision."""

from collections.abc import AsyncIterator

import pytest

from benchmarks import counting, prices, shapes
from benchmarks.counting import Counts, Metered
from tests.conftest import Tell
from tests.engine.stage import staged

CPU_SECONDS = 0.02
"""What is allowed for the engine's own CPU, a request; ``python -m benchmarks.cost`` measures it."""

ONE_MORE = {
    #            nodes  path  reads  writes  documents  task operations, requests, publishes
    "chain": (1, 2, 0, 2, 1, 2, 1, 1),
    "fan-out": (1, 0, 2.01, 2, 1, 2, 1, 1),
    "join": (3, 0, 5.15, 7, 3, 6, 3, 3),
    "gather": (1, 0, 4.02, 5, 2, 2, 1, 1),
    "loop": (2, 4, 0.05, 4, 2, 4, 2, 2),
    "loop over a list": (1, 11.1, 17.2, 8, 3, 2, 1, 2),
    "sub-agent": (4, 33, 23, 18, 7, 10, 5, 6),
}


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Metered]:
    async with staged(monkeypatch, Metered) as made:
        yield made


def _row(counts: Counts) -> tuple[float, ...]:
    return (
        counts.node_executions,
        counts.path,
        counts.reads,
        counts.writes,
        counts.documents,
        counts.task_operations,
        counts.requests,
        counts.publishes,
    )


@pytest.mark.parametrize("shape", shapes.ALL, ids=lambda shape: shape.name)
async def test_one_more_of_a_shape_takes_exactly_these_calls(stage: Metered, shape: shapes.Shape) -> None:
    assert _row(await counting.one_more(stage, shape)) == pytest.approx(ONE_MORE[shape.name])


async def test_a_million_pure_nodes_in_a_chain_cost_less_than_five_dollars(stage: Metered, tell: Tell) -> None:
    chain = next(shape for shape in shapes.ALL if shape.name == "chain")
    dollars = (await counting.one_more(stage, chain)).dollars_a_million(CPU_SECONDS)
    tell(f"cost: ${dollars:.2f} for a million pure nodes in a chain, with {CPU_SECONDS:g} s of CPU each")
    assert dollars < 5


def test_the_price_of_everything_has_a_source() -> None:
    assert all(price.source.startswith("https://cloud.google.com/") for price in prices.ALL)
    assert prices.REGION == "us-central1"
