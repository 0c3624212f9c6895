"""How is a list of writes applied, all or nothing?

Every document is read once, the writes are applied in order to what those before them left, and what differs in the
end is stored under one commit time, in one SQLite transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from local.firestore import limits, messages, repeated, transforms, writes
from local.firestore.history import Change, History
from local.firestore.locks import Writes
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.rows import Row
from local.firestore.store import Store


class Outcome(NamedTuple):
    """Of one write. ``updated``: the update time of the document after it in µs; None: it was deleted."""

    updated: int | None
    transform_results: list[Message]

    def fill(self, result: Message) -> None:
        """Say it in a WriteResult."""
        if self.transform_results:
            result.transform_results.extend(self.transform_results)
        if self.updated is not None:
            messages.set_timestamp(result.update_time, self.updated)


_UNREAD = messages.Document()
"""Stands for a document that is replaced or deleted, so that what it held does not matter."""


@dataclass(slots=True)
class _Draft:
    """A document in the course of a commit. ``content``: what is stored in the end; None: nothing is."""

    target: writes.Target
    before: Row | None
    document: Message | None
    updated: int
    recreated: bool = False
    content: bytes | None = None
    is_unchanged: bool = False
    """Whether the document is in the end as it was."""


class Commit:
    """Writes that are drafted, as often as need be, and then stored as they were drafted last.

    A document that is written as it already was keeps its update time, as production does
    (https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#writeresult).
    """

    def __init__(self, store: Store, history: History, database: str, wanted: Sequence[Message]) -> None:
        self._store, self._history, self.database = store, history, database
        self._wanted = [(write, writes.target(write, database)) for write in wanted]
        for write, target in self._wanted:
            transformed = write.transform.field_transforms if target.kind == "transform" else write.update_transforms
            if transformed:
                transforms.check(transformed)
        if len(wanted) > 1:
            repeated.check(self._wanted)
        self._drafts: dict[Path, _Draft] = {}
        self._transformed: list[list[Message]] = []
        self._time = 0
        self._is_checked = False
        """Whether all that is going to be stored is known to be storable."""

    def check(self, now: int) -> None:
        """INVALID_ARGUMENT: a write could not be made whatever is stored."""
        for write, target in self._wanted:
            writes.check(write, target, now)
        self._is_checked = all(
            writes.replaces(write, target) and not write.update_transforms for write, target in self._wanted
        )

    def draft(self, now: int) -> None:
        """Work out what the writes make of the documents as they are. Raises FirestoreError: they may not be made."""
        self._time = self._history.next(now)
        self._drafts, self._transformed = {}, []
        for write, target in self._wanted:
            draft = self._drafts.get(target.path)
            if draft is None:  # of a document written more than once, only the first write may be refused
                draft = self._begin(target, is_read=not writes.replaces(write, target))
                if write.HasField("current_document"):
                    writes.check_precondition(write, target, writes.State(draft.document, draft.updated))
            document, transformed = writes.apply(write, target, draft.document, self._time)
            if draft.document is None and document is not None:
                draft.recreated = True
            if document is not draft.document:
                draft.document, draft.updated = document, self._time
            self._transformed.append(transformed)
        for draft in self._drafts.values():
            self._finish(draft)

    def touched(self) -> Writes:
        """What was drafted, for the locks."""
        return Writes({(self.database, path) for path in self._drafts}, self._describe)

    def _begin(self, target: writes.Target, *, is_read: bool) -> _Draft:
        row = self._store.find(target.database, target.path)
        document = _UNREAD if row is not None else None
        if row is not None and is_read:
            document = messages.Document.FromString(row.content)
        draft = self._drafts[target.path] = _Draft(target, row, document, 0 if row is None else row.updated)
        return draft

    def _finish(self, draft: _Draft) -> None:
        document, before = draft.document, draft.before
        if document is None:
            draft.is_unchanged = before is None
            return
        if not self._is_checked:
            limits.check_fields(document.fields, 1)
        draft.content = content = document.SerializeToString(deterministic=True)
        if before is not None and content == before.content and not draft.recreated:
            draft.is_unchanged, draft.updated = True, before.updated
        else:
            limits.check_size(document, draft.target.path, len(content))

    def _describe(self) -> list[Change]:
        """What would change, with documents that have no number yet."""
        return [
            Change(self._time, self.database, path, draft.before, _row(draft.content))
            for path, draft in self._drafts.items()
            if not draft.is_unchanged
        ]

    def store(self) -> tuple[int, list[Outcome]]:
        """Store what was drafted; the commit time in µs and what became of each write."""
        changes = [
            Change(self._time, self.database, path, draft.before, self._put(path, draft))
            for path, draft in self._drafts.items()
            if not draft.is_unchanged
        ]
        if changes:
            self._history.add(changes)
            self._store.relieve()
        drafts = [self._drafts[target.path] for _, target in self._wanted]
        return self._time, [
            Outcome(None if draft.document is None else draft.updated, transformed)
            for draft, transformed in zip(drafts, self._transformed, strict=True)
        ]

    def _put(self, path: Path, draft: _Draft) -> Row | None:
        before, name = draft.before, draft.target.name
        if draft.content is None:
            assert before is not None, "else it is unchanged"
            self._store.remove(self.database, path, name, before, self._time)
            return None
        created = self._time if before is None or draft.recreated else before.created
        return self._store.put(self.database, path, name, before, draft.content, created, self._time)


def _row(content: bytes | None) -> Row | None:
    return None if content is None else Row(0, content, 0, 0)
