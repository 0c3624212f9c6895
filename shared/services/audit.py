"""What is on the record of a request? Its change, or the sign of abuse that it is.

``shared/http/audit.py`` begins and ends the record of each request; a service adds what only it knows: ``note`` what
a change was, ``suspect`` that somebody tried what is not theirs.

An entry is a line of the log first, which the platform keeps whatever happens next, and then a document: written
before the caller has the answer, since an instance has no time of its own after that. Should the database not
take it, the instance keeps it and writes it with the next one.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared import clock
from shared.firestore import audit
from shared.firestore.audit import Entry

MAX_TEXT = 300
MAX_BEHIND = 1_000
"""Entries that an instance keeps while the database takes none; the log has those before."""
BATCH = 100
ABUSE_SECONDS = 60.0
MAX_ABUSERS = 10_000

_log = logging.getLogger("weftly.audit")
_behind: deque[Entry] = deque(maxlen=MAX_BEHIND)
_abuse: OrderedDict[tuple[str, ...], tuple[float, int]] = OrderedDict()


@dataclass(slots=True, kw_only=True)
class Record:
    """What is known of the request so far; the ``user_id`` once there is one."""

    action: str
    resource_type: str
    resource_id: str
    ip_address: str
    user_agent: str
    user_id: str = ""
    details: dict[str, Any] = field(default_factory=dict[str, Any])
    suspicions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


current: ContextVar[Record | None] = ContextVar("weftly_audit", default=None)


def note(**details: Any) -> None:
    """Add to the record of this request, if there is one: names and ids, never what must stay secret."""
    record = current.get()
    if record is not None:
        record.details |= details


def suspect(resource_type: str, resource_id: str) -> None:
    """The caller of this request asked for what is another's. They are told that it is not there."""
    record = current.get()
    if record is not None:
        record.suspicions.append((resource_type, resource_id))


def begin(record: Record) -> None:
    """A change is about to be made: should the process die in it, the log has this line without its end."""
    _write_line(_entry(record, "begun", clock.now()))


async def changed(record: Record, result: str) -> None:
    """A change was made (``ok``), or may have been in part (``failed``)."""
    await append(_entry(record, result, clock.now()))


async def abused(record: Record, reason: str) -> None:
    """A refusal that is a sign of abuse. Of one caller, address and kind one a minute is recorded, and how many
    went before; the rest is in the log."""
    now = clock.monotonic()
    key = (record.user_id or record.ip_address, record.action, reason)
    since, repeated = _abuse.get(key, (-ABUSE_SECONDS, 0))
    entry = _entry(record, "refused", clock.now())
    entry = replace(entry, details={**entry.details, "reason": reason})
    if now - since < ABUSE_SECONDS:
        _abuse[key] = since, repeated + 1
        _write_line(entry)
        return
    _abuse[key] = now, 0
    _abuse.move_to_end(key)
    if len(_abuse) > MAX_ABUSERS:
        _abuse.popitem(last=False)
    await append(replace(entry, details={**entry.details, "repeated": repeated}) if repeated else entry)


async def append(entry: Entry) -> None:
    """Log it, and write it with what could not be written before. Never raises: what it tells of is done."""
    _write_line(entry)
    before = list(_behind)[:BATCH]
    try:
        await audit.append([*before, entry])
    except Exception:  # noqa: BLE001 - whatever it is, the request is done
        _behind.append(entry)
        _log.exception("an audit entry was not written, and will be with the next")
        return
    for written in before:
        if written in _behind:  # not written by another request meanwhile
            _behind.remove(written)


def entry_of(action: str, resource_type: str, resource_id: str, user_id: str, **details: Any) -> Entry:
    """An entry of what no route stands for. ``user_id``: who did it; empty: an operator, by a command."""
    record = Record(
        action=action,
        resource_type=resource_type,
        resource_id=resource_id,
        ip_address="",
        user_agent="",
        user_id=user_id,
        details=details,
    )
    return _entry(record, "ok", clock.now())


def _entry(record: Record, result: str, now: datetime) -> Entry:
    return Entry(
        id=clock.random_id(),
        timestamp=now,
        user_id=record.user_id,
        action=record.action,
        resource_type=record.resource_type,
        resource_id=record.resource_id[:MAX_TEXT],
        details=dict(record.details),
        ip_address=record.ip_address[:MAX_TEXT],
        user_agent=record.user_agent[:MAX_TEXT],
        result=result,
    )


def _write_line(entry: Entry) -> None:
    _log.info("%s %s", entry.action, entry.result, extra={"fields": {"audit": resource(entry)}})


async def page(
    wanted: Mapping[str, str],
    since: datetime | None,
    until: datetime | None,
    cursor: tuple[datetime, str] | None,
    size: int,
) -> tuple[list[dict[str, Any]], tuple[datetime, str] | None]:
    """A page of entries, newest first, and the cursor of the next."""
    found = await audit.list_of(wanted, since, until, cursor, size + 1)
    shown = found[:size]
    more = len(found) > size
    return [resource(entry) for entry in shown], (shown[-1].timestamp, shown[-1].id) if more else None


def resource(entry: Entry) -> dict[str, Any]:
    names = ("id", "timestamp", *audit.FILTERS, "details", "ip_address", "user_agent")
    return {name: getattr(entry, name) for name in names}
