"""Are texts estimated, split and shortened within their budgets?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.blocks import tokens

TEXTS = st.text(max_size=400) | st.text(alphabet="ab \n。日本", max_size=400)


@given(text=TEXTS, size=st.integers(1, 60), overlap=st.integers(0, 40))
def test_parts_cover_the_text_and_keep_to_the_size(text: str, size: int, overlap: int) -> None:
    parts = tokens.split(text, size, overlap)
    assert all(len(part) == 1 or tokens.estimate(part) <= size for part in parts)
    at = 0
    for part in parts:  # each begins within, or right after, what is covered so far
        start = max(i for i in range(at + 1) if text.startswith(part, i))
        at = max(at, start + len(part))
    assert at == len(text)


def test_parts_end_where_words_end() -> None:
    assert tokens.split("one two three four", 3, 0) == ["one two ", "three ", "four"]


def test_parts_overlap() -> None:
    first, second, *_ = tokens.split("word " * 100, 40, 10)
    assert second.startswith(first[-20:])


@pytest.mark.parametrize("text", ["the quick brown fox jumps over the lazy dog", "日本語の文章", "Привет, мир"])
def test_an_estimate_is_at_least_a_token_for_four_characters(text: str) -> None:
    assert tokens.estimate(text) >= len(text) / 4


def test_the_longest_text_is_shortened_first_and_keeps_its_ends() -> None:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": f"begin {'x ' * 9_000}end"}]
    fitted = tokens.fit(messages, 1_000)
    assert fitted[0] == messages[0]
    assert fitted[1]["content"].startswith("begin")
    assert fitted[1]["content"].endswith("end")
    assert tokens.of_messages(fitted) <= 1_000


def test_what_is_short_stays_though_it_does_not_fit() -> None:
    messages = [{"role": "user", "content": "short"}]
    assert tokens.fit(messages, 1) == messages


def test_messages_are_not_changed_in_place() -> None:
    message = {"role": "user", "content": "x" * 9_000}
    tokens.fit([message], 10)
    assert len(message["content"]) == 9_000


def test_what_was_thought_takes_its_room_too():
    turn = {"role": "assistant", "content": "a"}
    assert tokens.of_messages([{**turn, "responses": {"items": ["s" * 300]}}]) > tokens.of_messages([turn]) + 100
