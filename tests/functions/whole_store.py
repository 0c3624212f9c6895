"""Where in the whole store is something still mentioned?"""

from collections.abc import AsyncIterator, Sequence

from shared.firestore import client as firestore
from shared.firestore.belongings import BELONGINGS


async def left(needles: Sequence[str]) -> list[str]:
    """Paths of all documents that have something of ``needles`` in them, those of ``audit`` left out."""
    names = {one async for one in _names()} | {name for one in BELONGINGS for name in one.under}
    found: list[str] = []
    for name in names - {"audit"}:
        async for snapshot in firestore.client().collection_group(name).stream():
            path = "/".join(snapshot.reference._path)
            if any(needle in f"{path} {snapshot.to_dict()!r}" for needle in needles):
                found.append(path)
    return found


async def _names() -> AsyncIterator[str]:
    async for collection in firestore.client().collections():
        yield collection.id
