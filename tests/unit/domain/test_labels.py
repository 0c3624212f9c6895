"""Do labels pair, count and sort as the rules of pairing say, also where they are written as text?"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import labels
from shared.domain.labels import LIST, WAY, Component, Label

numbers = st.integers(0, 12) | st.integers(0, 10**7)
cycles = st.integers(0, 12) | st.integers(0, 10**4)
components: st.SearchStrategy[Component] = st.tuples(numbers, st.sampled_from([LIST, WAY]) | cycles)
any_label: st.SearchStrategy[Label] = st.lists(components, max_size=5).map(tuple)


def test_a_component_is_added_at_the_end():
    assert labels.append(((1, LIST),), 2, 7) == ((1, LIST), (2, 7))


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ((), ()),
        (((0, LIST),), ()),
        (((1, LIST),), ((1, LIST),)),
        (((0, LIST), (0, LIST)), ()),
        (((0, LIST), (1, LIST)), ((0, LIST), (1, LIST))),
        (((2, LIST), (0, LIST)), ((2, LIST),)),
        (((5, WAY),), ()),
        (((1, LIST), (5, WAY), (0, LIST), (3, WAY)), ((1, LIST),)),
        (((0, LIST), (1, WAY), (2, 4)), ((0, LIST), (2, 4))),
    ],
)
def test_the_key_is_the_label_without_ways_and_trailing_zeros(label: Label, key: Label):
    assert labels.key(label) == key


@given(any_label)
def test_the_first_of_a_list_pairs_with_what_its_list_pairs_with(label: Label):
    assert labels.key(labels.append(label, 0, LIST)) == labels.key(label)


@given(any_label, st.integers(0, 9))
def test_the_way_that_a_token_came_decides_no_pairing(label: Label, way: int):
    assert labels.key(labels.append(label, way, WAY)) == labels.key(label)


@given(any_label, st.integers(1, 9), st.integers(1, 9))
def test_two_of_a_list_pair_only_if_they_are_the_same(label: Label, one: int, other: int):
    alike = labels.key(labels.append(label, one, LIST)) == labels.key(labels.append(label, other, LIST))
    assert alike == (one == other)


@given(any_label)
def test_without_ways_keeps_zeros_and_order(label: Label):
    assert list(labels.without_ways(label)) == [c for c in label if c[1] != WAY]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ((1, 3),)),
        (((1, 3),), ((2, 3),)),
        (((1, 3), (0, WAY)), ((2, 3),)),
        (((1, 3), (0, WAY), (1, WAY)), ((2, 3),)),
        (((4, LIST),), ((4, LIST), (1, 3))),
        (((1, 3), (4, LIST)), ((1, 3), (4, LIST), (1, 3))),
        (((1, 2),), ((1, 2), (1, 3))),
        (((1, WAY),), ((1, WAY), (1, 3))),
        (((1, WAY), (1, 3), (0, WAY)), ((1, WAY), (2, 3))),
    ],
)
def test_a_turn_is_counted_in_place(before: Label, after: Label):
    assert labels.next_turn(before, 3) == after


@given(st.lists(st.integers(0, 3), max_size=6), st.integers(1, 6))
def test_ways_within_a_cycle_do_not_make_labels_longer_with_every_turn(ways: list[int], turns: int):
    label: Label = ((7, LIST),)
    for _ in range(turns):
        label = labels.next_turn(label, 0)
        for way in ways:
            label = labels.append(label, way, WAY)
    assert label == ((7, LIST), (turns, 0), *((way, WAY) for way in ways))


@given(any_label, any_label, st.integers(1, 4))
def test_what_enters_a_cycle_by_two_ways_stays_apart(label: Label, other: Label, turns: int):
    one, two = labels.append(label, 0, WAY), labels.append(label, 1, WAY)
    for _ in range(turns):
        one, two = labels.next_turn(one, 99_999), labels.next_turn(two, 99_999)
    assert one < two
    assert labels.key(one) == labels.key(two)


@pytest.mark.parametrize(
    "rising",
    [
        [((0, LIST),), ((1, LIST),)],
        [((5, WAY),), ((0, LIST), (0, LIST))],
        [((0, LIST), (0, LIST), (0, LIST)), ((1, LIST),), ((1, LIST), (0, LIST))],
        [((0, WAY),), ((1, WAY),)],
    ],
)
def test_a_firing_takes_the_label_of_greatest_key_then_the_longest(rising: list[Label]):
    for last in range(1, len(rising) + 1):
        assert labels.widest(rising[:last]) == rising[last - 1]


@given(st.lists(any_label, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_label_of_a_firing_does_not_depend_on_the_order_of_its_tokens(some: list[Label], shuffled: random.Random):
    widest = labels.widest(some)
    shuffled.shuffle(some)
    assert labels.widest(some) == widest


@given(any_label, any_label)
def test_the_text_of_labels_sorts_as_they_do(one: Label, other: Label):
    assert (labels.encode(one) < labels.encode(other)) == (one < other)
    assert (labels.encode(one) == labels.encode(other)) == (one == other)


@given(any_label, any_label)
def test_the_text_of_a_prefix_is_a_prefix_and_no_other_is(label: Label, other: Label):
    for length in range(len(label) + 1):
        assert labels.encode(label).startswith(labels.encode(label[:length]))
    assert labels.encode(label).startswith(labels.encode(other)) == (label[: len(other)] == other)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ((), ""),
        (((0, WAY),), "a0A"),
        (((9, LIST),), "a9B"),
        (((10, LIST),), "b10B"),
        (((1, 0), (123, 45)), "a1Ca0c123Cb45"),
    ],
)
def test_labels_are_stored_as_this_text(label: Label, text: str):
    assert labels.encode(label) == text
