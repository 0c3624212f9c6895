"""Do rules judge values of every kind as people expect, and do ways follow them?"""

from typing import Any

import pytest

from shared.blocks import catalog, rules, runner
from shared.blocks.rules import Combination, Operator, Rule

RECORD = {
    "name": "Ada",
    "age": "36",
    "tags": ["a", 1],
    "empty": "",
    "none": None,
    "no": False,
    "a.b": {"c": [10, 20]},
}


@pytest.mark.parametrize(
    ("field", "operator", "value", "kept"),
    [
        ("name", "equals", "Ada", True),
        ("name", "equals", "ada", False),
        ("age", "equals", 36, True),
        ("age", "equals", "36.0", False),
        ("no", "equals", False, True),
        ("no", "equals", 0, False),
        ("no", "equals", "false", False),
        ("none", "equals", None, True),
        ("missing", "equals", None, True),
        ("missing", "not_equals", 1, True),
        ("age", "greater", 35, True),
        ("age", "greater", "4", True),
        ("age", "less_or_equal", 36, True),
        ("name", "greater", 1, False),
        ("name", "less", 1, False),
        ("none", "less", 1, False),
        ("name", "less", "B", True),
        ("tags", "contains", "1", True),
        ("tags", "contains", "b", False),
        ("tags", "not_contains", "b", True),
        ("name", "contains", "d", True),
        ("none", "contains", "", False),
        ("", "contains", "name", True),
        ("name", "in", ["Ada", "Bob"], True),
        ("age", "in", [36], True),
        ("name", "not_in", ["Bob"], True),
        ("name", "starts_with", "A", True),
        ("name", "ends_with", "A", False),
        ("name", "matches", "^A.a$", True),
        ("age", "matches", r"^\d+$", True),
        ("none", "exists", None, False),
        ("no", "exists", None, True),
        ("missing", "not_exists", None, True),
        ("empty", "empty", None, True),
        ("no", "empty", None, False),
        ("tags", "not_empty", None, True),
        ("no", "true", None, False),
        ("age", "true", None, False),
        ("tags", "true", None, True),
        ("missing", "false", None, True),
        ("a.b.c.0", "equals", 10, False),
        ("tags.0", "equals", "a", True),
        ("tags.-1", "equals", 1, True),
        ("tags.5", "exists", None, False),
        ("tags.99999999999", "exists", None, False),
    ],
)
def test_a_rule_judges(field: str, operator: str, value: Any, kept: bool) -> None:
    rule = Rule(field=field, operator=Operator(operator), value=value)
    assert rules.all_keep(RECORD, [rule], Combination.ALL) == kept


def test_a_key_with_dots_counts_before_a_way() -> None:
    assert rules.at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert rules.at({"a": {"b": 2}}, "a.b") == 2
    assert rules.at({"a": {"b": 2}}, "a.c") is rules.MISSING


def test_values_of_every_kind_have_an_order() -> None:
    values = [{"a": 1}, "b", "10", 2, None, True, "a", [1], 9.5]
    assert sorted(values, key=rules.order_key) == [None, True, 2, 9.5, "10", "a", "b", [1], {"a": 1}]


@pytest.mark.parametrize("text", ["nan", "1_000", "", "0x10", "1" * 500])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert rules.as_number(text) is None


async def test_without_rules_all_are_kept(context: Any) -> None:
    for combine in ("all", "any"):
        block = catalog.get("IF")
        given = catalog.read_input(block, {"value": 1, "rules": [], "combine": combine})
        assert (await runner.collect(block, given, context())).tokens == [("true", 1)]


async def test_a_switch_has_eight_cases_at_most(context: Any) -> None:
    block = catalog.get("SWITCH")
    cases = [{"value": number} for number in range(1, 9)]
    found = await runner.collect(block, catalog.read_input(block, {"value": 8, "cases": cases}), context())
    assert found.tokens == [("case_8", 8)]
    spec = catalog.spec("SWITCH")
    assert spec is not None
    with pytest.raises(ValueError, match="at most 8"):
        spec.coerce("cases", [*cases, {"value": 9}])


@pytest.mark.parametrize(
    ("block_type", "values", "reason", "said"),
    [
        ("STOP_WITH_ERROR", {"message": "No stock."}, "STOPPED_ON_PURPOSE", "No stock."),
        ("STOP_WITH_ERROR", {"message": ""}, "STOPPED_ON_PURPOSE", "Stopped on purpose."),
        ("BLOCK_INSTALLATION", {"code": "x"}, "NOT_SUPPORTED", "docs/adding-a-block.md"),
    ],
)
async def test_some_only_fail(block_type: str, values: dict[str, Any], reason: str, said: str, context: Any) -> None:
    block = catalog.get(block_type)
    found = await runner.collect(block, catalog.read_input(block, values), context())
    assert found.failure is not None
    assert found.failure.reason == reason
    assert said in found.failure.message
    assert found.tokens == []
