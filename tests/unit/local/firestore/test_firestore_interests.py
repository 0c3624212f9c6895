"""A change finds those it concerns without asking the others."""

import pytest

from local.firestore import interests, messages, query
from local.firestore.history import Change
from local.firestore.interests import Interests
from local.firestore.rows import Row

DATABASE = "projects/p/databases/d"


def structured(collection_id, *, group=False, **equal):
    wanted = messages.StructuredQuery()
    wanted.from_.add(collection_id=collection_id, all_descendants=group)
    for name, value in equal.items():
        wanted.where.field_filter.field.field_path = name
        wanted.where.field_filter.op = 5
        wanted.where.field_filter.value.integer_value = value
    return query.parse(DATABASE, (), wanted)


def row(path, **fields):
    document = messages.Document(name=f"{DATABASE}/documents/{'/'.join(path)}")
    for name, value in fields.items():
        document.fields[name].integer_value = value
    return Row(1, document.SerializeToString(), 1, 1)


def change(*path, before=None, after=None):
    rows = [None if fields is None else row(path, **fields) for fields in (before, after)]
    return Change(1, DATABASE, path, *rows)


@pytest.fixture
def filed():
    """A thousand documents, a thousand queries by value, one of a collection, one of a group."""
    made = Interests()
    for n in range(1000):
        made.add(f"document {n}", interests.keys_of_documents(DATABASE, {("nodes", str(n))}))
        made.add(f"query {n}", interests.keys_of_query(structured("nodes", execution=n)))
    made.add("collection", interests.keys_of_query(structured("nodes")))
    made.add("group", interests.keys_of_query(structured("nodes", group=True)))
    return made


def test_a_change_concerns_only_the_queries_for_its_value(filed):
    found = filed.concerned(change("nodes", "7", after={"execution": 8}))
    assert found == {"document 7", "query 8", "collection", "group"}


def test_a_change_of_value_concerns_those_of_both(filed):
    found = filed.concerned(change("nodes", "x", before={"execution": 8}, after={"execution": 9}))
    assert found == {"query 8", "query 9", "collection", "group"}


def test_a_group_looks_below_every_document(filed):
    assert filed.concerned(change("runs", "r", "nodes", "7", before={"execution": 8})) == {"group"}


def test_a_change_of_another_collection_or_database_concerns_nobody(filed):
    assert filed.concerned(change("towns", "7", after={"execution": 8})) == set()
    assert filed.concerned(change("nodes", "7", after={})._replace(database="projects/p/databases/e")) == set()


def test_what_is_taken_back_leaves_nothing():
    made, untouched = Interests(), Interests()
    keys = interests.keys_of_query(structured("nodes", execution=1))
    made.add("one", keys)
    made.add("two", keys)
    made.remove("one", keys)
    assert made.concerned(change("nodes", "x", after={"execution": 1})) == {"two"}
    made.remove("two", keys)
    assert vars(made) == vars(untouched)
