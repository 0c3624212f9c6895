"""Blocks read files by their ids, when they are clean and the user's own, and keep what they make as files."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from clamd_double import EICAR
from served import Accounts, MakeApi
from uploading import Uploads

from shared.blocks import catalog
from shared.blocks.block import Context, Delay, Suspended
from shared.domain import errors
from shared.services import user_files, world

TABLE = b"name,city\nAda,London\n"


async def _read(api: httpx.AsyncClient, file_id: str) -> dict[str, Any]:
    body = {"input_data": {"file_input": file_id}}
    return (await api.post("/blocks/READ_SPREADSHEET/execute", json=body)).json()


async def test_a_block_reads_a_clean_file_of_its_user_s_and_no_other(
    uploads: Uploads, make_api: MakeApi, accounts: Accounts
):
    graphs = make_api("graphs", uploads.user)
    file = await uploads.upload("a.csv", TABLE)
    assert (await _read(graphs, file["id"]))["output_data"] == {"rows": [[{"name": "Ada", "city": "London"}]]}
    other = make_api("graphs", await accounts.user())
    infected = await uploads.upload("b.csv", EICAR)
    pending = await uploads.announce("c.csv", len(TABLE))
    await uploads.send(pending, TABLE)
    told: list[str] = []
    for api, file_id in ((other, file["id"]), (graphs, infected["id"]), (graphs, pending["id"]), (graphs, "0" * 26)):
        answer = await _read(api, file_id)
        assert not answer["success"]
        told.append(answer["error"])
    assert "no file" in told[0]
    assert "INFECTED" in told[1]
    assert "PENDING" in told[2]
    assert told[0].replace(file["id"], "") == told[3].replace("0" * 26, "")
    await uploads.api.delete(f"/files/{file['id']}")
    assert "no file" in (await _read(graphs, file["id"]))["error"]


def _context(uploads: Uploads, key: str) -> Context:
    here = world.real()
    kept = user_files.UserFiles(world=here, user_id=uploads.user.id, execution_id="e1")
    return Context(user_id=uploads.user.id, idempotency_key=key, now=here.now, http=here.http, files=kept)


async def _save(context: Context, data: bytes, name: str = "../made.csv") -> list[tuple[str, Any]]:
    block = catalog.get("SAVE_FILE")
    given = catalog.read_input(block, {"file": f"data:,{data.decode()}", "name": name})
    return [one async for one in block.run(given, context)]  # pyright: ignore[reportGeneralTypeIssues]


async def test_what_a_block_makes_is_kept_once_and_only_when_it_is_clean(uploads: Uploads):
    context = _context(uploads, "k1")
    for _ in range(2):  # a second call of the same node execution
        with pytest.raises(Suspended) as waiting:
            await _save(context, TABLE)
    assert isinstance(waiting.value.suspension, Delay)
    state = waiting.value.suspension.state
    assert (await uploads.read(state["id"]))["status"] == "PENDING"
    assert await uploads.told(state["id"]) == "CLEAN"
    again = replace(context, resumption={"state": state})
    assert await _save(again, TABLE) == [("file", state["id"])]
    listed = (await uploads.api.get("/files")).json()["items"]
    assert [(one["name"], one["execution_id"]) for one in listed] == [("made.csv", "e1")]
    assert (await uploads.fetch(state["id"])).content == TABLE


async def test_what_is_hostile_is_not_kept_for_a_block_either(uploads: Uploads):
    context = _context(uploads, "k2")
    with pytest.raises(Suspended) as waiting:
        await _save(context, b"<html><script>alert(1)</script>", "a.html")
    assert isinstance(waiting.value.suspension, Delay)
    state = waiting.value.suspension.state
    assert await uploads.told(state["id"]) == "REJECTED"
    with pytest.raises(errors.BlockError, match="web page") as refused:
        await _save(replace(context, resumption={"state": state}), b"x")
    assert refused.value.reason == "FILE_REFUSED"


async def test_a_block_keeps_no_more_than_its_user_may(uploads: Uploads):
    context = _context(uploads, "k3")
    small = replace(world.real(), settings=world.real().settings.model_copy(update={"max_storage_bytes": 5}))
    kept = user_files.UserFiles(world=small, user_id=uploads.user.id, execution_id="e1")
    with pytest.raises(errors.BlockError) as refused:
        await _save(replace(context, files=kept), TABLE)
    assert refused.value.reason == "LIMIT_EXCEEDED"
    assert (await uploads.api.get("/files")).json()["items"] == []
