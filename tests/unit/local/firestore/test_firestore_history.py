"""The recent past is found as it was, at whatever time, and what is kept of it is bounded."""

import pytest

from local.database import Database
from local.firestore import history
from local.firestore.history import Change, History
from local.firestore.store import Store

NAME, PATH = "projects/p/databases/d", ("c", "a")


@pytest.fixture
def database():
    opened = Database(None)
    yield opened
    opened.close()


@pytest.fixture
def stored(database):
    return Store(database, None)


def write(stored, past, time, content):
    before = stored.find(NAME, PATH)
    if content is None:
        stored.remove(NAME, PATH, f"{NAME}/documents/c/a", before, time)
        after = None
    else:
        after = stored.put(NAME, PATH, f"{NAME}/documents/c/a", before, content, time, time)
    past.last = time
    past.add([Change(time, NAME, PATH, before, after)])


def contents(past, times):
    return [None if (row := past.find(NAME, PATH, time)) is None else row.content for time in times]


def test_a_document_is_found_as_it_was_at_each_time(stored):
    past = History(stored)
    for time, content in ((10, b"a"), (20, b"b"), (30, None), (40, b"c")):
        write(stored, past, time, content)
    times = [5, 10, 15, 20, 29, 30, 39, 40, 50, None]
    assert contents(past, times) == [None, b"a", b"a", b"b", b"b", None, None, b"c", b"c", b"c"]
    past.trim(25 - history.HORIZON)
    assert contents(past, times) == [None, b"a", b"a", b"b", b"b", None, None, b"c", b"c", b"c"]


def test_new_documents_count_as_what_is_kept(stored, monkeypatch):
    monkeypatch.setattr(history, "MAX_BYTES", 10_000)
    past = History(stored)
    for number in range(1, 9):
        write(stored, past, 2 * number, bytes([number]) * 4000)
        write(stored, past, 2 * number + 1, None)
        past.trim(0)
    assert [change.time for change in past._changes] == [16, 17]
    assert past.oldest == 15
    assert contents(past, [15, 16, 17]) == [None, bytes([8]) * 4000, None]
