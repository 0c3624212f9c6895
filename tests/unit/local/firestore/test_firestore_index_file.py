"""The index file: which single-field indexes a field has, and what is no index file."""

import json

import pytest

from local.firestore.index_file import AUTOMATIC, IndexFile, Mode, Scope


def file_of(**content):
    return IndexFile.parse(content)


def test_fields_are_indexed_unless_an_override_says_otherwise():
    file = file_of(
        fieldOverrides=[
            {"collectionGroup": "c", "fieldPath": "big", "indexes": []},
            {"collectionGroup": "c", "fieldPath": "big.but", "indexes": [{"order": "DESCENDING"}]},
        ]
    )
    assert file.single_field("c", ("big",)) == frozenset()
    assert file.single_field("c", ("big", "within")) == frozenset()
    assert file.single_field("c", ("big", "but")) == {(Scope.COLLECTION, Mode.DESCENDING)}
    assert file.single_field("c", ("small",)) == AUTOMATIC
    assert file.single_field("other", ("big",)) == AUTOMATIC


def test_a_star_is_every_other_field():
    file = file_of(fieldOverrides=[{"collectionGroup": "c", "fieldPath": "*", "indexes": []}])
    assert file.single_field("c", ("any",)) == frozenset()


def test_an_override_that_speaks_only_of_expiry_leaves_the_indexes():
    file = file_of(fieldOverrides=[{"collectionGroup": "c", "fieldPath": "expires", "ttl": True}])
    assert file.single_field("c", ("expires",)) == AUTOMATIC


@pytest.mark.parametrize(
    ("content", "covered"),
    [
        ({}, {"projects/p/databases/(default)", "projects/q/databases/(default)"}),
        ({"project": "p"}, {"projects/p/databases/(default)"}),
        ({"project": "p", "database": "d"}, {"projects/p/databases/d"}),
    ],
)
def test_a_file_speaks_of_its_project_and_database(content, covered):
    every = {f"projects/{p}/databases/{d}" for p in "pq" for d in ("(default)", "d")}
    assert {database for database in every if IndexFile.parse(content).covers(database)} == covered


@pytest.mark.parametrize(
    "entry",
    [
        {"collectionGroup": "c"},
        {"fields": []},
        {"collectionGroup": "c", "fields": [{"fieldPath": "a", "order": "UP"}]},
    ],
)
def test_an_entry_that_is_no_index_is_named(entry):
    with pytest.raises(ValueError, match=r"index file: .*is not understood") as refused:
        file_of(indexes=[entry])
    assert json.dumps(entry) in str(refused.value)


def test_the_name_in_its_own_direction_adds_nothing():
    fields = [{"fieldPath": "a", "order": "DESCENDING"}]
    name = {"fieldPath": "__name__", "order": "DESCENDING"}
    plain, named = (file_of(indexes=[{"collectionGroup": "c", "fields": f}]) for f in (fields, [*fields, name]))
    assert plain.composites == named.composites


def test_fingerprints_differ_exactly_when_the_indexes_do():
    entry = {"collectionGroup": "c", "fields": [{"fieldPath": "a", "order": "ASCENDING"}]}
    one, same, other = file_of(indexes=[entry]), file_of(indexes=[entry], project="p"), file_of()
    assert one.fingerprint("c") == same.fingerprint("c") != other.fingerprint("c")
    assert one.fingerprint("d") == other.fingerprint("d")
