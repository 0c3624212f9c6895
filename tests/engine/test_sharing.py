"""What a stranger sees of an execution that was shared, and what never."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain import errors
from shared.domain.graph import UserId
from shared.domain.permissions import caller
from shared.firestore import executions, graphs
from shared.firestore import shares as stored
from shared.services import deleting, shared_pages, shares
from shared.services.shared_pages import Page
from tests.engine.stage import Stage
from tests.engine.test_gates import agent_input
from tests.engine.test_life import upper

ANN, BOB = (caller(UserId(name), "", None) for name in ("ann", "bob"))
SECRET = "correct-horse-4711"


def output(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "block_type": "AGENT_OUTPUT", "input_data": {"name": name, **more}}


async def an_execution(stage: Stage) -> str:
    """Of a graph with a secret input, an open one, and outputs of both, one of them marked secret."""
    version = await stage.graph(
        [
            agent_input("in", "text"),
            {"id": "key", "block_type": "AGENT_INPUT", "input_data": {"name": "key", "secret": True}},
            upper("up"),
            {"id": "louder", "block_type": "TEXT_PROCESSING", "input_data": {"operation": "upper"}},
            output("loud"),
            output("loud leak"),
            output("leak"),
            output("hidden", secret=True),
        ],
        [
            "in.result -> up.text",
            "up.processed_text -> loud.value",
            "key.result -> leak.value",
            "key.result -> louder.text",
            "louder.processed_text -> loud leak.value",
            "key.result -> hidden.value",
        ],
    )
    execution = await stage.start(version, {"text": "hello", "key": SECRET})
    await stage.run()
    return execution.id


def an_id(stage: Stage) -> str:
    return (stage.world.random_id() + "0" * 26)[:26]


async def shared(stage: Stage, execution_id: str, **body: Any) -> dict[str, Any]:
    return await shares.create(stage.world, ANN, execution_id, body, an_id(stage))


async def looked(stage: Stage, made: dict[str, Any]) -> Page | None:
    share = await shares.find(made["path"].removeprefix("/share/"), stage.now)
    return await shared_pages.page(stage.world, share) if share else None


async def test_outputs_and_steps_are_shown_and_nothing_secret(stage: Stage) -> None:
    page = await looked(stage, await shared(stage, await an_execution(stage), title="For you"))
    assert page is not None
    assert (page.title, page.status, page.inputs) == ("For you", "COMPLETED", [])
    shown = {one.name: [value.text for value in one.values] for one in page.outputs}
    assert shown == {"loud": ["HELLO"], "loud leak": ["[redacted]"], "leak": ["[redacted]"]}
    assert "Text processing" in [step.name for step in page.steps]
    assert SECRET not in str(page)
    assert "ann" not in str(page)


async def test_inputs_are_shown_where_its_user_says_so_but_no_secret_ones(stage: Stage) -> None:
    page = await looked(stage, await shared(stage, await an_execution(stage), with_inputs=True))
    assert page is not None
    assert [(one.name, one.values[0].text) for one in page.inputs] == [("text", "hello")]
    assert SECRET not in str(page)


async def test_a_link_leads_nowhere_once_it_is_revoked_or_expired_or_its_execution_is_gone(stage: Stage) -> None:
    execution_id = await an_execution(stage)
    first, second, third = [await shared(stage, execution_id, days=days) for days in (1, 2, 3)]
    await shares.revoke(ANN, execution_id, second["id"])
    assert [await looked(stage, one) is None for one in (first, second, third)] == [False, True, False]
    stage.now += timedelta(days=1)
    assert [await looked(stage, one) is None for one in (first, second, third)] == [True, True, False]
    await stage.tick()
    await deleting.delete(stage.world, "ann", execution_id)
    assert await looked(stage, third) is None
    assert await stored.documents.find(third["id"]) is None


async def test_a_page_goes_with_the_graph_that_says_what_is_secret(stage: Stage) -> None:
    made = await shared(stage, await an_execution(stage))
    head = await graphs.find((await executions.list_of("ann", None, None, 1))[0].graph_id)
    assert head is not None
    assert await graphs.delete(head)
    graphs._cache._held.clear()
    assert await looked(stage, made) is None


async def test_what_opens_a_link_is_not_kept_and_cannot_be_guessed(stage: Stage) -> None:
    made = await shared(stage, await an_execution(stage))
    token = made["path"].removeprefix("/share/")
    secret = token[shares.ID_LENGTH :]
    assert len(secret) >= 43
    assert secret not in str(await stored.documents.find(made["id"]))
    for wrong in (made["id"], token[:-1], token + "A", token.swapcase(), "", "é" * 69, "../" * 23):
        assert await shares.find(wrong, stage.now) is None


async def test_only_its_user_makes_lists_and_revokes_links(stage: Stage) -> None:
    execution_id = await an_execution(stage)
    made = await shared(stage, execution_id)
    listed, following = await shares.list_of(ANN, execution_id, 9, None)
    assert ([one["id"] for one in listed], following) == ([made["id"]], None)
    assert "path" not in listed[0]
    for attempt in (
        shares.create(stage.world, BOB, execution_id, {}, an_id(stage)),
        shares.list_of(BOB, execution_id, 9, None),
        shares.revoke(BOB, execution_id, made["id"]),
        shares.revoke(ANN, "another", made["id"]),
    ):
        with pytest.raises(errors.NotFound):
            await attempt


async def test_the_same_request_again_gives_a_link_that_leads_there(stage: Stage) -> None:
    execution_id, id_ = await an_execution(stage), an_id(stage)
    first = await shares.create(stage.world, ANN, execution_id, {}, id_)
    again = await shares.create(stage.world, ANN, execution_id, {}, id_)
    assert await looked(stage, again) is not None
    assert first["path"] == again["path"] or await looked(stage, first) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [({"days": 0}, "days"), ({"days": 366}, "days"), ({"with_inputs": 1}, "with_inputs"), ({"day": 1}, "day")],
)
async def test_a_link_that_is_not_valid_is_refused(stage: Stage, body: dict[str, Any], field: str) -> None:
    execution_id = await an_execution(stage)
    with pytest.raises(errors.InvalidArgument) as error:
        await shared(stage, execution_id, **body)
    assert [one.field for one in error.value.violations] == [field]
