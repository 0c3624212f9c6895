"""What a model says so far is told to those who may watch, a few times a second, and kept nowhere."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import Block, BlockInput, BlockOutput, Context
from shared.gcp import pubsub
from shared.services import attempt, start
from tests.engine.stage import Stage


class Talker(Block):
    """Says ten words, a tenth of a second each."""

    class Input(BlockInput):
        pass

    class Output(BlockOutput):
        text: str = ""

    block_type = "TALKER"
    category = "TEST"
    description = "Talks."
    stage: Any = None

    async def run(self, input: Any, context: Context) -> Any:
        tell = context.teller("text")
        for number in range(10):
            self.stage.now += timedelta(seconds=0.1)
            if tell is not None:
                await tell(f"w{number} ")
        yield "text", "".join(f"w{number} " for number in range(10))


@pytest.fixture
def talker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Talker]:
    block = Talker()
    everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
    monkeypatch.setattr(catalog, "_registry", lambda: everything)
    catalog.specs.cache_clear()
    yield block
    catalog.specs.cache_clear()


def told(stage: Stage) -> list[dict[str, Any]]:
    bodies = [json.loads(data) for _, data in stage.events]
    return [body for body in bodies if body["type"] == "node_execution.partial"]


async def talk(stage: Stage, talker: Talker, queue: str = "interactive", **settings: Any) -> list[dict[str, Any]]:
    talker.stage = stage
    stage.world = replace(stage.world, settings=stage.world.settings.model_copy(update=settings))
    version = await stage.graph([{"id": "t", "block_type": "TALKER"}], [])
    execution = await start.accept(
        stage.world, id_=stage.world.random_id(), user_id="ann", version=version, input_data={}, queue=queue
    )
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"t": {"text": ["".join(f"w{n} " for n in range(10))]}}
    return told(stage)


async def test_pieces_add_up_and_come_a_few_times_a_second(stage: Stage, talker: Talker) -> None:
    pieces = await talk(stage, talker)
    assert "".join(piece["text"] for piece in pieces) == "".join(f"w{n} " for n in range(10))
    assert 3 <= len(pieces) <= 5  # of a second, at four a second
    assert [piece["number"] for piece in pieces] == list(range(1, len(pieces) + 1))
    assert [piece["offset"] for piece in pieces] == [
        sum(len(p["text"]) for p in pieces[:n]) for n in range(len(pieces))
    ]
    assert len({piece["event_id"] for piece in pieces}) == len(pieces)
    assert {(piece["pin"], piece["node_id"], piece["status"]) for piece in pieces} == {("text", "t", "RUNNING")}


@pytest.mark.parametrize(("queue", "rate"), [("background", 4), ("interactive", 0)])
async def test_where_nobody_watches_nothing_is_told(stage: Stage, talker: Talker, queue: str, rate: float) -> None:
    assert await talk(stage, talker, queue, partials_per_second=rate) == []


async def test_who_has_lost_its_claim_says_no_more(
    stage: Stage, talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt.Keeper, "is_lost", lambda self: True)
    assert await talk(stage, talker) == []


async def test_a_piece_that_cannot_be_told_fails_nothing(
    stage: Stage, talker: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = pubsub.publish

    async def fails(topic: str, key: str, messages: Any) -> None:
        if any(b"node_execution.partial" in message.data for message in messages):
            raise ConnectionError("gone")
        await publish(topic, key, messages)

    monkeypatch.setattr(pubsub, "publish", fails)
    assert await talk(stage, talker) == []
