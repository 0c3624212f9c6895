"""What is left of an execution that dies at every effect, beside one that nothing disturbed?"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from shared.domain.records import Execution
from shared.domain.statuses import is_final
from shared.services import reviews
from tests.conftest import Tell
from tests.crash.deaths import Deaths, Died, ways
from tests.engine.stage import Stage


async def die(
    stage: Stage, deaths: Deaths, begin: Callable[[], Awaitable[Execution]], name: str, tell: Tell, *, every: bool
) -> dict[str, Any]:
    """Begin and end undisturbed, then once for each effect and way to die, which must leave the same documents; the
    execution that was not disturbed. ``every``: see ``deaths.ways``."""
    execution = await begin()
    await _settle(stage, execution)
    effects, expected = deaths.count, await _documents(stage, execution)
    cases = [(at, mode) for at in range(effects) for mode in ways(at, every=every)]
    for at, mode in cases:
        deaths.arm(at, mode)
        execution = await begin()
        await _settle(stage, execution)
        assert await _documents(stage, execution) == expected, f"{name}: effect {at}, {mode}"
    tell(f"crash: {name}: {effects} effects, {len(cases)} deaths, no difference")
    return expected[0]


async def _settle(stage: Stage, execution: Execution) -> None:
    """Run until quiet, as a person answers what they are asked; what was lost without a task is found by recovery."""
    for _ in range(9):
        while stage.tasks:
            try:
                await stage.run(parallel=3, duplicate=0.2)
            except Died:
                stage.now += timedelta(seconds=1)
        if await _answer(stage):
            continue
        found = await stage.execution(execution)
        if is_final(found.status) and found.due_at is None:
            return
        stage.now += timedelta(minutes=12)
        await _survive(stage.tick())
    raise AssertionError(f"not final and announced after nine looks: {found}")


async def _answer(stage: Stage) -> bool:
    waiting, _ = await reviews.page("ann", None, 10)
    for review in waiting:
        await _survive(reviews.decide(stage.world, "ann", review["id"], True, None, "fine"))
    return bool(waiting)


async def _survive(call: Any) -> None:
    try:
        await call
    except Died:
        pass


async def _documents(stage: Stage, execution: Execution) -> Any:
    seen = await stage.finished(execution)
    nodes = await stage.nodes(execution)
    told = [(n.node_id, n.label, n.status, n.attempts, n.outputs, n.error, n.active) for n in nodes]
    inputs = [{pin: (t.label, t.value) for pin, t in n.inputs.items()} for n in nodes]
    return {key: seen[key] for key in ("status", "output", "error", "progress")}, told, inputs
