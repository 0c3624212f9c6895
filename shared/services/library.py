"""What is in a user's library? Every agent that is theirs to run: written, forked, or added from the store.

It is a view of their graphs: an agent of the library is a graph, under the same id, and runs as any other does, for
its user, with their credentials. What was added is a copy of its own (ADR 0054).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from shared.domain.fields import Fields
from shared.domain.origins import Source
from shared.domain.permissions import Caller
from shared.domain.store import ListingStatus
from shared.firestore import graphs, listings
from shared.firestore.graphs import After, Head
from shared.services import bodies, etags, folders, graph_views, owned
from shared.services import graphs as graph_service

OWN = "own"

Resource = dict[str, Any]


async def list_of(
    caller: Caller, size: int, cursor: owned.Cursor | None, *, is_favorite: bool | None, folder_id: str | None
) -> tuple[list[Resource], owned.Cursor | None]:
    """A page, newest first, and the cursor of the next."""
    after = After(created_at=cursor[0], id=cursor[1]) if cursor else None
    wanted = True if is_favorite else None
    found = await graphs.list_of(caller.user_id, after, size + 1, is_favorite=wanted, folder_id=folder_id)
    shown = found[:size]
    more = (shown[-1].created_at, shown[-1].id) if len(found) > size else None
    return await _views(shown), more


async def get(caller: Caller, graph_id: str) -> Resource:
    """NotFound."""
    return (await _views([await graph_service.owned(caller, graph_id)]))[0]


async def change(caller: Caller, graph_id: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    """Whether it is a favourite, and its folder. InvalidArgument; EtagMismatch."""
    body = bodies.read(raw)
    for _ in range(etags.ATTEMPTS):
        head = await graph_service.owned(caller, graph_id)
        etags.check(expected, etags.etag(head.fence), f"the agent {graph_id}")
        fields = Fields()
        fields.only(body, ("is_favorite", "folder_id"))
        folder_id = await folders.wanted(fields, caller, body, head.folder_id)
        is_favorite = fields.flag(body, "is_favorite", default=head.is_favorite)
        bodies.refuse(fields, "The change is")
        if await graphs.update(dataclasses.replace(head, is_favorite=is_favorite, folder_id=folder_id)):
            return await get(caller, graph_id)
    raise etags.contended(f"the agent {graph_id}")


async def _views(heads: list[Head]) -> list[Resource]:
    added = {head.origin.listing_id for head in heads if head.origin and head.origin.source is Source.STORE}
    found = await listings.find_all(sorted(added))
    offered = {id_: one.version for id_, one in found.items() if one.status is ListingStatus.APPROVED}
    return [_view(head, offered) for head in heads]


def _view(head: Head, offered: Mapping[str, int]) -> Resource:
    """``offered``: listing -> its version; what has left the store is not there."""
    origin = head.origin
    newest = offered.get(origin.listing_id, 0) if origin and origin.source is Source.STORE else 0
    return {
        "id": head.id,
        "name": head.name,
        "description": head.description,
        "source": origin.source if origin else OWN,
        "origin": graph_views.origin(origin),
        "version": head.active_version,
        "is_active": head.is_active,
        "is_favorite": head.is_favorite,
        "folder_id": head.folder_id or None,
        "update": {"version": newest} if origin and newest > origin.version else None,
        "created_at": head.created_at,
        "updated_at": head.updated_at,
        "etag": etags.etag(head.fence),
    }
