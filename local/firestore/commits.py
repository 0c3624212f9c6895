"""How is a list of writes applied, all or nothing?

In one SQLite transaction: every document is read once, the writes are applied in order to what those before them
left, and what differs in the end is stored under one commit time. It is on disk before the caller goes on.
"""

from dataclasses import dataclass

from local.firestore import limits, messages, writes
from local.firestore.history import Change, History
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.store import Row, Store


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one write. ``updated``: the update time of the document after it in µs; None: it was deleted."""

    updated: int | None
    transform_results: list[Message]

    def message(self) -> Message:
        """The WriteResult."""
        result = messages.WriteResult(transform_results=self.transform_results)
        if self.updated is not None:
            result.update_time.CopyFrom(messages.timestamp(self.updated))
        return result


@dataclass(slots=True)
class _Draft:
    """A document in the course of a commit."""

    target: writes.Target
    before: Row | None
    document: Message | None
    updated: int
    recreated: bool = False


def commit(
    store: Store, history: History, database: str, wanted: list[Message], now: int
) -> tuple[int, list[Outcome]]:
    """Apply the writes; the commit time in µs and what became of each. Raises FirestoreError: nothing was applied.

    A document that is written as it already was keeps its update time, as production does
    (https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#writeresult).
    """
    targets = [writes.target(write, database) for write in wanted]
    time = history.next(now)
    drafts: dict[Path, _Draft] = {}
    results: list[list[Message]] = []
    for write, target in zip(wanted, targets, strict=True):
        draft = drafts.get(target.path)
        if draft is None:
            draft = drafts[target.path] = _draft(store, target)
        state = writes.State(draft.document, draft.updated)
        document, transformed = writes.apply(write, target, state, time)
        if draft.document is None and document is not None:
            draft.recreated = True
        if document is not draft.document:
            draft.document, draft.updated = document, time
        results.append(transformed)
    _store(store, history, database, drafts, time)
    outcomes = [_outcome(drafts[target.path], found) for target, found in zip(targets, results, strict=True)]
    return time, outcomes


def _draft(store: Store, target: writes.Target) -> _Draft:
    row = store.find(target.database, target.path)
    if row is None:
        return _Draft(target, None, None, 0)
    return _Draft(target, row, messages.Document.FromString(row.content), row.updated)


def _outcome(draft: _Draft, transformed: list[Message]) -> Outcome:
    return Outcome(draft.updated if draft.document is not None else None, transformed)


def _store(store: Store, history: History, database: str, drafts: dict[Path, _Draft], time: int) -> None:
    changes: list[Change] = []
    try:
        with store.transaction():
            for path, draft in drafts.items():
                after = _store_one(store, path, draft, time)
                if after is not draft.before:
                    changes.append(Change(time, database, path, draft.before, after))
            if changes:
                store.set_last_time(time)
    except BaseException:
        store.forget()
        raise
    if changes:
        history.add(changes)


def _store_one(store: Store, path: Path, draft: _Draft, time: int) -> Row | None:
    database, before, document = draft.target.database, draft.before, draft.document
    if document is None:
        if before is not None:
            store.remove(database, path, before)
        return None
    content = document.SerializeToString(deterministic=True)
    if before is not None and content == before.content and not draft.recreated:
        draft.updated = before.updated
        return before
    limits.check_document(document, path, len(content))
    created = time if before is None or draft.recreated else before.created
    return store.put(database, path, before, document, content, created, time)
