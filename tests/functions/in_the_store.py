"""What do tests of other things need in the store? Something that was submitted, and something that is published."""

from served import MakeApi

from shared.domain import permissions
from shared.domain.graph import UserId
from shared.services import moderation, world

NAMES = frozenset({"submission_id", "listing_id", "creator_id", "rating_id"})
"""Parameters of paths."""
NODE = {"id": "in", "block_type": "AGENT_INPUT", "input_data": {"name": "text", "value": "x"}}


async def submission(make_api: MakeApi, token: str) -> str:
    """Of a new graph of whose token this is."""
    headers = {"Authorization": f"Bearer {token}"}
    graph = await make_api("graphs").post("/graphs", json={"name": "g", "nodes": [NODE]}, headers=headers)
    body = {"graph_id": graph.json()["id"], "title": "t"}
    answer = await make_api("store").post("/store/submissions", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


async def listing(make_api: MakeApi, token: str) -> str:
    """The same, approved."""
    admin = permissions.caller(UserId("a"), "", "admin")
    return (await moderation.approve(world.real(), admin, await submission(make_api, token)))["listing_id"]
