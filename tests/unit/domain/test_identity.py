"""Do equal causes give equal ids, and different causes different ones?"""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import identity
from shared.domain.labels import LIST, Key

causes = st.lists(st.text(alphabet="01:a", max_size=4), max_size=4)


@given(causes, causes)
def test_ids_are_alike_exactly_where_the_causes_are(one: list[str], other: list[str]):
    assert (identity.derive(*one) == identity.derive(*other)) == (one == other)


def test_a_cause_that_looks_like_two_is_one():
    assert identity.derive("a", "b") != identity.derive("a1:b")
    assert identity.derive("ab", "c") != identity.derive("a", "bc")
    assert identity.derive("") != identity.derive()


@given(st.lists(st.text(), max_size=3))
def test_an_id_is_24_small_letters_and_digits(some: list[str]):
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{24}", identity.derive(*some))


def test_ids_stay_the_same_from_release_to_release():
    assert identity.root("execution") == identity.derive("execution", "root") == "mqrzb8gh8earzmcx56wexffd"
    assert identity.shard("subject-1", 16) == 14


def test_every_kind_of_cause_gives_another_id():
    made = [
        identity.root("e"),
        identity.entry("e", "n"),
        identity.entry("e", "m"),
        identity.entry("f", "n"),
        identity.token("e", 0, 1),
        identity.token("e", 1, 0),
        identity.token("e", 10, 1),
        identity.token("e", 1, 1),
        identity.join("e", "n", Key(())),
        identity.join("e", "n", Key(((1, LIST),))),
        identity.join("e", "m", Key(())),
        identity.join("f", "n", Key(())),
        identity.event("e", "RUNNING", 1),
        identity.event("e", "RUNNING", 2),
        identity.event("e", "FAILED", 1),
    ]
    assert len(set(made)) == len(made)


def test_shards_are_even():
    found = Counter(identity.shard(f"subject-{n}", 16) for n in range(3200))
    assert set(found) == set(range(16))
    assert max(found.values()) < 2 * min(found.values())
