"""Sort keys: their order is Firestore's, none begins another, and names come back from theirs."""

import math

from google.cloud.firestore_v1 import types
from hypothesis import example, given
from hypothesis import strategies as st

from local.firestore import encoding, field_paths, names

INTEGERS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = INTEGERS | st.floats(allow_nan=False)


def number(value: float) -> bytes:
    kind = "integer_value" if isinstance(value, int) else "double_value"
    return encoding.encode(types.Value.pb()(**{kind: value}))


def text(value: str) -> bytes:
    return encoding.encode(types.Value.pb()(string_value=value))


@given(NUMBERS, NUMBERS)
@example(2**53 + 1, 2.0**53)
@example(2**63 - 1, 2.0**63)
@example(0, -0.0)
def test_numbers_compare_exactly_whatever_their_type(a: float, b: float):
    assert (number(a) < number(b), number(a) == number(b)) == (a < b, a == b)


@given(st.floats(allow_nan=False))
def test_nan_is_below_every_number(value: float):
    assert number(math.nan) < number(value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.just("\x00"))


@given(TEXTS, TEXTS)
def test_texts_compare_by_their_bytes(a: str, b: str):
    assert (text(a) < text(b)) == (a.encode() < b.encode())


@given(st.lists(TEXTS | NUMBERS, min_size=2, max_size=2, unique=True))
def test_no_key_begins_another_and_complements_turn_the_order(values: list[str | float]):
    a, b = (text(value) if isinstance(value, str) else number(value) for value in values)
    if a != b:
        assert not a.startswith(b)
        assert (encoding.descending(a) < encoding.descending(b)) == (a > b)


@given(TEXTS, TEXTS)
def test_truncation_never_turns_the_order(a: str, b: str):
    long = [encoding.truncate(text("x" * 1490 + value)) for value in sorted((a, b), key=str.encode)]
    assert long == sorted(long)


SEGMENTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1).filter(
    lambda segment: segment not in (".", "..") and not (segment.startswith("__") and segment.endswith("__"))
)


@given(st.lists(SEGMENTS | st.integers(-(2**63), 2**63 - 1).map(lambda n: f"__id{n}__"), max_size=6))
def test_a_path_comes_back_from_its_key(segments: list[str]):
    assert names.path_of(names.path_key(tuple(segments))) == tuple(segments)


@given(st.lists(st.text(min_size=1).filter(lambda name: len(name.encode("utf-8", "replace")) < 100), min_size=1))
def test_a_field_path_comes_back_from_its_text(segments: list[str]):
    rendered = field_paths.render(tuple(segments))
    if len(rendered.encode("utf-8", "surrogatepass")) <= field_paths.MAX_FIELD_PATH_BYTES and rendered.isprintable():
        assert field_paths.parse(rendered) == tuple(segments)


def test_a_backslash_and_a_backtick_are_escaped():
    assert field_paths.render(("a`b\\c", "d")) == r"`a\`b\\c`.d"
