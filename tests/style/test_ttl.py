"""Does what Firestore deletes by itself have the field that says when, and is it said of nothing else?

Each module of ``shared/firestore`` says how its documents are pruned.
"""

import json
import re

import pytest
from repository import ROOT, modules

CONTENT = json.loads((ROOT / "terraform" / "firestore.indexes.json").read_text(encoding="utf-8"))
TTLS = {(entry["collectionGroup"], entry["fieldPath"]) for entry in CONTENT["fieldOverrides"] if entry.get("ttl")}
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in modules("shared/firestore")}
MOST = 1_000
"""Composite indexes, and fields with settings of their own (https://cloud.google.com/firestore/quotas)."""


def _collections(text: str) -> set[str]:
    return set(re.findall(r'ollection\(\s*"(\w+)"', text))


def _fields(text: str) -> set[str]:
    """By which the module says that its documents go."""
    return set(re.findall(r"TTL\s+on\s+(\w+)", text))


SAID = {name: text for name, text in TEXTS.items() if _fields(text)}


@pytest.mark.parametrize(("collection", "field"), sorted(TTLS))
def test_what_goes_by_a_time_is_written_with_it(collection: str, field: str) -> None:
    (text,) = (text for text in SAID.values() if collection in _collections(text) and field in _fields(text))
    assert re.search(rf'(?m)"{field}":|^    {field}: datetime$', text)


@pytest.mark.parametrize("name", SAID)
def test_what_says_that_it_goes_by_a_time_does(name: str) -> None:
    for field in _fields(SAID[name]):
        assert {(collection, field) for collection in _collections(SAID[name])} & TTLS


def test_there_are_no_more_indexes_than_firestore_keeps() -> None:
    assert len(CONTENT["indexes"]) <= MOST
    assert len(CONTENT["fieldOverrides"]) <= MOST
