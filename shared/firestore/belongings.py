"""What belongs to a user? One entry for each collection: how it is found, what is told of it, when it goes.

The export of an account, its deletion, and the tests of both read this table alone. A collection of
``shared/firestore`` that is neither in ``BELONGINGS`` nor in ``OF_NOBODY`` fails ``tests/style/test_belongings.py``.

A new collection: give its documents ``user_id``, and add an entry. ``told`` is what its user may see of it; leave out
what is secret (hashes, sealed values) and what only machinery needs. If documents lie under its documents, name
those collections in ``under``. If objects of the bucket belong to it, name their prefix in ``OBJECTS``. If others
refer to it (a rating that is counted somewhere), add an eraser to ``shared/services/erasing.py``.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.cloud.firestore_v1.base_query import FieldFilter

from shared.firestore.client import client, operation

MAX_BATCH = 300
_PAGE = 100

BY_NAME = ""
"""Instead of a field: the document's own name is the id of its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A document of a user. ``reference``: for ``under``."""

    id: str
    fields: Mapping[str, Any]
    reference: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """``by``: the field that holds the id of the user. ``told``: fields that an export has. ``texts``: those of them
    that hold JSON as text. ``under``: collections under its documents -> their fields that are told. ``at_once``: it
    lets somebody in or makes something run, so it goes in the very call that deletes the account."""

    collection: str
    by: str = "user_id"
    told: tuple[str, ...]
    texts: tuple[str, ...] = ()
    under: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    at_once: bool = False


def names(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


BELONGINGS = (
    Belonging(
        collection="api_keys",
        told=names("name scopes expires_at last_used_at created_at updated_at"),
        at_once=True,
    ),
    Belonging(
        collection="credentials",
        told=names("provider kind title host scopes expires_at created_at updated_at"),
        at_once=True,
    ),
    Belonging(collection="oauth_states", told=names("provider scopes title expires_at"), at_once=True),
    Belonging(
        collection="webhooks",
        told=names("graph_id provider name input_name input_data is_active created_at updated_at"),
        texts=("input_data",),
        under={"events": ()},
        at_once=True,
    ),
    Belonging(
        collection="schedules",
        told=names(
            "graph_id name cron timezone input_data starts_at ends_at catch_up overlap state next_at "
            "last_at created_at updated_at"
        ),
        texts=("input_data",),
        under={"occurrences": names("at result message execution_id missed")},
        at_once=True,
    ),
    Belonging(
        collection="triggers",
        told=names(
            "graph_id kind name source every_minutes max_items input_name input_data state failures last_error"
        )
        + names("last_polled_at last_item_at created_at updated_at"),
        texts=("source", "input_data"),
        under={"items": names("at title result message execution_id")},
        at_once=True,
    ),
    Belonging(
        collection="presets",
        told=names("graph_id name description input_data credentials created_at updated_at"),
        texts=("input_data",),
    ),
    Belonging(collection="folders", told=names("name created_at updated_at")),
    Belonging(
        collection="shares",
        told=names("execution_id title with_inputs expires_at created_at"),
        at_once=True,
    ),
    Belonging(
        collection="reviews",
        told=names("execution_id graph_id node_id name data status message created_at decided_at"),
        texts=("data",),
    ),
    Belonging(
        collection="executions",
        told=names(
            "graph_id graph_version status queue constants output error node_counts cost retry_of "
            "created_at started_at completed_at"
        ),
        texts=names("constants output inputs outputs decision"),
        under={
            "nodes": names(
                "node_id block_type status inputs outputs attempts error cost decision created_at "
                "started_at completed_at"
            ),
            "tokens": (),
            "pieces": (),
        },
    ),
    Belonging(
        collection="files",
        told=names("name status size content_type reason message scanned sha256 execution_id expires_at created_at")
        + names("updated_at"),
    ),
    Belonging(
        collection="devices",
        told=names("name created_at updated_at"),
        at_once=True,
    ),
    Belonging(
        collection="outgoing_webhooks",
        told=names("url name kinds is_active created_at updated_at"),
        at_once=True,
    ),
    Belonging(
        collection="notification_settings",
        told=names("channels frequency hour weekday timezone created_at updated_at"),
        at_once=True,
    ),
    Belonging(
        collection="deliveries",
        told=names("channel content state attempts message created_at updated_at"),
        texts=("content",),
        at_once=True,
    ),
    Belonging(collection="ended", told=()),
    Belonging(collection="statistics", told=names("graph_id days")),
    Belonging(collection="notifications", told=names("kind details at created_at"), texts=("details",)),
    Belonging(collection="charges", told=names("month nano_dollars held node_executions created_at")),
    Belonging(collection="usage_months", told=names("month nano_dollars node_executions charges updated_at")),
    Belonging(collection="allowances", by=BY_NAME, told=names("monthly node_executions credit month updated_at")),
    Belonging(collection="memory", told=names("graph_id key value updated_at"), texts=("value",)),
    Belonging(collection="vectors", told=names("graph_id text metadata created_at"), texts=("metadata",)),
    Belonging(collection="node_cache", told=()),
    Belonging(collection="ratings", told=names("listing_id stars comment created_at updated_at")),
    Belonging(collection="downloads", told=names("listing_id version created_at")),
    Belonging(
        collection="submissions",
        told=names("listing_id graph_id graph_version status title description category tags media_urls changes")
        + names("version reason created_at reviewed_at"),
        under={"parts": ()},
    ),
    Belonging(
        collection="listings",
        told=names("graph_id status title description category tags media_urls version featured downloads")
        + names("rating_count rating_sum created_at updated_at published_at"),
        under={"releases": names("number title changes published_at")},
    ),
    Belonging(
        collection="graphs",
        told=names("name description instructions is_active active_version latest_version created_at updated_at")
        + names("is_favorite folder_id origin"),
        under={"versions": names("number definition on_error created_at")},
        texts=("definition",),
    ),
    Belonging(collection="idempotency", told=()),
    Belonging(collection="users", by=BY_NAME, told=names("email name picture role created_at updated_at")),
)
"""In the order in which they go: what others need to be taken apart goes after them, the user last."""

OF_NOBODY: Mapping[str, str] = {
    "shelves": "the catalogue of the store; an entry goes with its listing, by an eraser",
    "audit": "it stays: who did what is on record for 400 days, whatever becomes of the account",
    "deletions": "it says which accounts are being deleted, and goes with the last of each",
    "flags": "the deployment's; a user who is named in one is taken out by an eraser",
    "outbox": "messages on their way, gone when they are published, in minutes at most",
    "rate_limits": "counts of an hour under a hash, pruned by TTL",
    "recoveries": "figures of the whole deployment",
    "health": "nothing is ever written to it; it is read to see whether the database answers",
}
"""Collection -> why a deleted account leaves it alone."""

OBJECTS: tuple[str, ...] = ()
"""Prefixes of the bucket under which objects of a user lie, with ``{user_id}``. Those of executions go with them."""


def of(collection: str) -> Belonging:
    return next(one for one in BELONGINGS if one.collection == collection)


@operation
async def page(one: Belonging, user_id: str, after: str | None) -> list[Found]:
    """Documents of a user, by their names; ``after``: the last one seen."""
    collection = client().collection(one.collection)
    if one.by == BY_NAME:
        snapshot = await collection.document(user_id).get()
        return [_found(snapshot)] if snapshot.exists and after is None else []
    query = collection.where(filter=FieldFilter(one.by, "==", user_id)).order_by("__name__").limit(_PAGE)
    if after is not None:
        query = query.start_after({"__name__": collection.document(after)})
    return [_found(snapshot) async for snapshot in query.stream()]


async def under(parent: Found, name: str) -> AsyncIterator[Found]:
    """The documents of a collection under a document, by their names."""
    collection = parent.reference.collection(name)
    after: str | None = None
    while found := await _under(collection, after):
        for snapshot in found:
            yield snapshot
        after = found[-1].id


@operation
async def _under(collection: Any, after: str | None) -> list[Found]:
    query = collection.order_by("__name__").limit(_PAGE)
    query = query.start_after({"__name__": collection.document(after)}) if after is not None else query
    return [_found(snapshot) async for snapshot in query.stream()]


def _found(snapshot: Any) -> Found:
    return Found(id=snapshot.id, fields=snapshot.to_dict() or {}, reference=snapshot.reference)


@operation
async def erase(one: Belonging, user_id: str) -> int:
    """Delete some documents of a user, with all that lies under them; how many documents went. 0: there is none."""
    if one.by == BY_NAME:
        return await _erase_named(one, user_id)
    query = client().collection(one.collection).where(filter=FieldFilter(one.by, "==", user_id))
    found = [snapshot.reference async for snapshot in query.select([]).limit(MAX_BATCH).stream()]
    for reference in found if one.under else ():
        for name in one.under:
            gone = await _erase_under(reference, name)
            if gone == MAX_BATCH:
                return gone  # there may be more under it: it stays until it has nothing under it
    await _delete(found)
    return len(found)


async def _erase_named(one: Belonging, user_id: str) -> int:
    reference = client().collection(one.collection).document(user_id)
    found = (await reference.get(field_paths=[])).exists
    if found:
        await reference.delete()
    return int(found)


async def _erase_under(reference: Any, name: str) -> int:
    query = reference.collection(name).select([]).limit(MAX_BATCH)
    found = [snapshot.reference async for snapshot in query.stream()]
    await _delete(found)
    return len(found)


async def _delete(references: Sequence[Any]) -> None:
    batch = client().batch()
    for reference in references:
        batch.delete(reference)
    if references:
        await batch.commit()
