"""What does the platform know of a user? All that is theirs, item by item, for them to take away.

What an item shows is said in ``shared/firestore/belongings.py``: nothing secret, and nothing that only machinery
needs. Large values of executions, which documents only refer to, are items of the collection ``values``.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from shared.firestore import belongings
from shared.firestore.belongings import Belonging, Found
from shared.gcp import storage
from shared.services import stored_values

Cursor = tuple[str, str]
"""The collection and the id of the document after which to go on."""
Item = dict[str, Any]


async def items(user_id: str, after: Cursor | None) -> AsyncGenerator[tuple[list[Item], Cursor], None]:
    """All items of a user, those of one document and what lies under it together, and where one may go on."""
    begun = after is None
    for one in belongings.BELONGINGS:
        here = after is not None and after[0] == one.collection
        begun = begun or here
        if begun and one.told:
            async for found in _of(one, user_id, after[1] if after is not None and here else None):
                yield found


async def _of(one: Belonging, user_id: str, after: str | None) -> AsyncIterator[tuple[list[Item], Cursor]]:
    while found := await belongings.page(one, user_id, after):
        for document in found:
            yield [item async for item in _with_all_under(one, document)], (one.collection, document.id)
        after = found[-1].id


async def _with_all_under(one: Belonging, document: Found) -> AsyncIterator[Item]:
    yield _item(one, one.collection, document, one.told)
    for name, told in one.under.items():
        if told:
            async for below in belongings.under(document, name):
                yield _item(one, f"{one.collection}/{document.id}/{name}", below, told)
    if one.collection == "executions":
        for name in await storage.list_all(stored_values.prefix(document.id)):
            yield {"collection": "values", "id": name, "data": json.loads(await storage.get(name))}


def _item(one: Belonging, path: str, document: Found, told: tuple[str, ...]) -> Item:
    fields = document.fields
    data = {name: _plain(fields[name], name in one.texts) for name in told if name in fields}
    return {"collection": path, "id": document.id, "data": data}


def _plain(value: Any, text: bool) -> Any:
    """What should be JSON text and is not, is told as it is."""
    if text and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
