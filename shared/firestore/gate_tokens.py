"""Tokens at gates: one document each, until a firing consumes it, and after that as its input.

Path: ``executions/{execution_id}/tokens/{id}``; id derived from the firing that sent it.
Fields: gate, pin, label, at, wide, link, static, loop, hops, held, value, stored, schema_version.
Queries and their indexes: held ones of some gates (held, gate; merged from single fields), the same within a range
    of labels (held, gate, at).
Hottest document: two writes, created and consumed. A consumed one stays, so that a sender which died half-way cannot
    make it again.
Pruned by: deletion of its execution.
Size: a value above ``INLINE_VALUE_BYTES`` lies in the bucket.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain import labels
from shared.domain.pairing import Held
from shared.domain.planning import Parked
from shared.domain.records import Lost, Token
from shared.firestore import client, commits, executions, values

MAX_IN = 30
MAX_GET = 300
_SCHEMA_VERSION = 1
_DECISIVE = ["gate", "pin", "label", "link", "static", "loop", "hops"]


def ref(execution_id: str, id_: str) -> firestore.AsyncDocumentReference:
    return _collection(execution_id).document(id_)


def _collection(execution_id: str) -> firestore.AsyncCollectionReference:
    return executions.ref(execution_id).collection("tokens")


def new(execution_id: str, parked: Parked, *, is_held: bool = True) -> commits.Write:
    """The write that parks a token, or one that was consumed already."""
    held, token = parked.held, parked.token
    data = {
        "schema_version": _SCHEMA_VERSION,
        "gate": held.gate,
        "pin": held.pin,
        "label": values.dump(values.dump_label(held.label)),
        "at": at(held.label),
        "wide": is_wide(held.label),
        "link": held.link,
        "static": held.static,
        "loop": held.loop,
        "hops": held.hops,
        "held": is_held,
        **({"stored": token.stored} if token.stored else {"value": values.dump(token.value)}),
    }
    return commits.Write(ref=ref(execution_id, held.id), data=data)


async def create(execution_id: str, parked: Sequence[Parked]) -> commits.Committed | Lost:
    """Park tokens, atomically. Lost: one of them exists."""
    return await commits.commit(client.client(), [new(execution_id, p) for p in parked])


async def erase(execution_id: str, limit: int) -> bool:
    """Delete some. False: there was none."""
    return await commits.erase(client.client(), _collection(execution_id).limit(limit))


def consumed(execution_id: str, held: Held, fence: str) -> commits.Write:
    """The write that takes a token away from its gate. It loses if somebody else took it."""
    return commits.Write(ref=ref(execution_id, held.id), data={"held": False}, fence=fence)


async def held_at(execution_id: str, gates: Sequence[str], read_time: datetime) -> list[tuple[Held, str]]:
    """All tokens that are held at some gates, with their fences, without their values."""
    found: list[tuple[Held, str]] = []
    for first in range(0, len(gates), MAX_IN):
        query = (
            _collection(execution_id)
            .where(filter=FieldFilter("held", "==", True))
            .where(filter=FieldFilter("gate", "in", list(gates[first : first + MAX_IN])))
            .select(_DECISIVE)
        )
        found += [_held(s) async for s in query.stream(read_time=read_time)]
    return found


async def held_under(
    execution_id: str, gate: str, prefix: labels.Label, read_time: datetime
) -> list[tuple[Held, str]]:
    """Those of one gate whose label begins with ``prefix``."""
    lower = at(prefix)
    query = (
        _collection(execution_id)
        .where(filter=FieldFilter("held", "==", True))
        .where(filter=FieldFilter("gate", "==", gate))
        .where(filter=FieldFilter("at", ">=", lower))
        .where(filter=FieldFilter("at", "<", lower + END))
        .select(_DECISIVE)
    )
    return [_held(s) async for s in query.stream(read_time=read_time)]


async def load(execution_id: str, ids: Sequence[str]) -> dict[str, Token]:
    """Tokens by id, consumed or not, with their values or where they are stored."""
    found: dict[str, Token] = {}
    for first in range(0, len(ids), MAX_GET):
        refs = [ref(execution_id, id_) for id_ in ids[first : first + MAX_GET]]
        async for snapshot in client.client().get_all(refs):
            if snapshot.exists:
                found[snapshot.id] = _token(snapshot.to_dict() or {})
    return found


END = "~"
"""After every character of an encoded label."""


def at(label: labels.Label) -> str:
    """Where a label lies in the index: ways left out, zeros kept, so that what lies under a label begins with it."""
    return labels.encode(labels.without_ways(label))


def is_wide(label: labels.Label) -> bool:
    """Whether turns are in the label: what comes of it may have any."""
    return any(kind >= 0 for _, kind in label)


def _held(snapshot: firestore.DocumentSnapshot[Any]) -> tuple[Held, str]:
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    held = Held(
        id=snapshot.id,
        gate=fields["gate"],
        pin=fields["pin"],
        label=values.load_label(values.load(fields["label"])),
        link=fields["link"],
        static=fields["static"],
        loop=fields["loop"],
        hops=fields["hops"],
    )
    return held, commits.fence_of(snapshot.update_time)


def _token(fields: Mapping[str, Any]) -> Token:
    return Token(
        label=values.load_label(values.load(fields["label"])),
        link=fields["link"],
        value=values.load(fields["value"]) if "value" in fields else None,
        stored=fields.get("stored"),
    )
