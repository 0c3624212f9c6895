"""Does a value of another type become what a pin expects?"""

import enum
import math
import re
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from shared.domain import coercion


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    x: int
    y: float = 0.0
    tags: list[str] = []


class Line(BaseModel):
    start: Point
    end: Point | None = None


def to(annotation: Any, value: Any) -> Any:
    return coercion.coerce(value, TypeAdapter(annotation).json_schema())


@pytest.mark.parametrize(
    ("annotation", "value", "coerced"),
    [
        (str, "5", "5"),
        (str, 5, "5"),
        (str, 5.5, "5.5"),
        (str, True, "true"),
        (str, None, "null"),
        (str, {"a": "é"}, '{"a": "é"}'),
        (str, [1, "a"], '[1, "a"]'),
        (date, "2026-01-02", "2026-01-02"),
        (int, 5, 5),
        (int, "5", 5),
        (int, " 5 ", 5),
        (int, "5.7", 5),
        (int, -5.7, -5),
        (int, True, 1),
        (int, "12345678901234567890", 12345678901234567890),
        (int, [1, 2, 3], 3),
        (int, {"a": 1}, 1),
        (float, "2.5", 2.5),
        (float, 2, 2),
        (float, False, 0),
        (float, "inf", math.inf),
        (float, ["a"], 1),
        (bool, True, True),
        (bool, "true", True),
        (bool, "TRUE", True),
        (bool, "1", True),
        (bool, "yes", False),
        (bool, "", False),
        (bool, 2, True),
        (bool, 0, False),
        (bool, None, False),
        (bool, [], False),
        (list, [1], [1]),
        (list, {"a": 1}, [["a", 1]]),
        (list, "[1, 2]", [1, 2]),
        (list, " [1] ", [1]),
        (list, "[1, 2", ["[1, 2"]),
        (list, "a", ["a"]),
        (list, 5, [5]),
        (list, None, [None]),
        (list[int], ["1", 2.0, "3.9"], [1, 2, 3]),
        (list[str], [1, {"a": 1}], ["1", '{"a": 1}']),
        (list[list[Any]], {"a": 1}, [["a", 1]]),
        (list[list[Any]], [1, [2]], [[1], [2]]),
        (dict, {"a": 1}, {"a": 1}),
        (dict, '{"a": 1}', {"a": 1}),
        (dict, "[1]", {"value": "[1]"}),
        (dict, "text", {"value": "text"}),
        (dict, "{text", {"value": "{text"}),
        (dict, ["x", "y"], {"0": "x", "1": "y"}),
        (dict, 5, {"value": 5}),
        (dict[str, int], {"a": "1"}, {"a": 1}),
        (dict[str, str], "text", {"value": "text"}),
        (Any, {"a": [1]}, {"a": [1]}),
        (Any, None, None),
        (int | None, None, None),
        (int | None, "", None),
        (int | None, "7", 7),
        (str | None, None, None),
        (str | None, "", ""),
        (str | None, 5, "5"),
        (str | int, 5, 5),
        (str | int, "5", "5"),
        (int | str, 5.0, 5),
        (str | int, [1], "[1]"),
        (dict[str, Any] | list[Any], "[1]", {"value": "[1]"}),
        (list[int] | dict[str, int], {"a": 1}, {"a": 1}),
        (bool | int, 1, 1),
        (float | None, 1, 1),
        (Colour, "red", "red"),
        (Colour | None, None, None),
        (Literal["a", 1], 1, 1),
        (Literal["a"], "a", "a"),
        (Point, {"x": "1"}, {"x": 1}),
        (Point, '{"x": 1, "tags": "a"}', {"x": 1, "tags": ["a"]}),
        (Line, {"start": {"x": "1"}, "end": {"x": 2}}, {"start": {"x": 1}, "end": {"x": 2}}),
        (list[Point], [{"x": 1.0, "y": "2"}], [{"x": 1, "y": 2.0}]),
        (Point | str, {"y": 1}, '{"y": 1}'),
        (None, None, None),
    ],
)
def test_a_value_becomes_the_type_of_the_pin(annotation: Any, value: Any, coerced: Any) -> None:
    result = to(annotation, value)
    assert result == coerced
    assert type(result) is type(coerced)


@pytest.mark.parametrize(
    ("annotation", "value", "says"),
    [
        (int, "five", '"five" is not a number'),
        (int, None, "null is not a number"),
        (int, math.nan, "NaN is not a whole number"),
        (int, "inf", '"inf" is not a whole number'),
        (float, "", '"" is not a number'),
        (list[int], [1, "x"], "element 1"),
        (dict[str, int], {"a": "x"}, "a: "),
        (Colour, "green", '"green" is not one of "red", "blue"'),
        (Literal["a"], "b", '"b" is not one of "a"'),
        (Point, {"y": 1}, "lacks x"),
        (Line, {"start": {"x": "left"}}, 'start: x: "left"'),
        (int | None, "five", '"five" is not a number; "five" is not null'),
        (int, "x" * 100, "…"),
        (None, 5, "5 is not null"),
    ],
)
def test_what_cannot_be_converted_says_why(annotation: Any, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        to(annotation, value)


@pytest.mark.parametrize(
    ("schema", "value", "coerced"),
    [
        ({}, "5", "5"),
        ({"type": ["integer", "null"]}, "5", 5),
        ({"type": ["integer", "null"]}, None, None),
        ({"oneOf": [{"type": "integer"}, {"type": "boolean"}]}, True, True),
        ({"type": "object", "additionalProperties": False}, {"a": 1}, {"a": 1}),
        ({"enum": ["a", 1]}, "a", "a"),
        ({"anyOf": [{"enum": [1]}, {"type": "boolean"}]}, True, True),
    ],
)
def test_schemas_that_pydantic_does_not_write_are_understood(schema: Any, value: Any, coerced: Any) -> None:
    assert coercion.coerce(value, schema) == coerced


@pytest.mark.parametrize(
    ("annotation", "value", "fits"),
    [
        (str, "a", True),
        (str, 1, False),
        (int, 1, True),
        (int, 1.0, True),
        (int, 1.5, False),
        (int, True, False),
        (float, 1, True),
        (float, True, False),
        (bool, True, True),
        (bool, 1, False),
        (list[int], [1, 2], True),
        (list[int], [1, "2"], False),
        (dict[str, int], {"a": 1}, True),
        (dict[str, int], {"a": "1"}, False),
        (dict[str, int], [1], False),
        (Point, {"x": 1}, True),
        (Point, {}, False),
        (int | None, None, True),
        (int | None, "1", False),
        (Colour, "red", True),
        (Colour, "green", False),
        (Any, object, True),
    ],
)
def test_fitting_needs_no_conversion(annotation: Any, value: Any, fits: bool) -> None:
    assert coercion.fits(value, TypeAdapter(annotation).json_schema()) is fits
