"""Which collections held a document at a time?

The store knows those that hold one now; the changes since that time say what was otherwise.
"""

from collections import defaultdict

from local.firestore.history import History
from local.firestore.names import Path
from local.firestore.store import Store


def collections(store: Store, history: History, database: str, parent: Path, time: int) -> set[Path]:
    """The paths of the collections anywhere below ``parent`` that held a document at ``time`` in µs."""
    found: set[Path] = set()
    came: dict[Path, set[Path]] = defaultdict(set)
    depth = len(parent)
    seen: set[Path] = set()
    for change in history.since(time):
        path = change.path
        if change.database == database and path[:depth] == parent and len(path) > depth and path not in seen:
            seen.add(path)
            if change.before is not None:
                found.add(path[:-1])
            else:
                came[path[:-1]].add(path)
    for scope, collection in store.collections(database, parent, deep=True):
        if collection not in found and store.count(scope, len(came[collection]) + 1) > _present(
            store, database, came[collection]
        ):
            found.add(collection)
    return found


def _present(store: Store, database: str, paths: set[Path]) -> int:
    return sum(store.find(database, path) is not None for path in paths)
