"""Node executions: one document a firing of a node.

Path: ``executions/{execution_id}/nodes/{id}``; id derived from what caused it. The root (the start of an
    execution) is one of them, with an empty ``node_id`` and no ``order``, so that it is in no list.
Fields: node_id, block_type, label, order, status, active, spreading, settling, gates, at, wide, hops, inputs, held,
    outputs, attempts, claims, claim_id, lease_until, wait_until, suspended, decision, cancel_requested, due_at,
    due_shard, created_at, started_at, completed_at, error, unhandled, cost, marks, copied, cached, schema_version.
Queries and their indexes: whether any is active (active; single field); those in a list (order; single field);
    of output nodes (node_id; single field); QUEUED ones (status; single field); unhandled failures (unhandled;
    single field); active ones that reach a gate (active, settling, gates), and the same with at or wide; past due
    over all executions (due_shard, due_at; collection group).
Hottest document: a join, one write for each of its pins.
Pruned by: deletion of its execution.
Size: inputs and outputs are JSON text, each at most ``MAX_TEXT`` bytes.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import identity
from shared.domain.pairing import Held
from shared.domain.planning import Parked
from shared.domain.records import Applied, Lost, NodeExecution, Written
from shared.domain.statuses import FINAL, Event, Status, follow
from shared.firestore import client, commits, executions, gate_tokens, values

SHARDS = executions.SHARDS
MAX_TEXT = executions.MAX_TEXT
MAX_IN = 30
"""Values in one IN filter (https://cloud.google.com/firestore/docs/query-data/queries#limitations)."""

_SCHEMA_VERSION = 1


def collection(execution_id: str) -> firestore.AsyncCollectionReference:
    return executions.ref(execution_id).collection("nodes")


def _ref(execution_id: str, id_: str) -> firestore.AsyncDocumentReference:
    return collection(execution_id).document(id_)


async def find(execution_id: str, id_: str) -> NodeExecution | None:
    return _decode(execution_id, await _ref(execution_id, id_).get())


async def find_many(execution_id: str, ids: Sequence[str]) -> dict[str, NodeExecution]:
    """By id, those that exist. One request."""
    refs = [_ref(execution_id, id_) for id_ in ids]
    found: dict[str, NodeExecution] = {}
    if refs:
        async for snapshot in client.client().get_all(refs):
            node = _decode(execution_id, snapshot)
            if node is not None:
                found[node.id] = node
    return found


async def claim(execution_id: str, id_: str, fence: str, fields: Mapping[str, Any]) -> Written:
    """Take it for one call: RUNNING under a lease. ``claims`` is counted without having been read."""
    data = {**fields, "status": Status.RUNNING, "active": True, "claims": firestore.Increment(1)}
    return await _update(execution_id, id_, data, fence)


async def renew(execution_id: str, id_: str, fence: str, fields: Mapping[str, Any]) -> Written:
    """Hold it longer."""
    return await _update(execution_id, id_, fields, fence)


async def postpone(execution_id: str, id_: str, due_at: datetime, fence: str) -> Written:
    """Recovery has dispatched it again: look at it next at ``due_at``."""
    return await _update(execution_id, id_, {"due_at": due_at}, fence)


async def rest(node: NodeExecution, fence: str, extra: Sequence[commits.Write] = ()) -> Written:
    """It waits, and nobody has it: until it is tried again, for a person, for a sub-agent. ``extra`` goes with it."""
    data = {
        "status": node.status,
        "attempts": node.attempts,
        "started_at": node.started_at,
        "due_at": node.due_at or firestore.DELETE_FIELD,
        "wait_until": node.wait_until or firestore.DELETE_FIELD,
        "error": values.dump_failure(node.error) if node.error else firestore.DELETE_FIELD,
        "suspended": dict(node.suspended) if node.suspended else firestore.DELETE_FIELD,
        **({"cost": node.cost} if node.cost else {}),
        "claims": 0,
        "claim_id": firestore.DELETE_FIELD,
        "lease_until": firestore.DELETE_FIELD,
    }
    write = commits.Write(ref=_ref(node.execution_id, node.id), data=data, fence=fence)
    made = await commits.commit(client.client(), [write, *extra])
    return made if isinstance(made, Lost) else Applied(made.update_times[0])


def decided(node: NodeExecution, decision: Mapping[str, Any], due_at: datetime) -> commits.Write:
    """The write by which a person's decision reaches a node execution in review."""
    data = {
        "status": follow(Event.DECIDE, node.status),
        "decision": values.dump(decision),
        "due_at": due_at,
        "due_shard": identity.shard(node.id, SHARDS),
    }
    return commits.Write(ref=_ref(node.execution_id, node.id), data=data, fence=node.update_time)


async def conclude(
    node: NodeExecution, fence: str, made: Sequence[NodeExecution], parked: Sequence[Parked]
) -> commits.Committed | Lost:
    """One atomic write: ``node`` final on ``fence``, and what it made: new documents (without ``update_time``),
    joins on the state that was read, tokens at gates. The fences are in that order."""
    writes = [commits.Write(ref=_ref(node.execution_id, node.id), data=_final(node), fence=fence)]
    writes += [new(child) for child in made]
    return await commits.commit(client.client(), [*writes, *(gate_tokens.new(node.execution_id, p) for p in parked)])


async def start(
    root: NodeExecution, execution_write: commits.Write, made: Sequence[NodeExecution], parked: Sequence[Parked]
) -> commits.Committed | Lost:
    """The root's commit: the execution started, the root and what it made. The fences are in that order."""
    writes = [execution_write, new(root), *(new(child) for child in made)]
    return await commits.commit(client.client(), [*writes, *(gate_tokens.new(root.execution_id, p) for p in parked)])


async def write(made: Sequence[NodeExecution]) -> commits.Committed | Lost:
    """New documents and joins, atomically."""
    return await commits.commit(client.client(), [new(child) for child in made])


async def fire(
    node: NodeExecution, made: Sequence[NodeExecution], consumed: Sequence[tuple[Held, str]], *, last: bool
) -> commits.Committed | Lost:
    """Firings of gates with the tokens that they consume, on the tokens' fences. With the last of them ``node``,
    on whose settling all this was decided, is no longer active. Fences of ``made`` come first."""
    writes = [new(child) for child in made]
    writes += (
        [commits.Write(ref=_ref(node.execution_id, node.id), data=INACTIVE, fence=node.update_time)] if last else []
    )
    writes += [gate_tokens.consumed(node.execution_id, held, fence) for held, fence in consumed]
    return await commits.commit(client.client(), writes)


async def end_spreading(node: NodeExecution) -> None:
    """Everything that it emitted is delivered: it is no longer active, or what it left at gates is to be settled."""
    data: dict[str, Any] = {"spreading": False, **({"settling": True} if node.gates else INACTIVE)}
    await _ref(node.execution_id, node.id).update(data)


INACTIVE: dict[str, Any] = {
    "active": False,
    "settling": False,
    "due_at": firestore.DELETE_FIELD,
    "due_shard": firestore.DELETE_FIELD,
}


async def find_now(execution_id: str, id_: str) -> tuple[NodeExecution | None, datetime]:
    """The node execution, and the time for which this holds."""
    snapshot = await _ref(execution_id, id_).get()
    return _decode(execution_id, snapshot), snapshot.read_time


async def any_active(execution_id: str) -> bool:
    """Whether anything in the execution still runs, waits or spreads. One read."""
    query = collection(execution_id).where(filter=FieldFilter("active", "==", True))
    return bool(await query.select(["__name__"]).limit(1).get())


async def any_working(execution_id: str) -> bool:
    """Whether anything active does more than wait for a person, a time or a sub-agent."""
    query = (
        collection(execution_id)
        .where(filter=FieldFilter("active", "==", True))
        .where(filter=FieldFilter("status", "in", [Status.QUEUED, Status.RUNNING, *sorted(FINAL)]))
    )
    return bool(await query.select(["__name__"]).limit(1).get())


async def any_in_review(execution_id: str) -> bool:
    query = collection(execution_id).where(filter=FieldFilter("status", "==", Status.REVIEW))
    return bool(await query.select(["__name__"]).limit(1).get())


async def terminate(node: NodeExecution, now: datetime) -> Written:
    """A running one ends without a result, on the fence that it carries."""
    data = {**INACTIVE, "status": follow(Event.TERMINATE, node.status), "completed_at": now}
    return await _update(node.execution_id, node.id, data, node.update_time)


async def cost(execution_id: str) -> float:
    """Dollars, of all that say what they cost. One read a thousand."""
    everything: Any = collection(execution_id)  # the client's stubs know only the sync aggregation
    return float((await everything.sum("cost").get())[0][0].value)


async def count_open(execution_id: str) -> tuple[int, int]:
    """Node executions in all, without the root, and how many of them are not final. Three reads a thousand."""
    active: Any = collection(execution_id).where(filter=FieldFilter("active", "==", True))
    incomplete: Any = collection(execution_id).where(filter=FieldFilter("status", "==", Status.INCOMPLETE))
    known, *still_open = await asyncio.gather(count(execution_id), *(_counted(q) for q in (active, incomplete)))
    return max(known - 1, 0), sum(still_open)


async def _counted(query: Any) -> int:
    return int((await query.count().get())[0][0].value)


async def count(execution_id: str) -> int:
    """Node executions in all. One read a thousand."""
    everything: Any = collection(execution_id)
    return int((await everything.count().get())[0][0].value)


async def active_nodes(execution_id: str, limit: int) -> list[str]:
    """Ids of nodes that are active, at most ``limit`` node executions of them."""
    query = collection(execution_id).where(filter=FieldFilter("active", "==", True)).select(["node_id"]).limit(limit)
    return sorted({(s.to_dict() or {}).get("node_id", "") for s in await query.get()} - {""})


async def unhandled_failures(execution_id: str) -> list[NodeExecution]:
    query = collection(execution_id).where(filter=FieldFilter("unhandled", "==", True))
    return await _all(execution_id, query)


async def of_nodes(execution_id: str, node_ids: Sequence[str]) -> list[NodeExecution]:
    """All node executions of some nodes."""
    found: list[NodeExecution] = []
    for at in range(0, len(node_ids), MAX_IN):
        query = collection(execution_id).where(filter=FieldFilter("node_id", "in", list(node_ids[at : at + MAX_IN])))
        found += await _all(execution_id, query)
    return found


async def queued(execution_id: str) -> list[NodeExecution]:
    """All that wait to be run."""
    query = collection(execution_id).where(filter=FieldFilter("status", "==", Status.QUEUED))
    return await _all(execution_id, query)


async def erase(execution_id: str, limit: int) -> bool:
    """Delete some, the root among them. False: there was none."""
    return await commits.erase(client.client(), collection(execution_id).limit(limit))


async def count_by_status(execution_id: str, statuses: Sequence[Status]) -> dict[str, int]:
    """How many node executions have each status, the root counted among them. One read a status and thousand."""
    counts: dict[str, int] = {}
    for status in statuses:
        query = collection(execution_id).where(filter=FieldFilter("status", "==", status))
        counts[status] = int((await query.count().get())[0][0].value)
    return counts


async def list_of(execution_id: str, after: tuple[str, str] | None, limit: int) -> list[NodeExecution]:
    """In order: key, label, rank. ``after``: order and id of the last of the page before."""
    query = collection(execution_id).order_by("order").order_by("__name__")
    query = query.start_after({"order": after[0], "__name__": _ref(execution_id, after[1])}) if after else query
    return await _all(execution_id, query.limit(limit))


async def due(shard: int, now: datetime, limit: int) -> list[NodeExecution]:
    """Node executions of a shard, of any execution, that are past due, the longest first."""
    query = (
        client.client()
        .collection_group("nodes")
        .where(filter=FieldFilter("due_shard", "==", shard))
        .where(filter=FieldFilter("due_at", "<=", now))
        .order_by("due_at")
        .limit(limit)
    )
    snapshots = await query.get()
    decoded = [_decode(s.reference.parent.parent.id, s) for s in snapshots]
    return [node for node in decoded if node is not None]


async def _all(execution_id: str, query: firestore.AsyncQuery) -> list[NodeExecution]:
    decoded = [_decode(execution_id, s) async for s in query.stream()]
    return [node for node in decoded if node is not None]


async def _update(execution_id: str, id_: str, data: Mapping[str, Any], fence: str) -> Written:
    write = commits.Write(ref=_ref(execution_id, id_), data=dict(data), fence=fence)
    made = await commits.commit(client.client(), [write])
    return made if isinstance(made, Lost) else Applied(made.update_times[0])


def _reach_of(node: NodeExecution) -> dict[str, Any]:
    """By what a gate finds out that this may still send to it."""
    return {
        "gates": list(node.gates),
        "settling": node.settling,
        "at": gate_tokens.at(node.label),
        "wide": gate_tokens.is_wide(node.label),
    }


def new(node: NodeExecution) -> commits.Write:
    """The write that makes its document, or that of a join on the state which was read."""
    data = _encode(node)
    return commits.Write(ref=_ref(node.execution_id, node.id), data=data, fence=node.update_time or None)


def _encode(node: NodeExecution) -> dict[str, Any]:
    """All fields of a new document; those that have their default are left out."""
    fields: dict[str, Any] = {
        "schema_version": _SCHEMA_VERSION,
        "node_id": node.node_id,
        "block_type": node.block_type,
        "label": values.dump(values.dump_label(node.label)),
        **({"order": node.order} if node.order else {}),
        "status": node.status,
        "active": node.active,
        "hops": node.hops,
        "inputs": values.dump(values.dump_tokens(node.inputs)),
        "created_at": node.created_at,
        **({"held": values.dump(node.held)} if node.held else {}),
        **({"marks": list(node.marks)} if node.marks else {}),
        **({"copied": True} if node.copied else {}),
        **(_reach_of(node) if node.gates else {}),
    }
    if node.due_at is not None:
        fields |= {"due_at": node.due_at, "due_shard": identity.shard(node.id, SHARDS)}
    if node.completed_at is not None:
        fields |= _final(node) | {"started_at": node.started_at}
    return {name: value for name, value in fields.items() if value is not firestore.DELETE_FIELD}


def _final(node: NodeExecution) -> dict[str, Any]:
    """The fields that a final status sets; while it spreads it stays active and due."""
    return {
        "status": node.status,
        "active": node.active,
        "attempts": node.attempts,
        "started_at": node.started_at,
        "completed_at": node.completed_at,
        "outputs": values.dump_outputs(node.outputs),
        **({"spreading": True} if node.spreading else {}),
        **({"settling": True} if node.settling else {}),
        **({"unhandled": True} if node.unhandled else {}),
        "error": values.dump_failure(node.error) if node.error else firestore.DELETE_FIELD,
        **({"cost": node.cost} if node.cost else {}),
        **({"cached": True} if node.cached else {}),
        **({} if node.active else {"due_at": firestore.DELETE_FIELD, "due_shard": firestore.DELETE_FIELD}),
    }


def _decode(execution_id: str, snapshot: firestore.DocumentSnapshot[Any]) -> NodeExecution | None:
    if not snapshot.exists:
        return None
    fields: dict[str, Any] = snapshot.to_dict() or {}
    return NodeExecution(
        id=snapshot.id,
        execution_id=execution_id,
        node_id=fields["node_id"],
        block_type=fields["block_type"],
        label=values.load_label(values.load(fields["label"])),
        order=fields.get("order", ""),
        status=Status(fields["status"]),
        active=fields.get("active", False),
        spreading=fields.get("spreading", False),
        settling=fields.get("settling", False),
        held=values.load(fields["held"]) if "held" in fields else {},
        marks=fields.get("marks", ()),
        gates=fields.get("gates", ()),
        hops=fields["hops"],
        inputs=values.load_tokens(values.load(fields["inputs"])),
        attempts=fields.get("attempts", 0),
        claims=fields.get("claims", 0),
        claim_id=fields.get("claim_id"),
        lease_until=fields.get("lease_until"),
        wait_until=fields.get("wait_until"),
        suspended=fields.get("suspended"),
        decision=values.load(fields["decision"]) if "decision" in fields else None,
        cancel_requested=fields.get("cancel_requested", False),
        due_at=fields.get("due_at"),
        created_at=fields["created_at"],
        started_at=fields.get("started_at"),
        completed_at=fields.get("completed_at"),
        outputs=values.load_outputs(fields["outputs"]) if "outputs" in fields else (),
        error=values.load_failure(fields.get("error")),
        unhandled=fields.get("unhandled", False),
        cost=fields.get("cost", 0.0),
        copied=fields.get("copied", False),
        cached=fields.get("cached", False),
        update_time=commits.fence_of(snapshot.update_time),
    )
