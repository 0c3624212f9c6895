"""What is kept of documents in memory is what the file holds."""

from contextlib import suppress

import pytest

from local.database import Database
from local.firestore import messages, store
from local.firestore.store import Store

NAME, PATH = "projects/p/databases/d", ("c", "a")


@pytest.fixture
def stored():
    database = Database(None)
    yield Store(database, None)
    database.close()


def put(stored, number, before=None):
    document = messages.Document(name=f"{NAME}/documents/c/a")
    document.fields["n"].integer_value = number
    with stored.transaction():
        return stored.put(NAME, PATH, before, document, document.SerializeToString(), 1, number)


def test_a_document_is_found_as_it_was_written_last(stored):
    first = put(stored, 1)
    second = put(stored, 2, first)
    assert stored.find(NAME, PATH) == second
    stored.forget()
    assert stored.find(NAME, PATH) == second


def test_a_document_that_is_removed_is_gone(stored):
    row = put(stored, 1)
    with stored.transaction():
        stored.remove(NAME, PATH, row)
    assert stored.find(NAME, PATH) is None


def test_what_was_undone_is_forgotten(stored):
    first = put(stored, 1)
    document = messages.Document(name=f"{NAME}/documents/c/a")
    with suppress(ZeroDivisionError), stored.transaction():
        stored.put(NAME, PATH, first, document, document.SerializeToString(), 1, 2)
        raise ZeroDivisionError
    stored.forget()
    assert stored.find(NAME, PATH) == first


def test_neither_many_documents_nor_large_ones_are_kept(stored, monkeypatch):
    monkeypatch.setattr(store, "_MANY_ROWS", 2)
    monkeypatch.setattr(store, "_SMALL", 100)
    for id_, text in (("a", ""), ("b", ""), ("c", ""), ("d", "x" * 200)):
        document = messages.Document(name=f"{NAME}/documents/c/{id_}")
        document.fields["text"].string_value = text
        with stored.transaction():
            stored.put(NAME, ("c", id_), None, document, document.SerializeToString(), 1, 1)
    assert [path[1] for _, path in stored._rows] == ["b", "c"]
    assert stored.find(NAME, ("c", "d")) is not None
