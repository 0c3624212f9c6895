"""Does the runner hand out a block's tokens, and hold it to what it declares?"""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, datetime, time
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from shared.blocks import catalog, runner
from shared.blocks.block import Block, BlockInput, BlockOutput
from shared.domain import errors


class Colour(Enum):
    RED = "red"


class Point(BaseModel):
    x: int
    on: date | None = None


class Emitting(Block):
    """A block that does what the test says."""

    block_type = "EMITTING"
    category = "TEST"
    description = "Emits."
    emits_many = frozenset({"many"})

    class Input(BlockInput):
        pass

    class Output(BlockOutput):
        one: Any = None
        many: Any = None

    def __init__(self, body: Callable[[], Any]) -> None:
        self.body = body

    def run(self, input: Any, context: Any) -> Any:
        return self.body()


def plain(*tokens: tuple[str, Any]) -> Emitting:
    def body() -> Iterator[tuple[str, Any]]:
        yield from tokens

    return Emitting(body)


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture
def run(context: Any) -> Callable[..., Any]:
    async def go(block: Emitting, **limits: Any) -> runner.Outcome:
        return await runner.collect(block, Emitting.Input(), context(), **limits)

    return go


async def test_tokens_of_a_plain_generator_come_in_order(run: Any) -> None:
    outcome = await run(plain(("many", 1), ("one", 2), ("many", 3)))
    assert outcome == runner.Outcome(tokens=[("many", 1), ("one", 2), ("many", 3)])


async def test_tokens_of_an_async_generator_come_in_order(run: Any) -> None:
    async def body() -> AsyncIterator[tuple[str, Any]]:
        yield "one", 1
        await asyncio.sleep(0)
        yield "many", 2

    assert (await run(Emitting(body))).tokens == [("one", 1), ("many", 2)]


@pytest.mark.parametrize(
    ("value", "emitted"),
    [
        ((1, (2,)), [1, [2]]),
        (Colour.RED, "red"),
        (Point(x=1, on=date(2026, 1, 2)), {"x": 1, "on": "2026-01-02"}),
        ([Point(x=1)], [{"x": 1, "on": None}]),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001
        (time(3, 4), "03:04:00"),
        ({1: "a", 2.5: "b"}, {"1": "a", "2.5": "b"}),
        (math.inf, math.inf),
        ("a\ud800é", "a\ufffdé"),
        ("\U0001f600", "\U0001f600"),
        ("\ud83d\ude00", "\U0001f600"),
        (None, None),
    ],
)
async def test_values_become_json(run: Any, value: Any, emitted: Any) -> None:
    outcome = await run(plain(("one", value)))
    assert outcome.failure is None
    assert outcome.tokens == [("one", emitted)]


@pytest.mark.parametrize("value", [{1}, b"bytes", object(), {None: 1}, {True: 1}, {"a": [{2}]}])
async def test_what_is_not_json_breaks_the_contract(run: Any, value: Any) -> None:
    outcome = await run(plain(("many", 1), ("one", value)))
    assert outcome.failure.reason == "BLOCK_CONTRACT"
    assert "'one'" in outcome.failure.message
    assert outcome.tokens == [("many", 1)]


async def test_an_undeclared_pin_breaks_the_contract(run: Any) -> None:
    outcome = await run(plain(("other", 1)))
    assert (outcome.failure.reason, outcome.tokens) == ("BLOCK_CONTRACT", [])
    assert "'other'" in outcome.failure.message


async def test_a_second_token_on_a_pin_of_one_breaks_the_contract(run: Any) -> None:
    outcome = await run(plain(("one", 1), ("one", 2)))
    assert (outcome.failure.reason, outcome.tokens) == ("BLOCK_CONTRACT", [("one", 1)])


async def test_the_graph_may_expect_one_token_where_the_block_could_emit_many(run: Any) -> None:
    outcome = await run(plain(("many", 1), ("many", 2)), many_pins=frozenset())
    assert outcome.failure.reason == "BLOCK_CONTRACT"


async def test_too_many_tokens_name_the_setting(run: Any) -> None:
    outcome = await run(plain(*[("many", n) for n in range(5)]), max_tokens_a_firing=3)
    assert outcome.failure.reason == "LIMIT_EXCEEDED"
    assert "MAX_TOKENS_PER_FIRING" in outcome.failure.message
    assert outcome.tokens == [("many", 0), ("many", 1), ("many", 2)]


async def test_a_value_of_the_greatest_size_passes_and_one_byte_more_does_not(run: Any) -> None:
    assert (await run(plain(("one", "éé")), max_value_bytes=6)).failure is None
    outcome = await run(plain(("one", "éé.")), max_value_bytes=6)
    assert outcome.failure.reason == "LIMIT_EXCEEDED"
    assert "MAX_VALUE_BYTES" in outcome.failure.message


async def test_one_list_at_many_places_is_refused_before_it_is_written(run: Any) -> None:
    value: Any = "x" * 1_000
    for _ in range(5):
        value = [value] * 1_000
    outcome = await run(plain(("one", value)))
    assert outcome.failure.reason == "LIMIT_EXCEEDED"
    assert "MAX_VALUE_BYTES" in outcome.failure.message


async def test_the_values_of_a_firing_have_a_limit_together(run: Any) -> None:
    outcome = await run(plain(*[("many", "xx")] * 20), max_value_bytes=6)
    assert outcome.failure.reason == "LIMIT_EXCEEDED"
    assert "60 bytes together" in outcome.failure.message
    assert len(outcome.tokens) == 15


class Amount(BlockInput):
    values: list[int]


@pytest.mark.parametrize(("count", "elsewhere"), [(1, False), (100_000, True)])
async def test_only_much_input_leaves_the_event_loop(context: Any, count: int, elsewhere: bool) -> None:
    threads: list[int] = []

    def body() -> Iterator[tuple[str, Any]]:
        threads.append(threading.get_ident())
        yield "one", 1

    outcome = await runner.collect(Emitting(body), Amount(values=[1] * count), context())
    assert outcome.tokens == [("one", 1)]
    assert (threads != [threading.get_ident()]) is elsewhere


async def test_values_nested_deep_are_read(context: Any) -> None:
    nested: list[Any] = []
    for _ in range(300):
        nested = [nested]
    block = catalog.get("LIST_IS_EMPTY")
    outcome = await runner.collect(block, catalog.read_input(block, {"list": nested}), context())
    assert outcome.failure is None


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("block_type", "of"),
    [
        ("CONCATENATE_LISTS", lambda lists: {"lists": lists[:1], "deduplicate": True}),
        ("LIST_INTERSECTION", lambda lists: {"list_a": lists[0], "list_b": lists[1]}),
        ("LIST_DIFFERENCE", lambda lists: {"list_a": lists[0][:60_000], "list_b": lists[2][:60_000]}),
    ],
)
async def test_others_go_on_while_long_lists_are_compared(
    context: Any, block_type: str, of: Callable[[list[Any]], dict[str, Any]]
) -> None:
    block = catalog.get(block_type)
    values = of([[[sign * i] for i in range(100_000)] for sign in (1, 1, -1)])
    running = asyncio.create_task(runner.collect(block, catalog.read_input(block, values), context()))
    turns = 0
    while not running.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await running).failure is None
    assert turns > 20


async def test_tokens_before_a_failure_are_kept(run: Any) -> None:
    def body() -> Iterator[tuple[str, Any]]:
        yield "one", 1
        raise errors.Retryable("later", after=5)

    outcome = await run(Emitting(body))
    assert outcome.tokens == [("one", 1)]
    assert isinstance(outcome.failure, errors.Retryable)
    assert outcome.failure.after == 5


async def test_an_unexpected_exception_is_a_crash_and_is_logged(run: Any, caplog: Any) -> None:
    def body() -> Iterator[tuple[str, Any]]:
        yield "one", 1
        raise KeyError("colour")

    outcome = await run(Emitting(body))
    assert outcome.failure.reason == "BLOCK_CRASHED"
    assert outcome.failure.message == "EMITTING failed unexpectedly with KeyError: 'colour'"
    assert "Traceback" in caplog.text


async def test_a_cancellation_passes_through_and_closes_the_block(run: Any) -> None:
    closed = asyncio.Event()
    started = asyncio.Event()

    async def body() -> AsyncIterator[tuple[str, Any]]:
        try:
            started.set()
            yield "one", await asyncio.Event().wait()
        finally:
            closed.set()

    task = asyncio.create_task(run(Emitting(body)))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_a_broken_contract_closes_the_block(run: Any) -> None:
    closed = asyncio.Event()

    async def body() -> AsyncIterator[tuple[str, Any]]:
        try:
            yield "other", 1
        finally:
            closed.set()

    await run(Emitting(body))
    assert closed.is_set()


async def test_what_nests_too_deep_to_be_written_in_an_answer_is_not_emitted(run: Any) -> None:
    kept = await run(plain(("one", nested(runner.MAX_NESTING))))
    assert kept.failure is None
    for depth in (runner.MAX_NESTING + 1, 100_000):
        outcome = await run(plain(("one", nested(depth))))
        assert outcome.tokens == []
        assert (outcome.failure.reason, "MAX_NESTING" in outcome.failure.message) == ("LIMIT_EXCEEDED", True)


async def test_a_block_that_cannot_go_as_deep_as_its_input_fails_with_the_limit(run: Any) -> None:
    def body() -> Iterator[tuple[str, Any]]:
        raise RecursionError
        yield

    outcome = await run(Emitting(body))
    assert outcome.failure.reason == "LIMIT_EXCEEDED"
