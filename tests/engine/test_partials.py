"""What a model says so far is told to those who may watch, a few times a second, and kept nowhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import Block, BlockInput, BlockOutput, Context
from shared.firestore import live_rows, pieces
from shared.services import attempt, start, streams
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


async def told(execution_id: str) -> list[dict[str, Any]]:
    found = [snapshot.to_dict() or {} async for snapshot in pieces.collection(execution_id).stream()]
    return sorted(found, key=lambda piece: piece["number"])


async def talk(stage: Stage, talker: Talker, queue: str = "interactive", **settings: Any) -> list[dict[str, Any]]:
    talker.stage = stage
    stage.world = replace(stage.world, settings=stage.world.settings.model_copy(update=settings))
    version = await stage.graph([{"id": "t", "block_type": "TALKER"}], [])
    execution = await start.accept(
        stage.world, id_=stage.world.random_id(), user_id="ann", version=version, input_data={}, queue=queue
    )
    await stage.run()
    assert (await stage.finished(execution))["output"] == {"t": {"text": ["".join(f"w{n} " for n in range(10))]}}
    return await told(execution.id)


async def test_pieces_add_up_and_come_a_few_times_a_second(stage: Stage, talker: Talker) -> None:
    found = await talk(stage, talker)
    assert "".join(piece["text"] for piece in found) == "".join(f"w{n} " for n in range(10))
    assert 3 <= len(found) <= 5  # of a second, at four a second
    assert [piece["number"] for piece in found] == list(range(1, len(found) + 1))
    assert [piece["offset"] for piece in found] == [sum(len(p["text"]) for p in found[:n]) for n in range(len(found))]
    assert {(piece["pin"], piece["node_id"]) for piece in found} == {("text", "t")}


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
    async def fails(execution_id: str, said: Any) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(pieces, "add", fails)
    assert await talk(stage, talker) == []


async def test_who_follows_the_execution_is_told_the_pieces(stage: Stage, talker: Talker) -> None:
    talker.stage = stage
    version = await stage.graph([{"id": "t", "block_type": "TALKER"}], [])
    execution = await stage.start(version)
    await stage.run()
    [batch] = await streams.ended(live_rows.of_execution(execution.id), None)
    said = [event.data["text"] for event in batch.events if event.type == "node_execution.partial"]
    assert "".join(said) == "".join(f"w{n} " for n in range(10))
