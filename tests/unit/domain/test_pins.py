"""Do dynamic pins find their place in a value, and take it out again?"""

import re
from typing import Any

import pytest

from shared.domain import pins


@pytest.mark.parametrize(
    ("pin", "base"),
    [
        ("text", "text"),
        ("max_size", "max_size"),
        ("values_#_key", "values"),
        ("entries_$_0", "entries"),
        ("obj_@_attr", "obj"),
        ("a_#_b_$_0", "a"),
        ("rows_$_0_#_first_name_@_x", "rows"),
        ("values_#_", "values"),
        ("values_#", "values_#"),
    ],
)
def test_the_base_of_a_pin_stands_before_its_first_step(pin: str, base: str) -> None:
    assert pins.base_name(pin) == base
    assert pins.is_dynamic(pin) == (base != pin)


@pytest.mark.parametrize(
    ("values", "merged"),
    [
        ({"text": "a"}, {"text": "a"}),
        ({"values_#_a": 1, "values_#_b": 2}, {"values": {"a": 1, "b": 2}}),
        ({"values_#_": 1}, {"values": {"": 1}}),
        ({"values": {"a": 0, "c": 3}, "values_#_a": 1}, {"values": {"a": 1, "c": 3}}),
        ({"list_$_0": "x", "list_$_1": "y"}, {"list": ["x", "y"]}),
        ({"list_$_1": "y", "list_$_0": "x"}, {"list": ["x", "y"]}),
        ({"list_$_2": "z"}, {"list": [None, None, "z"]}),
        ({"list": ["x", "y"], "list_$_0": "a"}, {"list": ["a", "y"]}),
        ({"obj_@_name": "Ada"}, {"obj": {"name": "Ada"}}),
        ({"a_#_b_$_1": 5}, {"a": {"b": [None, 5]}}),
        ({"rows_$_0_#_n": 1, "rows_$_0_#_m": 2}, {"rows": [{"n": 1, "m": 2}]}),
        ({"a_#_b_#_c": 2, "a_#_b": {"d": 1}}, {"a": {"b": {"d": 1, "c": 2}}}),
        ({"a": None, "a_#_b": 1}, {"a": {"b": 1}}),
        ({"values_#_a": None}, {"values": {"a": None}}),
    ],
)
def test_dynamic_pins_are_put_into_their_base(values: dict[str, Any], merged: dict[str, Any]) -> None:
    assert pins.merge(values) == merged


def test_merging_changes_nothing_that_came_in() -> None:
    inner = {"x": 1}
    values = {"a": {"b": inner}, "a_#_b_#_y": 2, "c_#_d": inner, "c_#_d_#_z": 3}
    assert pins.merge(values) == {"a": {"b": {"x": 1, "y": 2}}, "c": {"d": {"x": 1, "z": 3}}}
    assert values == {"a": {"b": {"x": 1}}, "a_#_b_#_y": 2, "c_#_d": {"x": 1}, "c_#_d_#_z": 3}


def test_the_order_of_pins_of_one_depth_decides_nothing() -> None:
    values = {"a_$_0": 1, "a_$_3": 4, "b_#_x": 1, "b_#_y": 2}
    assert pins.merge(values) == pins.merge(dict(reversed(values.items())))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"list_$_x": 1}, "list_$_x: 'x' is not an index"),
        ({"list_$_-1": 1}, "list_$_-1"),
        ({"list_$_²": 1}, "list_$_²"),
        ({"list_$_10000": 1}, "above 9999"),
        ({"list": "a text", "list_$_0": 1}, "a text"),
        ({"list": {"a": 1}, "list_$_0": 1}, "a dictionary"),
        ({"values": [1], "values_#_a": 1}, "a list"),
        ({"values": 5, "values_@_a": 1}, "a number"),
        ({"values": True, "values_@_a": 1}, "true or false"),
    ],
)
def test_a_pin_without_a_place_is_named(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        pins.merge(values)


def test_every_pin_without_a_place_is_named() -> None:
    with pytest.raises(ValueError, match=r"a_\$_x.*b_#_y"):
        pins.merge({"a_$_x": 1, "b": "text", "b_#_y": 2})


@pytest.mark.parametrize(
    ("pin", "value", "selected"),
    [
        ("output", {"a": 1}, pins.Found({"a": 1})),
        ("output_#_a", {"a": 1}, pins.Found(1)),
        ("output_#_a", {"a": None}, pins.Found(None)),
        ("output_#_b", {"a": 1}, None),
        ("output_#_a", ["a"], None),
        ("output_#_a", "a", None),
        ("output_$_1", ["x", "y"], pins.Found("y")),
        ("output_$_2", ["x", "y"], None),
        ("output_$_-1", ["x", "y"], None),
        ("output_$_0", "text", None),
        ("output_$_0", {"0": 1}, None),
        ("output_@_name", {"name": "Ada"}, pins.Found("Ada")),
        ("output_@_name", 5, None),
        ("output_#_a_$_0", {"a": [7]}, pins.Found(7)),
        ("output_#_a_$_0", {"b": [7]}, None),
    ],
)
def test_a_source_selects_a_part_or_nothing(pin: str, value: Any, selected: pins.Found | None) -> None:
    assert pins.select(pin, value) == selected


CALL = {"arguments": {"text": "a"}, "pins": {"tools_^_n1_~_text": "text", "tools_^_n1_~_rows_#_x": "rows_x"}}


@pytest.mark.parametrize("pin", ["tools_^_n1_~_text", "tools_^_a_#_b_~_values_#_name", "tools_^_"])
def test_a_tool_pin_is_a_part_of_the_pin_before_it(pin: str) -> None:
    assert pins.base_name(pin) == "tools"
    assert pins.is_dynamic(pin)


@pytest.mark.parametrize(
    ("pin", "found"),
    [
        ("tools_^_n1_~_text", pins.Found("a")),
        ("tools_^_n1_~_rows_#_x", pins.Found(None)),
        ("tools_^_n2_~_text", None),
    ],
)
def test_a_call_gives_its_own_tool_pins_their_arguments(pin: str, found: Any) -> None:
    assert pins.select(pin, CALL) == found


@pytest.mark.parametrize("value", [None, "text", [CALL], {"pins": 1}, {}])
def test_what_is_no_call_gives_tool_pins_nothing(value: Any) -> None:
    assert pins.select("tools_^_n1_~_text", value) is None


def test_a_tool_pin_puts_nothing_together() -> None:
    with pytest.raises(ValueError, match="comes out of"):
        pins.merge({"tools_^_n1_~_text": 1})
