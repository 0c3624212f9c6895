"""Whether executions and their nodes can be paged through, whatever came out of them."""

from typing import Any

import pytest

from shared.services import execution_views, paging
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input, agent_output
from tests.engine.test_life import upper

LINKS = ["in.result -> up.text", "up.processed_text -> out.value"]


async def test_pages_of_large_outputs_are_short_and_hold_everything(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 50_000)
    version = await stage.graph([agent_input("in", "text"), upper("up"), agent_output()], LINKS)
    started = [await stage.start(version, {"text": "x" * 30_000}) for _ in range(4)]
    await stage.run()
    pages: list[list[str]] = []
    cursor: Any = None
    while not pages or cursor:
        items, cursor = await execution_views.page(stage.world, "ann", version.graph_id, cursor, 3)
        pages.append([item["id"] for item in items])
    assert pages == [[execution.id] for execution in reversed(started)]

    seen: list[str] = []
    cursor, rounds = None, 0
    while not rounds or cursor:
        items, cursor = await execution_views.node_page(stage.world, started[0], cursor, 100)
        seen += [item["id"] for item in items]
        rounds += 1
    assert seen == [node.id for node in await stage.nodes(started[0])]
    assert rounds > 1
