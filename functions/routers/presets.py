"""Routes of presets: inputs and credentials for an agent, under a name."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import choosing, world
from shared.services import presets as service

router = routing.router(tags=["presets"])


class PresetChange(BaseModel):
    """What to change of a preset; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=service.MAX_NAME)
    description: str | None = Field(None, max_length=service.MAX_DESCRIPTION)
    input_data: dict[str, Any] | None = Field(None, description="Inputs by name; not all, and no secret ones.")
    credentials: dict[str, str] | None = Field(
        None,
        max_length=choosing.MAX_CHOICES,
        description="As of an execution: node id, or a name in the credentials_schema -> the id of credentials.",
    )


class PresetBody(PresetChange):
    """Inputs and credentials for an agent, under a name."""

    name: str = Field(min_length=1, max_length=service.MAX_NAME, examples=["Monday"])  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


class PresetView(BaseModel):
    """A preset."""

    id: str
    graph_id: str
    name: str
    description: str
    input_data: dict[str, Any]
    credentials: dict[str, str]
    created_at: datetime
    updated_at: datetime
    etag: str


class PresetList(BaseModel):
    items: list[PresetView]
    next_page_token: str | None


@router.post(
    "/library/agents/{graph_id}/presets",
    summary="Create a preset",
    response_model=PresetView,
    openapi_extra=routing.body(PresetBody),
)
async def create_preset(
    graph_id: str, caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """Keep inputs and credentials for an agent, to run it with."""
    return await once.resource(
        caller.user_id, lambda new_id: service.create(world.real(), caller, graph_id, body, new_id)
    )


@router.get("/library/agents/{graph_id}/presets", summary="List the presets of an agent", response_model=PresetList)
async def list_presets_of_agent(graph_id: str, caller: auth.Reader, page: pagination.Asked) -> Response:
    """Presets of one agent, newest first."""
    return await _page(caller, graph_id, page)


@router.get("/library/presets", summary="List all presets", response_model=PresetList)
async def list_presets(caller: auth.Reader, page: pagination.Asked) -> Response:
    """All presets of the caller, newest first."""
    return await _page(caller, None, page)


@router.get("/library/presets/{preset_id}", summary="Read a preset", response_model=PresetView)
async def get_preset(preset_id: str, caller: auth.Reader) -> Response:
    """One preset."""
    return answers.resource(await service.get(caller, preset_id))


@router.patch(
    "/library/presets/{preset_id}",
    summary="Change a preset",
    response_model=PresetView,
    openapi_extra=routing.body(PresetChange),
)
async def update_preset(
    preset_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change what the body names."""
    return answers.resource(await service.update(world.real(), caller, preset_id, body, etags.expected(if_match)))


@router.delete("/library/presets/{preset_id}", summary="Delete a preset", response_model=models.Empty)
async def delete_preset(preset_id: str, caller: auth.Deleter, if_match: etags.IfMatch = None) -> Response:
    """Executions that it was used for stay."""
    await service.delete(caller, preset_id, etags.expected(if_match))
    return JsonAnswer({})


async def _page(caller: auth.Caller, graph_id: str | None, page: pagination.Page) -> Response:
    listing = pagination.Listing(pagination.BY_TIME, "presets", caller.user_id, graph_id or "")
    return await page.listed(listing, lambda size, cursor: service.list_of(caller, graph_id, size, cursor))
