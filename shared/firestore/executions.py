"""Executions: one document a run of a graph.

Path: ``executions/{id}``; id random, or derived from an idempotency key.
Fields: user_id, graph_id, graph_version, status, queue, active, occupies, waits, constants, absent, created_at,
    started_at, completed_at, due_at, due_shard, output, error, node_counts, cost, stop, parent, depth,
    running_since, ran_seconds, retry_of, repairs, sources, copied, deleting, credentials (ids), schema_version.
Queries and their indexes: of a user, newest first (user_id, created_at); of a graph, newest first (user_id,
    graph_id, created_at); that occupy a user (user_id, occupies, created_at); that wait for their turn (user_id,
    waits, created_at); that share the values of one (sources; single field); unfinished of a graph
    (graph_id, active; merged from single fields); past due (due_shard, due_at).
Hottest document: four writes in its life: created, started, finished, announced; one more if it waits for its turn,
    two each time that all of it waits, and one for every ten minutes that it runs. A retry: one for each batch that
    it takes over, in a row.
Pruned by: deletion by its user.
Size: constants are JSON text of at most ``MAX_CONSTANTS`` bytes, the output one of at most ``MAX_OUTPUT``; more lies
    in the bucket, or is put together when it is read.
"""

import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import And, FieldFilter

from shared import caches
from shared.domain import identity
from shared.domain.records import Applied, Execution, Lost, Output, Parent, Stop, Written
from shared.domain.statuses import BEGINNING, Status, is_final
from shared.firestore import client, commits, values

SHARDS = 16
"""Over so many ranges of its index ``due_at`` is spread: one range takes about 500 writes a second
(https://cloud.google.com/firestore/docs/best-practices#hotspots)."""

MAX_TEXT = 700_000
MAX_CONSTANTS = 500_000
MAX_OUTPUT = 400_000
SWEEP_DUE = timedelta(minutes=1)
RUNNING_DUE = timedelta(minutes=10)
"""How often recovery asks whether a running execution has been left with nothing active."""
PAUSED_DUE = timedelta(days=1)
"""How often it asks that of one that only waits. What it waits for has a task, or a ``due_at``, of its own."""
_SCHEMA_VERSION = 1


def collection() -> firestore.AsyncCollectionReference:
    return client.client().collection("executions")


def ref(execution_id: str) -> firestore.AsyncDocumentReference:
    return collection().document(execution_id)


async def create(execution: Execution) -> Written:
    """Lost: an execution of this id exists."""
    made = await commits.commit(client.client(), [commits.Write(ref=ref(execution.id), data=encode(execution))])
    return made if isinstance(made, Lost) else Applied(made.update_times[0])


async def find(execution_id: str) -> Execution | None:
    return decode(await ref(execution_id).get())


@caches.immutable(size=1_000)
async def constants(execution_id: str) -> Mapping[str, Output] | None:
    """What its inputs are; written once, so an instance reads it once. None: there is no such execution."""
    execution = await find(execution_id)
    return execution.constants if execution else None


@caches.immutable(size=1_000)
async def credentials(execution_id: str) -> Mapping[str, str] | None:
    """What credentials it was started with; written once. None: there is no such execution."""
    execution = await find(execution_id)
    return execution.credentials if execution else None


async def is_over(execution_id: str) -> bool:
    """Whether it is final, or gone."""
    execution = await find(execution_id)
    return execution is None or is_final(execution.status)


async def update(
    execution_id: str, changes: Mapping[str, Any], fence: str, extra: Sequence[commits.Write] = ()
) -> Written:
    """Write fields on the state of ``fence``, and ``extra`` with them. Lost: it has changed, or is gone."""
    write = commits.Write(ref=ref(execution_id), data=dict(changes), fence=fence)
    made = await commits.commit(client.client(), [write, *extra])
    return made if isinstance(made, Lost) else Applied(made.update_times[0])


def started(now: datetime, due_at: datetime) -> dict[str, Any]:
    return {"status": Status.RUNNING, "started_at": now, "running_since": now, "due_at": due_at, **RELEASED}


RELEASED: Mapping[str, Any] = {"waits": firestore.DELETE_FIELD}
"""The fields of an execution whose turn has come: nobody else need look for it."""


def finished(execution: Execution) -> dict[str, Any]:
    """The fields of a final status; ``due_at`` stays until its event is published."""
    text = values.dump(execution.output)
    return {
        "status": execution.status,
        "active": False,
        "occupies": False,
        **RELEASED,
        "completed_at": execution.completed_at,
        "output": text if len(text.encode()) <= MAX_OUTPUT else None,
        "error": values.dump_failure(execution.error) if execution.error else None,
        "node_counts": dict(execution.node_counts),
        "cost": execution.cost,
        "due_at": execution.due_at,
    }


ANNOUNCED: Mapping[str, Any] = {"due_at": firestore.DELETE_FIELD, "due_shard": firestore.DELETE_FIELD}
"""The fields of an execution whose final event is published: nothing more is due."""


def deleting(execution_id: str, now: datetime) -> dict[str, Any]:
    """The fields of an execution that is being deleted; recovery looks soon whether it is gone."""
    return {"deleting": True, "due_at": now + SWEEP_DUE, "due_shard": identity.shard(execution_id, SHARDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a page begins: after this execution."""

    created_at: datetime
    id: str


async def list_of(user_id: str, graph_id: str | None, after: Page | None, limit: int) -> list[Execution]:
    """A user's, of one graph or all, newest first."""
    query = collection().where(filter=FieldFilter("user_id", "==", user_id))
    if graph_id is not None:
        query = query.where(filter=FieldFilter("graph_id", "==", graph_id))
    query = query.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
    if after is not None:
        query = query.start_after({"created_at": after.created_at, "__name__": ref(after.id)})
    return [e async for e in _decode_all(query.limit(limit).stream())]


async def count_before(user_id: str, created_at: datetime, id_: str) -> int:
    """How many executions that occupy the user were created before this one. One read a thousand."""
    query = (
        collection()
        .where(filter=FieldFilter("user_id", "==", user_id))
        .where(filter=FieldFilter("occupies", "==", True))
        .order_by("created_at")
        .order_by("__name__")
        .end_before({"created_at": created_at, "__name__": ref(id_)})
    )
    return await _count(query)


async def count_occupying(user_id: str) -> int:
    """How many of a user's executions run or wait for their turn."""
    query = collection().where(
        filter=And([FieldFilter("user_id", "==", user_id), FieldFilter("occupies", "==", True)])
    )
    return await _count(query)


async def next_waiting(user_id: str) -> Execution | None:
    """The user's first execution, by creation, that waits for its turn."""
    query = (
        collection()
        .where(filter=FieldFilter("user_id", "==", user_id))
        .where(filter=FieldFilter("waits", "==", True))
        .order_by("created_at")
        .order_by("__name__")
        .limit(1)
    )
    found = await query.get()
    return decode(found[0]) if found else None


async def is_released(execution_id: str) -> bool:
    """Whether it has been let go, and has not started."""
    fields = (await ref(execution_id).get(["status", "waits"])).to_dict() or {}
    return fields.get("status") in BEGINNING and not fields.get("waits", False)


async def sharing(execution_id: str) -> list[Execution]:
    """Those that may refer to values that are stored under another one's id, except those that are being deleted."""
    query = collection().where(filter=FieldFilter("sources", "array_contains", execution_id))
    return [e async for e in _decode_all(query.stream()) if not e.deleting]


async def remove(execution_id: str) -> None:
    """The last of a deletion."""
    await ref(execution_id).delete()


async def has_active(graph_id: str) -> bool:
    """Whether an execution of the graph is not final."""
    query = collection().where(
        filter=And([FieldFilter("graph_id", "==", graph_id), FieldFilter("active", "==", True)])
    )
    return bool(await query.select(["__name__"]).limit(1).get())


async def due(shard: int, now: datetime, limit: int) -> list[Execution]:
    """Executions of a shard that are past due, the longest first."""
    query = (
        collection()
        .where(filter=FieldFilter("due_shard", "==", shard))
        .where(filter=FieldFilter("due_at", "<=", now))
        .order_by("due_at")
        .limit(limit)
    )
    return [e async for e in _decode_all(query.stream())]


async def _count(query: firestore.AsyncQuery) -> int:
    results = await query.count().get()
    return int(results[0][0].value)


async def _decode_all(snapshots: Any) -> AsyncIterator[Execution]:
    async for snapshot in snapshots:
        execution = decode(snapshot)
        if execution is not None:
            yield execution


def stopping(stop: Stop, now: datetime) -> dict[str, Any]:
    """The fields of a request to stop; the first one stays. Recovery looks soon whether its sweep was finished."""
    return {"stop": {"status": stop.status, "failure": values.dump_failure(stop.failure)}, "due_at": now + SWEEP_DUE}


def paused(status: Status, ran_seconds: float, now: datetime) -> dict[str, Any]:
    """Everything active waits: the wall time rests, and another execution of the user may run."""
    return {
        "status": status,
        "occupies": False,
        "ran_seconds": ran_seconds,
        "running_since": firestore.DELETE_FIELD,
        "due_at": now + PAUSED_DUE,
    }


def resumed(execution: Execution, now: datetime) -> dict[str, Any]:
    return {
        "status": Status.RUNNING,
        "occupies": execution.parent is None,
        "running_since": now,
        "due_at": now + RUNNING_DUE,
    }


def _stop(fields: Mapping[str, Any] | None) -> Stop | None:
    failure = values.load_failure(fields["failure"]) if fields else None
    return Stop(status=Status(fields["status"]), failure=failure) if fields and failure else None


def encode(execution: Execution) -> dict[str, Any]:
    return {
        "schema_version": _SCHEMA_VERSION,
        "user_id": execution.user_id,
        "graph_id": execution.graph_id,
        "graph_version": execution.graph_version,
        "status": execution.status,
        "queue": execution.queue,
        "active": True,
        "occupies": execution.parent is None,
        **({"waits": True} if execution.parent is None else {}),
        "constants": values.dump_constants(execution.constants),
        "absent": list(execution.absent),
        "created_at": execution.created_at,
        "due_at": execution.due_at,
        "due_shard": identity.shard(execution.id, SHARDS),
        "depth": execution.depth,
        **({"parent": dataclasses.asdict(execution.parent)} if execution.parent else {}),
        **(_retry(execution) if execution.retry_of else {}),
        **({"credentials": dict(execution.credentials)} if execution.credentials else {}),
    }


def _retry(execution: Execution) -> dict[str, Any]:
    return {
        "retry_of": execution.retry_of,
        "repairs": list(execution.repairs),
        "sources": list(execution.sources),
        "copied": execution.copied,
    }


def decode(snapshot: firestore.DocumentSnapshot[Any]) -> Execution | None:
    if not snapshot.exists:
        return None
    fields: dict[str, Any] = snapshot.to_dict() or {}
    absent: Sequence[int] = fields.get("absent", [])
    return Execution(
        id=snapshot.id,
        user_id=fields["user_id"],
        graph_id=fields["graph_id"],
        graph_version=fields["graph_version"],
        status=Status(fields["status"]),
        queue=fields["queue"],
        constants=values.load_constants(fields["constants"]),
        absent=absent,
        created_at=fields["created_at"],
        started_at=fields.get("started_at"),
        completed_at=fields.get("completed_at"),
        due_at=fields.get("due_at"),
        output=values.load(fields["output"]) if fields.get("output") else None,
        error=values.load_failure(fields.get("error")),
        node_counts=fields.get("node_counts", {}),
        cost=fields.get("cost", 0.0),
        stop=_stop(fields.get("stop")),
        parent=Parent(**fields["parent"]) if fields.get("parent") else None,
        depth=fields.get("depth", 0),
        running_since=fields.get("running_since"),
        ran_seconds=fields.get("ran_seconds", 0.0),
        retry_of=fields.get("retry_of"),
        repairs=fields.get("repairs", ()),
        sources=fields.get("sources", ()),
        copied=fields.get("copied", 0),
        deleting=fields.get("deleting", False),
        credentials=fields.get("credentials", {}),
        update_time=commits.fence_of(snapshot.update_time),
    )
