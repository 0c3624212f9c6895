"""Does TEXT_DIFF do what its examples do not show?"""

from typing import Any

import pytest

from shared.blocks import catalog, runner


@pytest.mark.parametrize(("lines", "hunks"), [(0, 2), (1, 2), (5, 1)])
async def test_changes_far_apart_are_shown_apart(context: Any, lines: int, hunks: int) -> None:
    block = catalog.get("TEXT_DIFF")
    old = "\n".join("abcdefghij")
    given = catalog.read_input(block, {"old": old, "new": old.upper()[0] + old[1:-1] + "J", "context_lines": lines})
    tokens = dict((await runner.collect(block, given, context())).tokens)
    assert tokens["diff"].count("@@ -") == hunks
    assert (tokens["added"], tokens["removed"]) == (2, 2)


async def test_texts_that_are_too_long_are_refused(context: Any) -> None:
    block = catalog.get("TEXT_DIFF")
    found = await runner.collect(block, catalog.read_input(block, {"old": "a\n" * 6_000, "new": ""}), context())
    assert found.failure is not None
    assert "at most 5,000 lines" in found.failure.message
