"""What has a user used? One document a charge, until many are added up into their month.

paths     charges/{id}; id is derived from the call of a model, or that of an execution: what is recorded again is the
          same document. usage_months/{uid}_{month}: what was added up
fields    user_id, bucket (uid and month), month, nano_dollars, held (what a call that is being made may cost),
          node_executions, execution_id (of one that goes on), settled (null: so many node executions are held for an
          execution that goes on), created_at, expires_at, schema_version; of a month: user_id, month, nano_dollars,
          node_executions, charges, updated_at, schema_version
queries   sums of a bucket (bucket, held, nano_dollars, node_executions); settled ones of a bucket, those that are
          not, and those of executions that go on (bucket, settled; merged from single fields)
hottest   a charge is written twice, when it is held and when it is settled; that of an execution that grows once for
          each time it is counted. A month is written once for FOLD charges.
          The index on bucket takes about 500 writes a second of one user
          (https://cloud.google.com/firestore/docs/best-practices#hotspots)
pruned    charges when they are added up, else by TTL on expires_at, 100 days after; months with the account
size      under 1 KB
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncCollectionReference, AsyncDocumentReference
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.credit import Used
from shared.domain.records import Lost
from shared.firestore import commits
from shared.firestore.client import client, operation

SCHEMA_VERSION = 1
KEPT = timedelta(days=100)
FOLD = 400
"""Charges that are added up in one write: Firestore takes 500 documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Billionths of a dollar. ``held``: of a call that is being made; then nothing is spent yet. ``execution_id``: of
    an execution that goes on, for which so many node executions are held."""

    id: str
    user_id: str
    month: str
    nano_dollars: int = 0
    held: int = 0
    node_executions: int = 0
    execution_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What is held for an execution that goes on: since a time of Firestore's own, in nanoseconds; ``fence``: of its
    last change."""

    id: str
    execution_id: str
    node_executions: int
    created_at: datetime
    since: int
    fence: str


@operation
async def put(charge: Charge, now: datetime) -> None:
    """Record it, in place of what was recorded under its id."""
    await _charges().document(charge.id).set(_encode(charge, now))


@operation
async def remove(id_: str) -> None:
    """It cost nothing."""
    await _charges().document(id_).delete()


def recorded(charge: Charge, now: datetime) -> commits.Write:
    """The write that records it with something else, in place of what was held."""
    return commits.Write(ref=_charges().document(charge.id), data=_encode(charge, now), merged=True)


async def begin(charge: Charge, now: datetime) -> bool:
    """Hold it. False: it is held already, or settled."""
    write = commits.Write(ref=_charges().document(charge.id), data=_encode(charge, now))
    return not isinstance(await commits.commit(client(), [write]), Lost)


async def grow(held: Running, node_executions: int) -> bool:
    """False: it has changed meanwhile."""
    write = commits.Write(
        ref=_charges().document(held.id), data={"node_executions": node_executions}, fence=held.fence
    )
    return not isinstance(await commits.commit(client(), [write]), Lost)


@operation
async def running(user_id: str, month: str) -> list[Running]:
    """What is held for executions of a user that go on. One read each."""
    query = _charges().where(filter=FieldFilter("bucket", "==", _bucket(user_id, month)))
    query = query.where(filter=FieldFilter("settled", "==", None))
    return [_running(one) async for one in query.stream()]


@operation
async def find_running(id_: str) -> Running | None:
    snapshot = await _charges().document(id_).get()
    return _running(snapshot) if snapshot.exists and (snapshot.to_dict() or {})["settled"] is None else None


def _running(snapshot: Any) -> Running:
    fields: dict[str, Any] = snapshot.to_dict() or {}
    return Running(
        id=snapshot.id,
        execution_id=fields["execution_id"],
        node_executions=fields["node_executions"],
        created_at=fields["created_at"],
        since=commits.nanoseconds(snapshot.create_time),
        fence=commits.fence_of(snapshot.update_time),
    )


@operation
async def totals(user_id: str, month: str) -> tuple[Used, int]:
    """What was used in a month, and how many charges are not added up yet. One read a thousand of those, and one.

    What is added up between the two reads is counted twice rather than not at all."""
    used, loose, _ = await _totals(user_id, month)
    return used, loose


@operation
async def totals_at(user_id: str, month: str) -> tuple[Used, int]:
    """What was used in a month, and when that was so, by Firestore's own clock, in nanoseconds."""
    used, _, at = await _totals(user_id, month)
    return used, at


async def _totals(user_id: str, month: str) -> tuple[Used, int, int]:
    query: Any = _charges().where(filter=FieldFilter("bucket", "==", _bucket(user_id, month)))
    summed = query.sum("held", alias="held").sum("nano_dollars", alias="nano_dollars")
    found = (await summed.sum("node_executions", alias="node_executions").count(alias="count").get())[0]
    figures = {one.alias: int(one.value) for one in found}
    added: dict[str, Any] = (await _month(user_id, month).get()).to_dict() or {}
    before = Used(spent=added.get("nano_dollars", 0), node_executions=added.get("node_executions", 0))
    loose = Used(spent=figures["nano_dollars"], held=figures["held"], node_executions=figures["node_executions"])
    return before + loose, figures["count"], commits.nanoseconds(found[0].read_time)


@operation
async def held_before(user_id: str, month: str, id_: str) -> int:
    """What is held by calls that came before one, and by itself, in the order of Firestore's own commits: whoever
    asks has written before, so nobody can come before them any more. One read a call that is being made."""
    query = _charges().where(filter=FieldFilter("bucket", "==", _bucket(user_id, month)))
    found = [one async for one in query.where(filter=FieldFilter("settled", "==", False)).stream()]
    mine = next((one.create_time for one in found if one.id == id_), None)
    if mine is None:
        return 0
    at = commits.nanoseconds(mine)
    return sum((one.to_dict() or {})["held"] for one in found if commits.nanoseconds(one.create_time) <= at)


@operation
async def settle_left(user_id: str, month: str, before: datetime) -> None:
    """What is held since before then was left by who died: it may have been spent, and counts so."""
    query = _charges().where(filter=FieldFilter("bucket", "==", _bucket(user_id, month)))
    async for one in query.where(filter=FieldFilter("settled", "==", False)).stream():
        fields: dict[str, Any] = one.to_dict() or {}
        if fields["created_at"] < before:
            spent = {"nano_dollars": fields["held"], "held": 0, "settled": True}
            write = commits.Write(ref=one.reference, data=spent, fence=commits.fence_of(one.update_time))
            await commits.commit(client(), [write])  # lost: it is being settled, or made again


@operation
async def fold(user_id: str, month: str, now: datetime) -> int:
    """Add some settled charges up into their month, all or none; how many. 0: there is none, or another did."""
    query = _charges().where(filter=FieldFilter("bucket", "==", _bucket(user_id, month)))
    query = query.where(filter=FieldFilter("settled", "==", True)).limit(FOLD)
    found = [snapshot async for snapshot in query.stream()]
    if not found:
        return 0
    before = await _month(user_id, month).get()
    sums: dict[str, Any] = before.to_dict() or {}
    names = ("nano_dollars", "node_executions")
    added = {name: sums.get(name, 0) + sum((one.to_dict() or {})[name] for one in found) for name in names}
    document = {"user_id": user_id, "month": month, **added, "charges": sums.get("charges", 0) + len(found)}
    batch, now_ = client().batch(), {"updated_at": now, "schema_version": SCHEMA_VERSION}
    if before.exists:
        option = client().write_option(last_update_time=before.update_time)
        batch.update(_month(user_id, month), {**document, **now_}, option=option)
    else:
        batch.create(_month(user_id, month), {**document, **now_})
    for one in found:
        batch.delete(one.reference, option=client().write_option(last_update_time=one.update_time))
    try:
        await batch.commit()
    except (exceptions.FailedPrecondition, exceptions.NotFound, exceptions.AlreadyExists, exceptions.Aborted):
        return 0
    return len(found)


def _bucket(user_id: str, month: str) -> str:
    return f"{month} {user_id}"


def _charges() -> AsyncCollectionReference:
    return client().collection("charges")


def _month(user_id: str, month: str) -> AsyncDocumentReference:
    return client().collection("usage_months").document(f"{user_id}_{month}")


def _encode(charge: Charge, now: datetime) -> dict[str, Any]:
    return {
        "user_id": charge.user_id,
        "bucket": _bucket(charge.user_id, charge.month),
        "month": charge.month,
        "nano_dollars": charge.nano_dollars,
        "held": charge.held,
        "node_executions": charge.node_executions,
        "settled": None if charge.execution_id else charge.held == 0,
        "execution_id": charge.execution_id,
        "created_at": now,
        "expires_at": now + KEPT,
        "schema_version": SCHEMA_VERSION,
    }
