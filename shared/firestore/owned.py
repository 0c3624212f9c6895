"""How do documents lie that belong to a user? One collection, a document a record, read and written by its fields.

    _all = owned.Collection("folders", Folder)
    create, update, find, delete, list_of, count = _all.create, _all.update, …

A record is a frozen dataclass with ``id``, ``user_id``, ``created_at`` and ``fence`` (the document's update_time, ""
before it is written). Every list is of one user, newest first; with the fields ``equal`` it needs an index
(user_id, the fields in their order, created_at).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from google.api_core import exceptions
from google.cloud import firestore_v1 as firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.domain.records import Lost
from shared.firestore import commits, values
from shared.firestore.client import client, operation

BATCH = 100
SCHEMA_VERSION = 1

After = tuple[datetime, str]
"""When the last record of a page was created, and its id."""


class Record(Protocol):
    """What every record has."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def fence(self) -> str: ...


R = TypeVar("R", bound=Record)


class Collection(Generic[R]):
    """``json_text``: fields that are kept as JSON text; ``read``: field -> how it is made of what is kept;
    ``derived``: fields that only queries need, of a record; None: its document lacks it; ``under``: collections under
    each document, which go with it."""

    def __init__(
        self,
        name: str,
        record: Callable[..., R],
        *,
        json_text: frozenset[str] = frozenset(),
        read: Mapping[str, Callable[[Any], Any]] | None = None,
        derived: Callable[[R], Mapping[str, Any]] | None = None,
        under: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._under = under
        self._derived = derived
        self._record = record
        self._json_text = json_text
        self._read = {**dict.fromkeys(json_text, values.load), **(read or {})}
        self._fields = [one for one in fields(record) if one.name not in ("id", "fence")]  # pyright: ignore[reportArgumentType]

    def ref(self, id_: str) -> firestore.AsyncDocumentReference:
        return client().collection(self.name).document(id_)

    def write(self, record: R) -> commits.Write:
        """The write of a record, on its fence."""
        return commits.Write(ref=self.ref(record.id), data=self._encode(record), fence=record.fence or None)

    @operation
    async def create(self, record: R) -> bool:
        """False: there is one of this id."""
        return not isinstance(await commits.commit(client(), [self.write(record)]), Lost)

    @operation
    async def update(self, record: R) -> bool:
        """On the fence that it carries. False: it has changed, or is gone."""
        return not isinstance(await commits.commit(client(), [self.write(record)]), Lost)

    @operation
    async def find(self, id_: str) -> R | None:
        return self.decode(await self.ref(id_).get())

    @operation
    async def delete(self, record: R) -> bool:
        """On the fence that it carries, after what lies under it. False: it has changed, or is gone."""
        for name in self._under:
            while await commits.erase(client(), self.ref(record.id).collection(name).limit(BATCH)):
                pass
        batch = client().batch()
        option = client().write_option(last_update_time=commits.timestamp(record.fence).timestamp_pb())
        batch.delete(self.ref(record.id), option=option)
        try:
            await batch.commit()
        except (exceptions.FailedPrecondition, exceptions.NotFound):
            return False
        return True

    @operation
    async def list_of(self, user_id: str, after: After | None, limit: int, **equal: Any) -> list[R]:
        """A user's, newest first; of those with ``equal`` fields, where one is not None."""
        query = self._of(user_id, equal)
        query = query.order_by("created_at", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
        query = query.start_after({"created_at": after[0], "__name__": self.ref(after[1])}) if after else query
        return [found async for s in query.limit(limit).stream() if (found := self.decode(s)) is not None]

    @operation
    async def count(self, user_id: str, **equal: Any) -> int:
        counted: Any = await self._of(user_id, equal).count().get()
        return int(counted[0][0].value)

    async def erase(self, user_id: str, **equal: Any) -> None:
        """Delete all of a user's, or those with ``equal`` fields; one that changes meanwhile is met again."""
        while found := await self.list_of(user_id, None, BATCH, **equal):
            for one in found:
                await self.delete(one)

    def decode(self, snapshot: firestore.DocumentSnapshot[Any]) -> R | None:
        if not snapshot.exists:
            return None
        row: Mapping[str, Any] = snapshot.to_dict() or {}
        return self._record(
            id=snapshot.id,
            fence=commits.fence_of(snapshot.update_time),
            **{one.name: self._value(one.name, row) for one in self._fields if _has(row, one)},
        )

    def _value(self, name: str, row: Mapping[str, Any]) -> Any:
        made = self._read.get(name)
        return row[name] if made is None else made(row[name])

    def _encode(self, record: R) -> dict[str, Any]:
        data: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        for name in (one.name for one in self._fields):
            value = getattr(record, name)
            data[name] = values.dump(value) if name in self._json_text else value
        for name, value in (self._derived(record) if self._derived else {}).items():
            if value is not None:
                data[name] = value
            elif record.fence:
                data[name] = firestore.DELETE_FIELD
        return data

    def _of(self, user_id: str, equal: Mapping[str, Any]) -> firestore.AsyncQuery:
        query = client().collection(self.name).where(filter=FieldFilter("user_id", "==", user_id))
        for name, value in equal.items():
            query = query if value is None else query.where(filter=FieldFilter(name, "==", value))
        return query


def _has(row: Mapping[str, Any], one: Any) -> bool:
    """A field that a document lacks takes its default: it came later. Without a default it must be there."""
    return one.name in row or (one.default is MISSING and one.default_factory is MISSING)
