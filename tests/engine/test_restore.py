"""Everything is lost, and the database comes back from a backup: do the executions that were in flight finish?

A backup of Firestore holds the documents of one moment and nothing else: not the queues, not the topics, and no
``update_time`` (what is imported has new ones). So the exercise copies every document through the API into another,
empty Firestore, with no task and no event beside it, and lets ``tick`` alone find what there is to do. The bucket has
protection of its own (soft deletion) and stays.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.records import Execution
from shared.domain.statuses import Status
from shared.firestore import client
from shared.services import reviews
from tests.engine.stage import Stage, staged
from tests.engine.test_life import upper

Backup = Mapping[str, Mapping[str, Any]]

LIST: tuple[list[dict[str, Any]], list[str]] = (
    [
        {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "items"}},
        {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
        upper("up"),
        {"id": "low", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "lower"}},
        {"id": "both", "block_type": "FILL_TEXT_TEMPLATE", "input_data": {"format": "{{ a }}-{{ b }}"}},
        {"id": "all", "block_type": "GATHER"},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "joined"}},
    ],
    [
        "in.result -> each.items",
        "each.item -> up.text",
        "each.item -> low.text",
        "up.processed_text -> both.values_#_a",
        "low.processed_text -> both.values_#_b",
        "both.output -> all.item",
        "all.items -> out.value",
    ],
)
ITEMS = {"items": ["Ab", "Cd", "Ef"]}
JOINED = {"joined": [["AB-ab", "CD-cd", "EF-ef"]]}


async def back_up() -> Backup:
    """Path -> fields, of every document."""
    found: dict[str, Mapping[str, Any]] = {}
    async for collection in client.client().collections():
        await _walk(collection, found)
    return found


async def _walk(collection: Any, found: dict[str, Mapping[str, Any]]) -> None:
    async for snapshot in collection.stream():
        found[snapshot.reference.path] = snapshot.to_dict() or {}
    async for reference in collection.list_documents():
        async for below in reference.collections():
            await _walk(below, found)


async def restore(backup: Backup) -> None:
    for path, fields in backup.items():
        await client.client().document(path).set(dict(fields))


async def go_on(stage: Stage, executions: list[Execution]) -> None:
    """Time passes and ``tick`` runs, as its schedule has it, until all are over."""
    for _ in range(60):
        await stage.tick()
        await stage.run(parallel=3)
        if all([(await stage.execution(one)).completed_at for one in executions]):
            return
        stage.now += timedelta(minutes=1)
    raise AssertionError("not over within an hour")


@pytest.mark.parametrize("delivered", [0, 5, 11])
async def test_what_was_in_flight_finishes_after_a_restore(delivered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, Stage) as before:
        version = await before.graph(*LIST)
        started = [await before.start(version, ITEMS) for _ in range(2)]
        for _ in range(delivered):
            await before.deliver(before.random.choice(before.tasks))
        backup = await back_up()
        now, objects = before.now, dict(before.objects)
    async with staged(monkeypatch, Stage) as after:
        await restore(backup)
        after.now, after.objects = now + timedelta(hours=3), objects
        assert after.tasks == []
        await go_on(after, started)
        for execution in started:
            seen = await after.finished(execution)
            assert (seen["status"], seen["output"]) == (Status.COMPLETED, JOINED)


async def test_what_waits_for_a_person_still_waits_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [
        upper("up", text="draft"),
        {"id": "ask", "block_type": "HUMAN_IN_THE_LOOP", "input_data": {"name": "Is it good?"}},
        {"id": "out", "block_type": "AGENT_OUTPUT", "input_data": {"name": "approved"}},
    ]
    links = ["up.processed_text -> ask.data", "ask.approved_data -> out.value"]
    async with staged(monkeypatch, Stage) as before:
        execution = await before.start(await before.graph(nodes, links))
        await before.run()
        assert (await before.execution(execution)).status is Status.REVIEW
        backup, now = await back_up(), before.now
    async with staged(monkeypatch, Stage) as after:
        await restore(backup)
        after.now = now + timedelta(days=2)
        await after.tick()
        await after.run()
        assert (await after.execution(execution)).status is Status.REVIEW
        (waiting,) = [node for node in await after.nodes(execution) if node.status is Status.REVIEW]
        await reviews.decide(after.world, "ann", waiting.id, True, None, "")
        await go_on(after, [execution])
        assert (await after.finished(execution))["output"] == {"approved": ["DRAFT"]}


async def test_a_backup_holds_every_document_of_an_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(monkeypatch, Stage) as before:
        execution = await before.start(await before.graph(*LIST), ITEMS)
        await before.run()
        backup = await back_up()
        seen = await before.finished(execution)
    async with staged(monkeypatch, Stage) as after:
        await restore(backup)
        after.now = before.now
        assert await after.finished(execution) == seen
        assert await back_up() == backup
