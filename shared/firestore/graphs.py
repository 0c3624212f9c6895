"""Graphs: a head, and the immutable versions under it.

Path: ``graphs/{id}`` and ``graphs/{id}/versions/{number}``; ids are random, or derived from an idempotency key.
Fields of a head: user_id, name, description, instructions, is_active, active_version, latest_version,
    definition_bytes (of the active version), is_favorite, folder_id, origin (map, of what its owner did not write),
    created_at, updated_at, schema_version.
Fields of a version: number, definition (JSON text ``{nodes, links}``: Firestore has no lists in lists), on_error,
    plan (zlib of JSON text), created_at, schema_version.
Queries and their indexes: of a user, newest first (user_id, created_at), of those the favourites (user_id,
    is_favorite, created_at) and those in a folder (user_id, folder_id, created_at), which merge where both are asked
    for; of one listing of the store, by user (origin.source, origin.listing_id, user_id). Versions are read by
    their numbers.
Hottest document: a head, written when its owner saves: far below one a second.
Pruned by: deletion of the graph, with its versions.
Size: ``MAX_DEFINITION_BYTES`` and ``MAX_VERSION_BYTES``, under Firestore's 1 MiB a document
    (https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields).
"""

import dataclasses
import functools
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import orjson
from google.api_core import exceptions
from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1._helpers import LastUpdateOption
from google.cloud.firestore_v1.base_query import FieldFilter
from pydantic import TypeAdapter

from shared.domain import errors, origins
from shared.domain.graph import Graph, GraphId, Link, Node, UserId
from shared.domain.origins import Origin, Source
from shared.domain.plan import Plan
from shared.firestore import commits
from shared.firestore.client import client, operation
from shared.firestore.version_cache import VersionCache

SCHEMA_VERSION = 1
MAX_DEFINITION_BYTES = 900_000
MAX_VERSION_BYTES = 1_040_000
MAX_BATCH = 400
MAX_CACHED_BYTES = 16_000_000
"""Of definitions as JSON text; parsed, they take about ten times as much memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What of a graph can change. ``folder_id``: of the library, "" where it is in none. ``origin``: None where its
    owner wrote it. ``fence``: the document's update_time, "" before it is written."""

    id: GraphId
    user_id: UserId
    name: str
    description: str
    instructions: str
    is_active: bool
    active_version: int
    latest_version: int
    definition_bytes: int
    created_at: datetime
    updated_at: datetime
    is_favorite: bool = False
    folder_id: str = ""
    origin: Origin | None = None
    fence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What is executed; never changes. ``size``: bytes of its definition."""

    graph_id: GraphId
    number: int
    graph: Graph
    plan: Plan
    created_at: datetime
    size: int
    by_id: Mapping[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {node.id: node for node in self.graph.nodes})

    def node(self, node_id: str) -> Node:
        """KeyError: the version has no such node."""
        return self.by_id[node_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Where a page begins: after this graph."""

    created_at: datetime
    id: str


_cache: VersionCache[Version] = VersionCache(MAX_CACHED_BYTES)


@functools.cache
def _plans() -> TypeAdapter[Plan]:
    """Built when a version is first read: most requests read none."""
    return TypeAdapter(Plan)


def definition(graph: Graph) -> bytes:
    """The JSON text that is kept of a version."""
    return orjson.dumps({"nodes": graph.nodes, "links": graph.links})


@operation
async def find(graph_id: str) -> Head | None:
    """The head of a graph, whoever owns it."""
    return _head(await _ref(graph_id).get()) if is_id(graph_id) else None


@operation
async def names(graph_ids: Sequence[str]) -> dict[str, str]:
    """What graphs are called, by their ids, in one call; those that are gone are left out."""
    refs = [_ref(one) for one in graph_ids]
    if not refs:
        return {}
    return {s.id: (s.to_dict() or {})["name"] async for s in client().get_all(refs, field_paths=["name"]) if s.exists}


@operation
async def list_of(
    user_id: UserId, after: After | None, limit: int, *, is_favorite: bool | None = None, folder_id: str | None = None
) -> list[Head]:
    """A user's graphs, newest first; of those the favourites, or those in a folder. Parts of others are left out."""
    query = client().collection("graphs").where(filter=FieldFilter("user_id", "==", user_id))
    for name, value in (("is_favorite", is_favorite), ("folder_id", folder_id)):
        query = query if value is None else query.where(filter=FieldFilter(name, "==", value))
    query = query.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    if after is not None:
        query = query.start_after({"created_at": after.created_at, "__name__": _ref(after.id)})
    listed: list[Head] = []
    while len(listed) < limit:
        page = [_head(snapshot) async for snapshot in query.limit(limit).stream()]
        heads = [head for head in page if head is not None]
        listed += [head for head in heads if origins.is_listed(head.origin)]
        if len(page) < limit:
            break
        query = query.start_after({"created_at": heads[-1].created_at, "__name__": _ref(heads[-1].id)})
    return listed[:limit]


@operation
async def holders(listing_id: str, after: str, limit: int) -> list[str]:
    """Ids of users who have added a listing of the store, in order, after one of them; as many as there are, or
    ``limit`` documents have."""
    query = (
        client()
        .collection("graphs")
        .where(filter=FieldFilter("origin.source", "==", Source.STORE))
        .where(filter=FieldFilter("origin.listing_id", "==", listing_id))
        .where(filter=FieldFilter("user_id", ">", after))
        .order_by("user_id")
        .select(["user_id"])
        .limit(limit)
    )
    return [str(snapshot.get("user_id")) async for snapshot in query.stream()]


@operation
async def create(head: Head, version: Version) -> bool:
    """Head and first version in one write. False: a graph of this id exists."""
    return await create_all([(head, version)])


@operation
async def create_all(made: Sequence[tuple[Head, Version]]) -> bool:
    """Several graphs with their first versions in one write: all, or none. False: one of these ids exists."""
    batch = client().batch()
    for head, version in made:
        batch.create(_ref(head.id), _encode_head(head))
        batch.create(_version_ref(head.id, version.number), _encode_version(version))
    return await _commit(batch)


@operation
async def add_version(head: Head, version: Version, parts: Sequence[tuple[Head, Version]] = ()) -> bool:
    """A new version, the head that names it, and new graphs that go with it. False: the head has changed since it was
    read."""
    batch = client().batch()
    batch.update(_ref(head.id), _encode_head(head), option=_unchanged(head))
    batch.create(_version_ref(head.id, version.number), _encode_version(version))
    for part, first in parts:
        batch.set(_ref(part.id), _encode_head(part))
        batch.set(_version_ref(part.id, first.number), _encode_version(first))
    return await _commit(batch)


@operation
async def find_added(user_id: str, listing_id: str) -> str | None:
    """The id of the copy of an agent of the store that a user has."""
    query = client().collection("graphs").where(filter=FieldFilter("origin.source", "==", Source.STORE))
    query = query.where(filter=FieldFilter("origin.listing_id", "==", listing_id))
    query = query.where(filter=FieldFilter("user_id", "==", user_id)).order_by("user_id").limit(1)
    return next(iter([snapshot.id async for snapshot in query.select([]).stream()]), None)


@operation
async def forget_creator(user_id: str, limit: int) -> int:
    """Take somebody who is gone out of the origins of graphs that others have made of theirs, ``limit`` at a time;
    how many there were. Who has read a head before and writes it afterwards finds that it has changed."""
    query = client().collection("graphs").where(filter=FieldFilter("origin.creator_id", "==", user_id))
    found = [s.reference async for s in query.order_by("user_id").select([]).limit(limit).stream()]
    batch = client().batch()
    for reference in found:
        batch.update(reference, {"origin.creator_id": "", "origin.creator_name": ""})
    if found:
        await batch.commit()
    return len(found)


@operation
async def update(head: Head) -> bool:
    """False: the head has changed since it was read."""
    batch = client().batch()
    batch.update(_ref(head.id), _encode_head(head), option=_unchanged(head))
    return await _commit(batch)


@operation
async def delete(head: Head) -> bool:
    """The graph with all its versions. False: it has changed since it was read.

    Old versions beyond one write go first, and the head with the rest in the last: dying between leaves a graph
    that still works, and can be deleted again."""
    numbers = [n for n in range(1, head.latest_version + 1) if n != head.active_version]
    while len(numbers) > MAX_BATCH:
        first, numbers = numbers[:MAX_BATCH], numbers[MAX_BATCH:]
        batch = client().batch()
        for number in first:
            batch.delete(_version_ref(head.id, number))
        await _commit(batch)
    batch = client().batch()
    batch.delete(_ref(head.id), option=_unchanged(head))
    for number in [*numbers, head.active_version]:
        batch.delete(_version_ref(head.id, number))
    return await _commit(batch)


async def get_version(graph_id: str, number: int) -> Version:
    """One version, out of this instance's memory where it has been read before. NotFound."""
    return (await get_versions([(graph_id, number)]))[0]


async def get_versions(wanted: Sequence[tuple[str, int]]) -> list[Version]:
    """Several, in order. NotFound names the first that is missing."""
    found = await find_versions(wanted)
    for (graph_id, number), version in zip(wanted, found, strict=True):
        if version is None:
            raise _no_version(graph_id, number)
    return [version for version in found if version is not None]


@operation
async def find_versions(wanted: Sequence[tuple[str, int]]) -> list[Version | None]:
    """Several, in order, None for those that are not there; what is not in memory is read in one call."""
    found = {key: version for key in wanted if (version := _cache.find(key)) is not None}
    missing = [_version_ref(*key) for key in wanted if key not in found]
    if missing:
        async for snapshot in client().get_all(missing):
            if (version := _version(snapshot)) is not None:
                key = (str(version.graph_id), version.number)
                found[key] = version
                _cache.keep(key, version, version.size)
    return [found.get(key) for key in wanted]


async def list_versions(head: Head, below: int | None, limit: int) -> list[Version]:
    """The versions of a graph under the number ``below``, newest first."""
    newest = head.latest_version if below is None else min(below - 1, head.latest_version)
    numbers = range(newest, max(0, newest - limit), -1)
    return await get_versions([(head.id, number) for number in numbers])


async def _commit(batch: firestore.AsyncWriteBatch) -> bool:
    try:
        await batch.commit()
    except (exceptions.FailedPrecondition, exceptions.NotFound, exceptions.AlreadyExists):
        return False
    return True


def _unchanged(head: Head) -> LastUpdateOption:
    return LastUpdateOption(commits.timestamp(head.fence).timestamp_pb())


def is_id(text: str) -> bool:
    """Whether a document may have this id
    (https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields)."""
    return 0 < len(text) <= 128 and "/" not in text and text.strip(".") != "" and not text.startswith("__")


def _no_version(graph_id: str, number: int) -> errors.NotFound:
    return errors.NotFound(
        f"The graph {graph_id} has no version {number}.",
        reason="VERSION_NOT_FOUND",
        metadata={"graph_id": graph_id, "version": str(number)},
    )


def _ref(graph_id: str) -> firestore.AsyncDocumentReference:
    return client().collection("graphs").document(graph_id)


def _version_ref(graph_id: str, number: int) -> firestore.AsyncDocumentReference:
    return _ref(graph_id).collection("versions").document(str(number))


def _encode_head(head: Head) -> dict[str, Any]:
    fields = {f.name: getattr(head, f.name) for f in dataclasses.fields(head) if f.name not in ("id", "fence")}
    origin = dataclasses.asdict(head.origin) if head.origin else None
    return {**fields, "origin": origin, "schema_version": SCHEMA_VERSION}


def _head(snapshot: firestore.DocumentSnapshot[Any]) -> Head | None:
    if not snapshot.exists:
        return None
    data: dict[str, Any] = snapshot.to_dict() or {}
    data.pop("schema_version")
    kept: dict[str, Any] | None = data.pop("origin", None)
    origin = Origin(source=Source(kept.pop("source")), **kept) if kept else None
    return Head(id=GraphId(snapshot.id), fence=commits.fence_of(snapshot.update_time), origin=origin, **data)


def version_bytes(version: Version) -> int:
    """The size of a version's document, nearly."""
    return version.size + len(_packed_plan(version.plan)) + 200


def _packed_plan(plan: Plan) -> bytes:
    return zlib.compress(orjson.dumps(plan, default=sorted))


def _encode_version(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "definition": definition(version.graph).decode(),
        "on_error": version.graph.on_error,
        "plan": _packed_plan(version.plan),
        "created_at": version.created_at,
        "schema_version": SCHEMA_VERSION,
    }


def _version(snapshot: firestore.DocumentSnapshot[Any]) -> Version | None:
    if not snapshot.exists:
        return None
    data: dict[str, Any] = snapshot.to_dict() or {}
    text = data["definition"].encode()
    parts = orjson.loads(text)
    return Version(
        graph_id=GraphId(cast(str, snapshot.reference.parent.parent.id)),
        number=data["number"],
        graph=Graph(
            nodes=[Node(**node) for node in parts["nodes"]],
            links=[Link(**link) for link in parts["links"]],
            on_error=data["on_error"],
        ),
        plan=_plans().validate_json(zlib.decompress(data["plan"])),
        created_at=data["created_at"],
        size=len(text),
    )
