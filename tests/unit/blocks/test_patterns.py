"""Do patterns of users match, and stop when they take too long?"""

from typing import Any

import pytest

from shared.blocks import catalog, runner
from shared.blocks.sandbox import patterns
from shared.domain import errors


def test_groups_that_take_no_part_are_empty() -> None:
    (match,) = patterns.find_all(r"(a)|(b)", "b")
    assert match.groups == ("b", "", "b")


def test_a_pattern_that_takes_too_long_is_stopped(monkeypatch: Any) -> None:
    monkeypatch.setattr(patterns, "MAX_SECONDS", 0.05)
    with pytest.raises(errors.BlockError, match="simplify") as failure:
        patterns.find_all(r"(?:x+x+)+(?:a|aa)+(\w+)*y", "x" * 60 + "a" * 60)
    assert failure.value.reason == "LIMIT_EXCEEDED"


def test_a_pattern_that_is_too_long_is_refused() -> None:
    with pytest.raises(errors.BlockError, match="10,000"):
        patterns.find_all("a" * 10_001, "a")


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "*", "(?P<n", "\\"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(errors.BlockError, match="not a pattern") as failure:
        patterns.find_all(pattern, "a")
    assert failure.value.reason == "PATTERN_INVALID"


@pytest.mark.parametrize(("dot_all", "found"), [(True, 1), (False, 0)])
def test_a_dot_matches_the_end_of_a_line_when_asked(dot_all: bool, found: int) -> None:
    assert len(patterns.find_all("a.b", "a\nb", dot_all=dot_all)) == found


async def test_only_the_first_match_counts_unless_all_are_asked_for(context: Any) -> None:
    block = catalog.get("EXTRACT_TEXT_INFORMATION")
    read = catalog.read_input(block, {"text": {"a": 12}, "pattern": r"\d"})
    outcome = await runner.collect(block, read, context())
    assert outcome.tokens == [("positive", "1"), ("matched_results", ["1"]), ("matched_count", 1)]
