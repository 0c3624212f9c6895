"""How does a user get a copy of an agent that they may change? With its sub-agents, and a word on whose it is."""

import dataclasses
from typing import Any

from shared.domain import errors
from shared.domain.fields import Fields
from shared.domain.origins import Origin, Source
from shared.domain.permissions import Caller
from shared.firestore import graphs
from shared.firestore.graphs import Head, Version
from shared.services import bodies, interop, library, texts
from shared.services import graphs as graph_service

MAX_NAME = 200


async def fork(caller: Caller, graph_id: str, raw: Any, id_: str) -> dict[str, Any]:
    """The active version of an agent of the caller's library as a graph of their own, without what was secret in it.
    NotFound; InvalidArgument. One of this id is there already: this very request made it."""
    source = await graph_service.owned(caller, graph_id)
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("name",))
    name = texts.plain(fields.text(body, "name", most=MAX_NAME)) or source.name
    bodies.refuse(fields, "The fork is")
    _, made = await interop.build(caller, await interop.export_file(caller, graph_id), id_)
    if not await graphs.create_all(with_origin(made, _attribution(source), name)):
        found = await graphs.find(id_)
        if found is None or found.user_id != caller.user_id:
            raise errors.Conflict(f"A graph {id_} was made meanwhile; try again.")
    return await library.get(caller, id_)


def with_origin(
    made: list[tuple[Head, Version]], origin: Origin, name: str, description: str | None = None
) -> list[tuple[Head, Version]]:
    """Graphs of a file, the first of which is the agent and the others its parts. ``description``: instead of its
    own."""
    (root, version), *parts = made
    root = dataclasses.replace(root, description=root.description if description is None else description)
    origin = dataclasses.replace(origin, parts=tuple(head.id for head, _ in parts))
    part = Origin(source=Source.PART, graph_id=root.id, title=origin.title, creator_id=origin.creator_id)
    if origin.source is Source.FORK:
        own = [(dataclasses.replace(head, origin=dataclasses.replace(origin, parts=())), v) for head, v in parts]
        root = dataclasses.replace(root, name=name, origin=dataclasses.replace(origin, parts=()))
        return [(root, version), *own]
    root = dataclasses.replace(root, name=name, origin=origin)
    return [(root, version), *((dataclasses.replace(head, origin=part), v) for head, v in parts)]


def _attribution(source: Head) -> Origin:
    """Whose work a fork is: that of whoever made what was copied, however often it was copied on the way."""
    if source.origin is not None:  # without a name even, once its creator's account is gone
        return dataclasses.replace(source.origin, source=Source.FORK, graph_id=source.id, parts=())
    return Origin(
        source=Source.FORK,
        graph_id=source.id,
        version=source.active_version,
        title=source.name,
        creator_id=source.user_id,
    )
