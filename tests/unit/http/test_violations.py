"""What pydantic refuses is said in the words in which services say it."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.http import errors


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    count: int = Field(1, ge=1, le=9)
    size: float = 1
    is_new: bool = True
    queue: Literal["fast", "slow"] = "fast"
    data: dict[str, Any] = {}
    tags: list[str] = []


@pytest.mark.parametrize(
    ("body", "field", "description"),
    [
        ({}, "name", "It is missing."),
        ({"name": 1}, "name", "It must be a text, not a number."),
        ({"name": "a", "count": "x"}, "count", "It must be a whole number."),
        ({"name": "a", "count": 1.5}, "count", "It must be a whole number, not a number."),
        ({"name": "a", "count": []}, "count", "It must be a whole number, not a list."),
        ({"name": "a", "count": 0}, "count", "It must be 1 at least."),
        ({"name": "a", "count": 10}, "count", "It must be 9 at most."),
        ({"name": "a", "size": None}, "size", "It must be a number, not null."),
        ({"name": "a", "is_new": "perhaps"}, "is_new", "It must be true or false."),
        ({"name": "a", "queue": "express"}, "queue", "It must be 'fast' or 'slow'."),
        ({"name": "a", "data": []}, "data", "It must be an object, not a list."),
        ({"name": "a", "tags": {}}, "tags", "It must be a list, not an object."),
        ({"name": "a", "tags": [1]}, "tags[0]", "It must be a text, not a number."),
        ({"name": "a", "nmae": 1}, "nmae", "There is no such field; /docs shows those that there are."),
        ([], "body", "It must be an object, not a list."),
    ],
)
def test_a_violation_says_what_it_must_be(body: Any, field: str, description: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    (violation,) = errors.from_pydantic(refused.value.errors()).violations
    assert (violation.field, violation.description) == (field, description)


def test_what_has_no_words_of_its_own_keeps_those_of_pydantic() -> None:
    (violation,) = errors.from_pydantic(
        [{"type": "url_scheme", "loc": ("body", "url"), "msg": "Bad scheme"}]
    ).violations
    assert violation.description == "Bad scheme."
