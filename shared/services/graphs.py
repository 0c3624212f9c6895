"""What may be done with graphs? Save, read, change, list, delete: each for its owner only.

A graph of another user is as absent as one that never was: NotFound, before anything else is said of it.
"""

import asyncio
import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from shared import clock
from shared.blocks import catalog
from shared.domain import analysis, errors, origins, validation
from shared.domain.fields import Fields
from shared.domain.graph import Graph, GraphId
from shared.domain.permissions import Caller
from shared.domain.validation import Checked
from shared.firestore import executions, graphs, presets, schedules, triggers, webhooks
from shared.firestore.graphs import After, Head, Version
from shared.services import audit, bodies, etags, graph_views, memory, paging, texts, withdrawing, world

MAX_NAME = 200
MAX_TEXT = 20_000

WRITABLE = frozenset({"name", "description", "instructions", "nodes", "links", "on_error", "is_active"})
"""What a body that makes a version may say. What else a read graph has is taken and ignored, so that it can be sent
back; anything else is refused."""
CHANGEABLE = frozenset({"name", "description", "instructions", "is_active", "active_version"})

_KNOWN = WRITABLE | graph_views.READ_ONLY

Raw = Mapping[str, Any]
Resource = dict[str, Any]


async def create(caller: Caller, raw: Any, graph_id: str) -> Resource:
    """Save a new graph as version 1 and return it. InvalidArgument with every violation. A graph of this id that
    is the caller's already was made by this very request, before its answer was lost: it is returned."""
    head, version = await build(caller, raw, graph_id)
    if not await graphs.create(head, version):
        return await get(caller, graph_id)
    return await _read(caller, graph_id)


async def build(caller: Caller, raw: Any, graph_id: str) -> tuple[Head, Version]:
    """A new graph and its version 1, not saved. InvalidArgument with every violation."""
    body = bodies.read(raw)
    fields = Fields()
    fields.only(body, _KNOWN)
    head = _texts(fields, body, _blank(caller, graph_id))
    head = dataclasses.replace(head, is_active=fields.flag(body, "is_active", default=True))
    version = await _checked(fields, body, head.id, 1)
    return dataclasses.replace(head, definition_bytes=version.size), version


async def get(caller: Caller, graph_id: str) -> Resource:
    """The graph in its active version."""
    return await _read(caller, graph_id)


async def list_of(
    caller: Caller, size: int, cursor: tuple[datetime, str] | None
) -> tuple[list[Resource], tuple[datetime, str] | None]:
    """A page, newest first, and the cursor of the next: ``created_at`` and id."""
    after = After(created_at=cursor[0], id=cursor[1]) if cursor else None
    heads = await graphs.list_of(caller.user_id, after, size + 1)
    shown = heads[: paging.fitting([head.definition_bytes for head in heads[:size]])]
    versions = await graphs.find_versions([(head.id, head.active_version) for head in shown])
    # A graph without its version has just been deleted.
    both = [(head, version) for head, version in zip(shown, versions, strict=True) if version]
    items, following = await paging.fill(both, size, _listed, lambda one: _after(one[0]))
    return items, following or (_after(shown[-1]) if len(heads) > len(shown) else None)


async def _listed(both: tuple[Head, Version]) -> Resource:
    return graph_views.resource(*both)


def _after(head: Head) -> tuple[datetime, str]:
    return head.created_at, head.id


async def replace(caller: Caller, graph_id: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    """Save a new version, make it the active one, and return the graph. What ``raw`` says of name, description,
    instructions and is_active changes with it. InvalidArgument; EtagMismatch."""
    body = bodies.read(raw)
    for _ in range(etags.ATTEMPTS):
        old = writable(await _owned(caller, graph_id, expected))
        fields = Fields()
        fields.only(body, _KNOWN)
        head = _change(fields, body, old)
        version = await _checked(fields, body, old.id, old.latest_version + 1)
        number = version.number
        head = dataclasses.replace(head, active_version=number, latest_version=number, definition_bytes=version.size)
        if await graphs.add_version(head, version):
            return await _read(caller, graph_id)
    raise etags.contended(f"the graph {graph_id}")


async def update(caller: Caller, graph_id: str, raw: Any, expected: frozenset[str] | None) -> Resource:
    """Change name, description, instructions, is_active, active_version. InvalidArgument; EtagMismatch."""
    body = bodies.read(raw)
    for _ in range(etags.ATTEMPTS):
        old = await _owned(caller, graph_id, expected)
        fields = Fields()
        for name in ("nodes", "links", "on_error"):
            if name in body:
                fields.wrong(name, "A version never changes; PUT the graph to make a new one.")
        fields.only(body, CHANGEABLE | {"nodes", "links", "on_error"})
        head = _change(fields, body, old)
        number = fields.integer(body, "active_version", least=1, most=old.latest_version)
        _refuse(fields)
        if number is not None and number != old.active_version:
            writable(old)
            version = await graphs.get_version(graph_id, number)
            head = dataclasses.replace(head, active_version=number, definition_bytes=version.size)
        if await graphs.update(head):
            return await _read(caller, graph_id)
    raise etags.contended(f"the graph {graph_id}")


async def delete(caller: Caller, graph_id: str, expected: frozenset[str] | None) -> None:
    """Delete the graph, its versions and what it remembers, that first: what a death leaves, the next call deletes.
    Conflict while executions run; EtagMismatch.

    An execution that starts between the question and the deletion runs to its end in instances that hold the
    version, and fails in others."""
    for _ in range(etags.ATTEMPTS):
        head = await _owned(caller, graph_id, expected)
        if not origins.is_listed(head.origin):
            writable(head)
        if await executions.has_active(graph_id):
            raise errors.Conflict(
                f"Executions of the graph {graph_id} are running; cancel them, or wait for their end.",
                reason="GRAPH_IN_USE",
                metadata={"graph_id": graph_id},
            )
        await withdrawing.end_of_graph(world.real(), caller, graph_id)
        await webhooks.documents.erase(caller.user_id, graph_id=graph_id)
        await triggers.documents.erase(caller.user_id, graph_id=graph_id)
        await schedules.documents.erase(caller.user_id, graph_id=graph_id)
        await presets.documents.erase(caller.user_id, graph_id=graph_id)
        await memory.erase(caller.user_id, graph_id)
        for part in head.origin.parts if head.origin else ():
            if (found := await graphs.find(part)) is not None and found.user_id == caller.user_id:
                await graphs.delete(found)
        if await graphs.delete(head):
            return
    raise etags.contended(f"the graph {graph_id}")


async def list_versions(
    caller: Caller, graph_id: str, size: int, cursor: int | None
) -> tuple[list[Resource], int | None]:
    """A page of versions, newest first, and the cursor of the next: a number."""
    head = await _owned(caller, graph_id)
    found = await graphs.list_versions(head, cursor, size)

    async def view(version: Version) -> Resource:
        return graph_views.version(head, version)

    items, following = await paging.fill(found, size, view, lambda version: version.number)
    oldest = found[-1].number if found else 1
    return items, following or (oldest if oldest > 1 else None)


async def get_version(caller: Caller, graph_id: str, number: int) -> Resource:
    """One version of a graph. NotFound."""
    head = await _owned(caller, graph_id)
    if not 1 <= number <= head.latest_version:
        raise errors.NotFound(f"The graph {graph_id} has no version {number}.", reason="VERSION_NOT_FOUND")
    return graph_views.version(head, await graphs.get_version(graph_id, number))


async def validate(raw: Any) -> Resource:
    """``{valid, violations, problems, input_schema, output_schema, credentials_schema}`` of a graph that is not
    saved. ``valid``: saving it would not be refused; ``problems``: why it could not be executed yet."""
    body = bodies.read(raw)
    fields = Fields()
    fields.only(body, _KNOWN)
    _texts(fields, body, _blank(None, "new"))
    checked = await asyncio.to_thread(_check, body)
    violations = [*fields.violations, *checked.violations]
    if not violations:
        fields = Fields()
        version = await _checked(fields, body, GraphId("new"), 1)
        return {"valid": True, "violations": [], **graph_views.computed(version)}
    listed = [{"field": one.field, "description": one.description} for one in violations]
    return {"valid": False, "violations": listed, **graph_views.NOTHING_COMPUTED}


def writable(head: Head) -> Head:
    """Conflict: it is a copy of another's work."""
    if origins.is_frozen(head.origin):
        raise errors.Conflict(
            f"The graph {head.id} is a copy out of the store, which only updates change; fork it first, by "
            f"POST /api/v1/library/agents/{head.id}/fork.",
            reason="GRAPH_READ_ONLY",
            metadata={"graph_id": head.id},
        )
    return head


async def owned(caller: Caller, graph_id: str) -> Head:
    """The head of a graph of the caller's. NotFound."""
    return await _owned(caller, graph_id)


async def _owned(caller: Caller, graph_id: str, expected: frozenset[str] | None = None) -> Head:
    head = await graphs.find(graph_id)
    if head is not None and head.user_id != caller.user_id:
        audit.suspect("graph", graph_id)
    if head is None or head.user_id != caller.user_id:
        raise errors.NotFound(
            f"There is no graph {graph_id} of yours.", reason="GRAPH_NOT_FOUND", metadata={"graph_id": graph_id}
        )
    etags.check(expected, etags.etag(head.fence), f"the graph {graph_id}")
    return head


async def _read(caller: Caller, graph_id: str) -> Resource:
    head = await _owned(caller, graph_id)
    return graph_views.resource(head, await graphs.get_version(graph_id, head.active_version))


def _blank(caller: Caller | None, graph_id: str) -> Head:
    now = clock.now()
    return Head(
        id=GraphId(graph_id),
        user_id=caller.user_id if caller else cast(Any, ""),
        name="",
        description="",
        instructions="",
        is_active=True,
        active_version=1,
        latest_version=1,
        definition_bytes=0,
        created_at=now,
        updated_at=now,
    )


def _change(fields: Fields, body: Raw, old: Head) -> Head:
    """``old`` with what the body says of it; what it does not mention stays."""
    kept = {name: getattr(old, name) for name in ("name", "description", "instructions")}
    given = {name: value for name, value in body.items() if value is not None}
    head = _texts(fields, {**kept, **given}, old)
    return dataclasses.replace(
        head, is_active=fields.flag(body, "is_active", default=old.is_active), updated_at=clock.now()
    )


def _texts(fields: Fields, body: Raw, head: Head) -> Head:
    name = texts.plain(fields.text(body, "name", least=1, most=MAX_NAME))
    if not name and not any(one.field == "name" for one in fields.violations):
        fields.wrong("name", "It is empty, or has nothing but HTML.")
    return dataclasses.replace(
        head,
        name=name,
        description=texts.rich(fields.text(body, "description", most=MAX_TEXT, lines=True)),
        instructions=texts.rich(fields.text(body, "instructions", most=MAX_TEXT, lines=True)),
    )


async def _checked(fields: Fields, body: Raw, graph_id: GraphId, number: int) -> Version:
    """The version in a body. InvalidArgument with what ``fields`` found before, too."""
    checked = await asyncio.to_thread(_check, body)
    fields.violations.extend(checked.violations)
    _refuse(fields)
    version = await asyncio.to_thread(_version, checked.graph, graph_id, number)
    if version.size > graphs.MAX_DEFINITION_BYTES:
        fields.wrong(
            "nodes", f"Nodes and links have {version.size} bytes of JSON; {graphs.MAX_DEFINITION_BYTES} is the limit."
        )
    elif (size := graphs.version_bytes(version)) > graphs.MAX_VERSION_BYTES:
        fields.wrong("nodes", f"The version with its plan has {size} bytes; {graphs.MAX_VERSION_BYTES} is the limit.")
    _refuse(fields)
    return version


def _check(body: Raw) -> Checked:
    return validation.check(body, catalog.specs(), clock.random_id)


def _version(graph: Graph, graph_id: GraphId, number: int) -> Version:
    return Version(
        graph_id=graph_id,
        number=number,
        graph=graph,
        plan=analysis.analyse(graph, catalog.specs()),
        created_at=clock.now(),
        size=len(graphs.definition(graph)),
    )


def _refuse(fields: Fields) -> None:
    if fields.violations:
        raise errors.invalid("The graph is not valid", fields.violations, reason="INVALID_GRAPH")
