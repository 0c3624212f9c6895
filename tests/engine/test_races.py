"""Who loses a race for the execution's document looks again: neither a pause nor recovery may end a finish."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared.domain.statuses import Status
from shared.firestore import executions
from tests.engine.stage import Stage
from tests.engine.test_life import upper

Change = Callable[[Mapping[str, Any]], bool]


def intrude(patch: pytest.MonkeyPatch, when: Change) -> None:
    """Another write of the execution, just before the first one that is as ``when`` says."""
    update = executions.update
    done: list[bool] = []

    async def intruded(id_: str, changes: Mapping[str, Any], fence: str, *extra: Any) -> Any:
        if when(changes) and not done:
            done.append(True)
            await update(id_, {"due_at": None}, fence)
        return await update(id_, changes, fence, *extra)

    patch.setattr(executions, "update", intruded)


async def test_a_finish_that_loses_to_another_write_is_made_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    intrude(monkeypatch, lambda changes: changes.get("status") is Status.COMPLETED)
    execution = await stage.start(await stage.graph([upper("a", text="x", operation="upper")], []))
    await stage.run()
    found = await stage.execution(execution)
    assert (found.status, found.due_at) == (Status.COMPLETED, None)


async def test_what_works_again_takes_its_pause_back_whoever_else_writes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await stage.graph(
        [{"id": "wait", "block_type": "DELAY", "input_data": {"input": 1, "seconds": 60}}], []
    )
    execution = await stage.start(version)
    seen: list[Status] = []
    update = executions.update

    async def noted(id_: str, changes: Mapping[str, Any], fence: str, *extra: Any) -> Any:
        written = await update(id_, changes, fence, *extra)
        if "status" in changes:
            seen.append((await stage.execution(execution)).status)
        return written

    monkeypatch.setattr(executions, "update", noted)
    intrude(monkeypatch, lambda changes: changes.get("status") is Status.RUNNING and Status.WAITING in seen)
    await stage.run()
    assert seen[-3:] == [Status.WAITING, Status.RUNNING, Status.COMPLETED]
