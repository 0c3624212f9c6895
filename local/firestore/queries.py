"""What are the results of a query at a time?

Reads the present from the store by plans, and takes back what has changed since the time that is asked for.
"""

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice

from local.firestore import names, planner, ranges, scan, schema
from local.firestore.conditions import Conjunction
from local.firestore.history import Change, History
from local.firestore.names import Path
from local.firestore.planner import Candidate, Place
from local.firestore.query import Query
from local.firestore.rows import Row
from local.firestore.store import Store


def run(store: Store, history: History, query: Query, time: int | None) -> list[Candidate]:
    """The results in order, as of ``time`` in µs (None: the present)."""
    if query.limit == 0:
        return []
    store.settle(query.database, query.collection_id)
    past = _past(history, query, time)
    most = None if query.limit is None else query.offset + query.limit
    present = (found for found in _present(store, query, most, len(past)) if found.path not in past)
    older = sorted(_matching(query, past.values()), key=lambda found: found.key)
    merged = heapq.merge(present, older, key=lambda found: found.key) if older else present
    return list(islice(merged, query.offset, most))


def observe(query: Query, results: list[Candidate]) -> ranges.Observed:
    """What was seen of the database by these results."""
    is_cut = query.limit is not None and len(results) >= query.limit > 0
    return ranges.Observed(query, results[-1].key if is_cut else None)


def _past(history: History, query: Query, time: int | None) -> dict[Path, Row | None]:
    """What each document was that has changed since ``time`` and is in the way of the query."""
    changes: Iterable[Change] = () if time is None else history.since(time)
    past: dict[Path, Row | None] = {}
    for change in changes:
        if change.database == query.database and query.covers(change.path):
            past.setdefault(change.path, change.before)
    return past


def _matching(query: Query, rows: Iterable[Row | None]) -> Iterator[Candidate]:
    for row in rows:
        found = planner.candidate(query, row) if row is not None else None
        if found is not None:
            yield found


def _present(store: Store, query: Query, most: int | None, changed: int) -> Iterator[Candidate]:
    """The results in the present, in order. ``changed``: so many of them may be passed over."""
    enough = None if most is None else most + changed
    ordered = [_conjunction(store, query, conjunction, enough) for conjunction in query.conjunctions]
    if len(ordered) == 1:
        return ordered[0]
    return _distinct(heapq.merge(*ordered, key=lambda found: found.key))


def _distinct(ordered: Iterable[Candidate]) -> Iterator[Candidate]:
    """A document that satisfies several conjunctions comes several times, one after another."""
    last = None
    for found in ordered:
        if found.path != last:
            yield found
        last = found.path


def _conjunction(store: Store, query: Query, conjunction: Conjunction, enough: int | None) -> Iterator[Candidate]:
    places = _places(store, query, conjunction)
    if len(places) == 1:
        return planner.Planner(store, query, conjunction, places[0]).run()
    found: list[Candidate] = []
    for place in places:  # one scan open at a time, however many collections there are
        found += islice(planner.Planner(store, query, conjunction, place).run(), enough)
    return _distinct(sorted(found, key=lambda candidate: candidate.key))  # a name is found from everywhere


def _places(store: Store, query: Query, conjunction: Conjunction) -> list[Place]:
    """Where the documents of the query are."""
    parent = names.path_key(query.parent)
    if query.collection_id and not query.all_descendants:
        scope = store.find_scope(query.database, query.collection_id, parent)
        path = (*query.parent, query.collection_id)
        return [] if scope is None else [Place(scope=scope, path=path, keys=scan.KeyRange())]
    if query.collection_id:
        scope = store.find_scope(query.database, query.collection_id, schema.GROUP)
        if scope is not None:
            keys = scan.KeyRange(low=parent, high=names.after_prefix(parent))
            place = Place(scope=scope, path=None, keys=keys)
            if planner.Planner(store, query, conjunction, place).is_indexed():
                return [place]
    return [
        Place(scope=scope, path=path, keys=scan.KeyRange())
        for scope, path in store.collections(query.database, query.parent, deep=query.all_descendants)
        if query.collection_id in ("", path[-1])
    ]
