"""A job at a service outlasts many function calls: what its block remembers comes back at each look, and looking
often is not crashing often."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Delay, Suspended
from shared.domain import errors
from shared.domain.statuses import Status
from shared.services import run_node
from tests.engine.stage import Stage

LOOKS = 2 * run_node.MAX_CLAIMS


class Patient(Block):
    """Begins a job once, and looks after it until it has been seen often enough; one look fails."""

    class Input(BlockInput):
        pass

    class Output(BlockOutput):
        looks: int = 0

    block_type = "PATIENT"
    category = "TEST"
    description = "Waits for a job."
    suspends = True
    max_attempts = 2

    def __init__(self, state: Callable[[int], Any]) -> None:
        self.begun = 0
        self._state = state

    def run(self, input: Any, context: Context) -> Iterator[tuple[str, Any]]:
        if context.resumption is None:
            self.begun += 1
            raise Suspended(Delay(seconds=5, state=self._state(0)))
        looks = context.resumption["state"]["looks"] + 1
        if looks == LOOKS // 2 and context.attempt == 1:
            raise errors.Retryable("The service is busy.")
        if looks < LOOKS:
            raise Suspended(Delay(seconds=5, state=self._state(looks)))
        yield "looks", looks


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Patient]]:
    def make(state: Callable[[int], Any] = lambda looks: {"looks": looks}) -> Patient:
        block = Patient(state)
        everything = {one.block_type: one for one in catalog.all()} | {block.block_type: block}
        monkeypatch.setattr(catalog, "_registry", lambda: everything)
        catalog.specs.cache_clear()
        return block

    yield make
    catalog.specs.cache_clear()


async def run(stage: Stage) -> Any:
    version = await stage.graph([{"id": "job", "block_type": "PATIENT"}], [])
    execution = await stage.start(version)
    await stage.run(duplicate=0.3)
    return execution


async def test_what_a_block_remembers_comes_back_however_often_it_waits(stage: Stage, patient: Any) -> None:
    block = patient()
    execution = await run(stage)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["output"]) == (Status.COMPLETED, {"job": {"looks": [LOOKS]}})
    assert block.begun == 1  # a look that failed was looked again, and the job not begun anew


@pytest.mark.parametrize(
    "state",
    [lambda _: "x" * 2_000, lambda _: {"when": object()}],
    ids=["too much", "not JSON"],
)
async def test_what_cannot_be_remembered_fails_the_node(stage: Stage, patient: Any, state: Any) -> None:
    patient(state)
    settings = stage.world.settings.model_copy(update={"max_value_bytes": 1_000})
    stage.world = replace(stage.world, settings=settings)
    execution = await run(stage)
    seen = await stage.finished(execution)
    assert (seen["status"], seen["error"]["reason"]) == (Status.FAILED, "BLOCK_CONTRACT")
    assert "remember" in seen["error"]["message"]


async def test_much_that_is_remembered_lies_in_the_bucket(stage: Stage, patient: Any) -> None:
    settings = stage.world.settings.model_copy(update={"inline_value_bytes": 1_000})
    stage.world = replace(stage.world, settings=settings)
    block = patient(lambda looks: {"looks": looks, "more": "x" * 2_000})
    execution = await run(stage)
    assert (await stage.finished(execution))["output"] == {"job": {"looks": [LOOKS]}}
    assert block.begun == 1
    assert any(b'"more"' in data for data in stage.objects.values())
