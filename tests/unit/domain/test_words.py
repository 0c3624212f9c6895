"""What the words of a text are, in any script."""

import pytest

from shared.domain import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Summarise PDFs, quickly!", ["summarise", "pdfs", "quickly"]),
        ("E-mail it", ["e", "mail", "email", "it"]),
        ("Node.js don’t", ["node", "js", "nodejs", "don", "t", "dont"]),
        ("Überprüfung façade Straße", ["uberprufung", "facade", "strasse"]),
        ("<p>one</p><br>two", ["one", "two"]),
        ("合同条款", ["合同", "同条", "条款"]),
        ("用GPT-4写", ["用", "gpt", "4", "gpt4", "写"]),
        ("snake_case 3.5", ["snake", "case", "3", "5", "35"]),
        ("", []),
        ("?!", []),
    ],
)
def test_a_text_has_these_words(text: str, found: list[str]) -> None:
    assert words.of(text) == found


def test_a_word_without_end_is_cut() -> None:
    assert words.of("x" * 500) == ["x" * words.MAX_WORD]


def test_words_that_say_little_count_where_there_are_no_others() -> None:
    assert words.telling(["what", "is", "my", "budget"]) == ["budget"]
    assert words.telling(["who", "is", "it"]) == ["who", "is", "it"]
