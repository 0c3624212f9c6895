"""Does what earlier releases left in the database go on under this one?

Functions of two releases run side by side while traffic moves, and a restore brings old documents back
(docs/deploying.md, "Documents of another version").
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import executions
from shared.services import reviews
from tests.engine import released
from tests.engine.stage import Stage, staged
from tests.engine.test_restore import go_on, restore

RELEASES = sorted(released.FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
async def test_what_an_earlier_release_left_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left: dict[str, Any] = released.load(json.loads(path.read_bytes()))
    async with staged(monkeypatch, Stage) as stage:
        await restore(left["documents"])
        stage.now, stage.objects = left["now"] + timedelta(hours=1), dict(left["objects"])
        in_flight = [await _find(id_) for id_ in left["in_flight"]]
        await go_on(stage, in_flight)
        for execution in in_flight:
            seen = await stage.finished(execution)
            assert (seen["status"], seen["output"]) == (Status.COMPLETED, left["output"])
        asked = await _find(left["in_review"])
        (waiting,) = [node for node in await stage.nodes(asked) if node.status is Status.REVIEW]
        await reviews.decide(stage.world, asked.user_id, waiting.id, True, None, "")
        await go_on(stage, [asked])
        assert (await stage.finished(asked))["output"] == left["approved"]


async def _find(id_: str) -> Execution:
    found = await executions.find(id_)
    assert found is not None
    return found


def test_there_is_a_release() -> None:
    assert RELEASES
