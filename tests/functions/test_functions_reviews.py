"""What a person decides is said without doubt."""

from typing import Any

import pytest
from served import MakeApi, User, fields_of


@pytest.mark.parametrize("approved", ["yes", "no", 1, 0, "true", None])
async def test_a_decision_that_is_neither_true_nor_false_is_refused(
    make_api: MakeApi, user: User, approved: Any
) -> None:
    answer = await make_api("executions", user).post("/reviews/x", json={"approved": approved})
    assert fields_of(answer) == ["approved"]
