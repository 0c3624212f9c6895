"""Routes of the library: the agents of a user, and folders to keep them in."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from functions.routers.shapes import Origin
from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.services import adding, folders, forking, library, world
from shared.services import graphs as graph_service

router = routing.router(tags=["library"])


class AgentChange(BaseModel):
    """What to change of an agent in the library; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    is_favorite: bool | None = None
    folder_id: str | None = Field(None, description="The folder that it lies in; null: none.")


class Fork(BaseModel):
    """How the copy is to be called."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=forking.MAX_NAME, description="As the agent, where it is left out.")


class Offer(BaseModel):
    version: int = Field(description="Of the listing.")


class LibraryAgent(BaseModel):
    """An agent in the library: a graph of the same id, which runs as any other. ``source``: own, store (added: it is
    changed by updates alone) or fork."""

    id: str
    name: str
    description: str
    source: Literal["own", "store", "fork"]
    origin: Origin | None
    version: int = Field(description="Of the graph: the one that runs.")
    is_active: bool
    is_favorite: bool
    folder_id: str | None
    update: Offer | None = Field(description="What the store offers instead; null: nothing newer.")
    created_at: datetime
    updated_at: datetime
    etag: str


class Added(BaseModel):
    """Which agent of the store to add."""

    model_config = ConfigDict(extra="forbid")

    listing_id: str = Field(min_length=1, max_length=128)


class LibraryAgentList(BaseModel):
    items: list[LibraryAgent]
    next_page_token: str | None


class FolderBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=folders.MAX_NAME, examples=["Research"])


class FolderChange(BaseModel):
    """What to change of a folder."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=folders.MAX_NAME)


class FolderView(BaseModel):
    """A folder of the library."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    etag: str


class FolderList(BaseModel):
    items: list[FolderView]
    next_page_token: str | None


@router.get("/library/agents", summary="List the agents of the library", response_model=LibraryAgentList)
async def list_agents(
    caller: auth.Reader,
    page: pagination.Asked,
    is_favorite: Annotated[bool, Query(description="Only favourites.")] = False,
    folder_id: Annotated[str | None, Query(min_length=1, max_length=128, description="Only those in it.")] = None,
) -> Response:
    """The caller's own agents, forks, and those added from the store, newest first."""
    own = pagination.Listing(
        pagination.BY_TIME, "library", caller.user_id, "favorites" if is_favorite else "", folder_id or ""
    )
    return await page.listed(
        own,
        lambda size, cursor: library.list_of(caller, size, cursor, is_favorite=is_favorite, folder_id=folder_id),
    )


@router.post(
    "/library/agents",
    summary="Add an agent from the store",
    response_model=LibraryAgent,
    openapi_extra=routing.body(Added),
)
async def add_agent(caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """A copy of what the store has now, to run with one's own credentials. One that is there already stays as it
    is."""
    return await once.resource(caller.user_id, lambda _: adding.add(world.real(), caller, body))


@router.post(
    "/library/agents/{graph_id}/update",
    summary="Update an agent from the store",
    response_model=LibraryAgent,
)
async def update_agent(
    graph_id: str, caller: auth.Updater, once: idempotency.Once, if_match: etags.IfMatch = None
) -> Response:
    """What the store offers now, as a new version of the agent; presets, schedules and folders stay."""
    expected = etags.expected(if_match)
    return await once.resource(caller.user_id, lambda _: adding.update(caller, graph_id, expected))


@router.get("/library/agents/{graph_id}", summary="Read an agent of the library", response_model=LibraryAgent)
async def get_agent(graph_id: str, caller: auth.Reader) -> Response:
    """One agent. Its nodes, and what it needs, are those of the graph of this id."""
    return answers.resource(await library.get(caller, graph_id))


@router.patch(
    "/library/agents/{graph_id}",
    summary="Change an agent of the library",
    response_model=LibraryAgent,
    openapi_extra=routing.body(AgentChange),
)
async def change_agent(
    graph_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Mark it as a favourite, or put it into a folder."""
    return answers.resource(await library.change(caller, graph_id, body, etags.expected(if_match)))


@router.delete("/library/agents/{graph_id}", summary="Delete an agent from the library", response_model=models.Empty)
async def delete_agent(graph_id: str, caller: auth.Deleter, if_match: etags.IfMatch = None) -> Response:
    """As ``DELETE /graphs/{graph_id}``: with its versions, schedules, webhooks and presets; not while it runs."""
    await graph_service.delete(caller, graph_id, etags.expected(if_match))
    return JsonAnswer({})


@router.post(
    "/library/agents/{graph_id}/fork",
    summary="Fork an agent",
    response_model=LibraryAgent,
    openapi_extra=routing.body(Fork),
)
async def fork_agent(graph_id: str, caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """A copy of its own, with its sub-agents, that may be changed; ``origin`` says whose work it is."""
    return await once.resource(caller.user_id, lambda new_id: forking.fork(caller, graph_id, body, new_id))


@router.post(
    "/library/folders",
    summary="Create a folder",
    response_model=FolderView,
    openapi_extra=routing.body(FolderBody),
)
async def create_folder(caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """A folder for agents of the library."""
    return await once.resource(caller.user_id, lambda new_id: folders.create(world.real(), caller, body, new_id))


@router.get("/library/folders", summary="List folders", response_model=FolderList)
async def list_folders(caller: auth.Reader, page: pagination.Asked) -> Response:
    """The caller's folders, newest first."""
    own = pagination.Listing(pagination.BY_TIME, "folders", caller.user_id)
    return await page.listed(own, lambda size, cursor: folders.list_of(caller, size, cursor))


@router.get("/library/folders/{folder_id}", summary="Read a folder", response_model=FolderView)
async def get_folder(folder_id: str, caller: auth.Reader) -> Response:
    """One folder."""
    return answers.resource(await folders.get(caller, folder_id))


@router.patch(
    "/library/folders/{folder_id}",
    summary="Rename a folder",
    response_model=FolderView,
    openapi_extra=routing.body(FolderChange),
)
async def update_folder(
    folder_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Another name for it."""
    return answers.resource(await folders.update(world.real(), caller, folder_id, body, etags.expected(if_match)))


@router.delete("/library/folders/{folder_id}", summary="Delete a folder", response_model=models.Empty)
async def delete_folder(folder_id: str, caller: auth.Deleter, if_match: etags.IfMatch = None) -> Response:
    """What lies in it stays, in no folder."""
    await folders.delete(caller, folder_id, etags.expected(if_match))
    return JsonAnswer({})
