"""How does an agent of the store come into a library, and how is it brought up to date?

What was published is a frozen copy; what is added is a copy of that, with its sub-agents: graphs of the user who
added it, which run for them, with their credentials, whatever becomes of the listing (ADR 0054). Only an update
changes it, and each update is a version of it.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from shared.domain import errors, identity
from shared.domain.fields import Fields
from shared.domain.graph import GraphId
from shared.domain.origins import Origin, Source
from shared.domain.permissions import Caller
from shared.domain.store import Listing
from shared.firestore import graphs
from shared.firestore.graphs import Head, Version
from shared.services import bodies, browsing, etags, forking, interop, library, ratings
from shared.services import graphs as graph_service
from shared.services.world import World

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a listing offers now. ``file``: the frozen copy, as an import takes it."""

    listing: Listing
    file: Resource


def id_of(user_id: str, listing: Listing) -> str:
    """Of a copy of what a listing offers now: who deletes it and adds another version later gets another id, since
    versions are kept in the memory of instances for ever."""
    return identity.derive("library", user_id, listing.id, str(listing.version))


async def add(world: World, caller: Caller, raw: Any) -> Resource:
    """The agent of a listing, in its published version, which is a download of it. One that is there already stays
    as it is. NotFound: there is no such listing in the store."""
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("listing_id",))
    listing_id = fields.text(body, "listing_id", least=1, most=128)
    bodies.refuse(fields, "The request is")
    found = await graphs.find_added(caller.user_id, listing_id)
    if found is not None:
        return await library.get(caller, found)
    published = await _published(listing_id)
    id_ = id_of(caller.user_id, published.listing)
    _, made = await interop.build(caller, published.file, id_)
    await graphs.create_all(_as_added(made, published))
    await ratings.count_download(world, caller.user_id, listing_id, published.listing.version)
    return await library.get(caller, id_)


async def update(caller: Caller, graph_id: str, expected: frozenset[str] | None) -> Resource:
    """The version that the store offers now, as a new version of the agent. One that has it already stays as it is.
    NotFound; Conflict: it was not added from the store; EtagMismatch."""
    for _ in range(etags.ATTEMPTS):
        old = await graph_service.owned(caller, graph_id)
        etags.check(expected, etags.etag(old.fence), f"the agent {graph_id}")
        if old.origin is None or old.origin.source is not Source.STORE:
            raise errors.Conflict(
                f"The agent {graph_id} was not added from the store; only such ones are updated.",
                reason="NOT_FROM_STORE",
                metadata={"graph_id": graph_id},
            )
        published = await _published(old.origin.listing_id)
        if published.listing.version <= old.origin.version:
            return await library.get(caller, graph_id)
        head, version, parts = await _updated(caller, old, old.origin, published)
        if await graphs.add_version(head, version, parts):
            return await library.get(caller, graph_id)
    raise etags.contended(f"the agent {graph_id}")


async def _updated(
    caller: Caller, old: Head, before: Origin, published: Published
) -> tuple[Head, Version, list[tuple[Head, Version]]]:
    """The agent with a version more, and its new parts; those of versions before stay, for executions of these."""
    salt = f"version {published.listing.version}"
    _, made = await interop.build(caller, published.file, old.id, salt)
    (root, version), *parts = _as_added(made, published)
    assert root.origin is not None
    number = old.latest_version + 1
    head = dataclasses.replace(
        old,
        name=root.name,
        description=root.description,
        instructions=root.instructions,
        active_version=number,
        latest_version=number,
        definition_bytes=version.size,
        origin=dataclasses.replace(root.origin, parts=(*before.parts, *root.origin.parts)),
        updated_at=root.updated_at,
    )
    return head, dataclasses.replace(version, graph_id=GraphId(old.id), number=number), parts


async def _published(listing_id: str) -> Published:
    listing = await browsing.published(listing_id)
    release = await browsing.release(listing_id, listing.version)
    return Published(listing=listing, file=await browsing.file_of(release))


def _as_added(made: list[tuple[Head, Version]], published: Published) -> list[tuple[Head, Version]]:
    """Under the name and with the description that the store has."""
    card = published.listing.card
    return forking.with_origin(made, _origin(published), card.title, card.description)


def _origin(published: Published) -> Origin:
    listing = published.listing
    return Origin(
        source=Source.STORE,
        listing_id=listing.id,
        version=listing.version,
        title=listing.card.title,
        creator_id=listing.creator.id,
        creator_name=listing.creator.name,
    )
