"""A thousand that wait are cancelled at once, and nothing starts afterwards."""

import time
from typing import Any

import grpc
import httpx
import pytest
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from launched import Stack, await_until
from test_main_job import create

from tests.conftest import Tell

ITEMS = 1_000
SECONDS = 30.0
"""Far more than it takes, which the run tells: a machine that does other work is no defect."""


def all_nodes(client: httpx.Client, execution_id: str) -> list[dict[str, Any]]:
    """Every node execution, page by page."""
    found: list[dict[str, Any]] = []
    token = ""
    while token is not None:
        page = client.get(f"/executions/{execution_id}/nodes", params={"page_size": 100, "page_token": token}).json()
        found += page["items"]
        token = page["next_page_token"]
    return found


def has_tasks(stack: Stack) -> bool:
    """Whether anything is due in any queue."""
    with grpc.insecure_channel(stack.endpoints["tasks"]) as channel:
        tasks = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        queues = tasks.list_queues(parent="projects/weftly-local/locations/us-central1")
        queued = (task for queue in queues for task in tasks.list_tasks(parent=queue.name))
        return any(task.schedule_time.timestamp() <= time.time() for task in queued)


@pytest.mark.timeout(180)
def test_a_thousand_queued_nodes_that_are_cancelled_end_within_seconds_and_start_nothing(
    stack: Stack, tell: Tell
) -> None:
    client = stack.client()
    graph_id = create(
        client,
        [
            {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "items"}},
            {"id": "each", "block_type": "STEP_THROUGH_ITEMS"},
            {"id": "up", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
            {"id": "down", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "lower"}},
        ],
        ["in.result -> each.items", "each.item -> up.text", "up.processed_text -> down.text"],
    )
    body = {"input_data": {"items": [f"Word {n}" for n in range(ITEMS)]}}
    execution_id = client.post(f"/graphs/{graph_id}/executions", json=body).json()["execution_id"]

    def is_spread() -> bool:
        return len(all_nodes(client, execution_id)) >= ITEMS

    await_until(is_spread, 60, "a thousand queued node executions")
    asked = time.monotonic()
    assert client.post(f"/executions/{execution_id}/cancel").status_code == 200
    ended = stack.wait_for_end(client, execution_id, seconds=60)
    took = time.monotonic() - asked
    nodes = all_nodes(client, execution_id)
    done = sum(node["status"] == "COMPLETED" for node in nodes)
    tell(f"cancel: {len(nodes) - done:,} of {len(nodes):,} node executions ended within {took:.2f} s of the cancel")
    assert ended["status"] == "TERMINATED"
    assert took < SECONDS
    assert {node["status"] for node in nodes} == {"COMPLETED", "TERMINATED"}
    assert done < len(nodes) / 2
    assert all_nodes(client, execution_id) == nodes
    await_until(lambda: not has_tasks(stack), 60, "the delivery of all that was queued")
    assert all_nodes(client, execution_id) == nodes
