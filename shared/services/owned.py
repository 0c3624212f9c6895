"""What may be done with every resource that belongs to a user? Found and changed by its owner alone.

    FOLDERS = owned.Kind("folder", folders.documents, reason="FOLDER_NOT_FOUND")
    folder = await FOLDERS.get(caller, id_)
    changed = await FOLDERS.change(caller, id_, expected, lambda old: replace(old, name=name))

What is another's is as absent as what never was; that it was asked for goes on record.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.domain import errors
from shared.domain.permissions import Caller
from shared.firestore import graphs
from shared.firestore.owned import Collection, Record
from shared.services import audit, etags

ID = re.compile(r"[0-9a-z]{24}|[0-9a-z]{26}")

Resource = dict[str, Any]
Cursor = tuple[datetime, str]
R = TypeVar("R", bound=Record)


class Kind(Generic[R]):
    """``name``: what one is called. ``documents``: where they lie. ``reason``: of the error where there is none."""

    def __init__(self, name: str, documents: Collection[R], *, reason: str) -> None:
        self.name = name
        self._documents = documents
        self._reason = reason

    async def get(self, caller: Caller, id_: str, expected: frozenset[str] | None = None) -> R:
        """NotFound; EtagMismatch."""
        found = await self._documents.find(id_) if graphs.is_id(id_) else None
        if found is not None and found.user_id != caller.user_id:
            audit.suspect(self.name.replace(" ", "_"), id_)
        if found is None or found.user_id != caller.user_id:
            raise self.not_found(id_)
        etags.check(expected, etags.etag(found.fence), f"the {self.name} {id_}")
        return found

    async def create(self, caller: Caller, record: R) -> R:
        """One of this id is there already: this very request made it, before its answer was lost."""
        await self._documents.create(record)
        return await self.get(caller, record.id)

    async def change(
        self, caller: Caller, id_: str, expected: frozenset[str] | None, make: Callable[[R], Awaitable[R]]
    ) -> R:
        """As ``make`` has it; again where somebody else changed it meanwhile. EtagMismatch; Conflict: again and
        again."""
        for _ in range(etags.ATTEMPTS):
            old = await self.get(caller, id_, expected)
            made = await make(old)
            if made == old or await self._documents.update(made):
                return await self.get(caller, id_)
        raise etags.contended(f"the {self.name} {id_}")

    async def delete(self, caller: Caller, id_: str, expected: frozenset[str] | None = None) -> R:
        """What it was. NotFound; EtagMismatch."""
        for _ in range(etags.ATTEMPTS):
            found = await self.get(caller, id_, expected)
            if await self._documents.delete(found):
                return found
        raise etags.contended(f"the {self.name} {id_}")

    async def page(
        self, caller: Caller, size: int, cursor: Cursor | None, **equal: Any
    ) -> tuple[list[R], Cursor | None]:
        """A page, newest first, and the cursor of the next."""
        found = await self._documents.list_of(caller.user_id, cursor, size + 1, **equal)
        more = len(found) > size
        return found[:size], (found[size - 1].created_at, found[size - 1].id) if more else None

    async def limit(self, caller: Caller, most: int, setting: str = "") -> None:
        """Conflict: the caller has ``most`` already."""
        if await self._documents.count(caller.user_id) >= most:
            named = f" ({setting})" if setting else ""
            raise errors.Conflict(f"You have {most} {self.name}s, which is all{named}; delete some first.")

    def not_found(self, id_: str) -> errors.NotFound:
        """What is no id is not repeated: it may be a secret, put where an id belongs."""
        known = ID.fullmatch(id_) is not None
        return errors.NotFound(
            f"There is no {self.name} {id_ if known else 'of this id'} of yours.",
            reason=self._reason,
            metadata={f"{self.name.replace(' ', '_')}_id": id_} if known else {},
        )
