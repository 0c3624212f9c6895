"""Does the catalog find blocks, describe them, and read a node's input?"""

import json
import subprocess
import sys
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import LINKED
from shared.domain import errors


def test_a_block_is_found_by_its_exact_type() -> None:
    assert catalog.get("TEXT_PROCESSING").block_type == "TEXT_PROCESSING"
    assert catalog.find("text_processing") is None
    assert catalog.spec("text_processing") is None


def test_an_unknown_block_is_named() -> None:
    with pytest.raises(errors.NotFound, match="'SHOUT'") as failure:
        catalog.get("SHOUT")
    assert failure.value.reason == "BLOCK_NOT_FOUND"


def test_blocks_are_listed_by_type_once() -> None:
    types = [block.block_type for block in catalog.all()]
    assert types == sorted(set(types))
    assert set(catalog.specs()) == set(types)


def test_the_specification_has_pins_with_their_schemas_and_defaults() -> None:
    spec = catalog.spec("CONDITION")
    assert spec is not None
    assert spec.inputs["value1"].required
    assert not spec.inputs["yes_value"].required
    assert spec.inputs["operator"].schema["$defs"]["Comparison"]["enum"][0] == "=="
    assert set(spec.outputs) == {"error", "result", "yes_output", "no_output"}
    assert spec.pure


def test_defaults_made_by_factories_are_known() -> None:
    spec = catalog.spec("STEP_THROUGH_ITEMS")
    assert spec is not None
    assert spec.inputs["items"].default == []
    assert spec.inputs["items_object"].default == {}
    assert spec.many_pins({"items": LINKED}) == {"item", "key"}


def test_a_literal_is_coerced_by_the_type_of_its_pin() -> None:
    spec = catalog.spec("CONDITION")
    assert spec is not None
    assert spec.coerce("operator", "==") == "=="
    with pytest.raises(ValueError, match='"~" is not one of'):
        spec.coerce("operator", "~")


def test_a_dynamic_pin_is_judged_with_its_base() -> None:
    spec = catalog.spec("STEP_THROUGH_ITEMS")
    assert spec is not None
    assert spec.coerce("items_$_0", "5") == "5"


@pytest.mark.parametrize("block", catalog.all(), ids=lambda block: block.block_type)
def test_a_description_is_json(block: Any) -> None:
    described = catalog.describe(block)
    assert json.loads(json.dumps(described)) is not None
    assert "error" in described["output_schema"]["properties"]


@pytest.mark.parametrize("block", catalog.all(), ids=lambda block: block.block_type)
def test_every_default_suits_its_pin(block: Any) -> None:
    spec = catalog.spec(block.block_type)
    assert spec is not None
    for pin in spec.inputs.values():
        if not pin.required:
            assert spec.coerce(pin.name, pin.default) == pin.default


def test_values_are_coerced_and_dynamic_pins_put_together() -> None:
    block = catalog.get("STEP_THROUGH_ITEMS")
    read: Any = catalog.read_input(block, {"items_$_1": "b", "items_$_0": "a", "items_str": 5})
    assert read.items == ["a", "b"]
    assert read.items_str == "5"


def test_null_means_the_default_where_it_is_no_value() -> None:
    read: Any = catalog.read_input(catalog.get("COMBINE_TEXTS"), {"input": ["a", None], "delimiter": None})
    assert (read.input, read.delimiter) == (["a", "null"], "")
    read = catalog.read_input(catalog.get("CREATE_LIST"), {"values": None, "max_size": None})
    assert (read.values, read.max_size) == ([None], None)
    spec = catalog.spec("COMBINE_TEXTS")
    assert spec is not None
    assert spec.coerce("delimiter", None) is None


def test_dynamic_pins_stand_over_the_default_of_their_base() -> None:
    read: Any = catalog.read_input(catalog.get("AGENT_TABLE_INPUT"), {"name": "people", "column_headers_$_1": "last"})
    assert read.column_headers == ["Column 1", "last", "Column 3"]


def test_every_wrong_pin_is_named() -> None:
    block = catalog.get("CONDITION")
    with pytest.raises(errors.BlockError) as failure:
        catalog.read_input(block, {"operator": "~", "value1": 1, "colour": "red"})
    assert failure.value.reason == "INVALID_INPUT"
    for part in ("CONDITION", "operator: ", "colour: the block has no such pin", "value2: nothing came"):
        assert part in failure.value.message


def test_a_dynamic_pin_without_a_place_is_named() -> None:
    with pytest.raises(errors.BlockError, match="items_\\$_x") as failure:
        catalog.read_input(catalog.get("STEP_THROUGH_ITEMS"), {"items_$_x": 1})
    assert failure.value.reason == "INVALID_INPUT"


def test_the_catalog_loads_no_heavy_library() -> None:
    heavy = [
        "openai",
        "openpyxl",
        "jinja2",
        "regex",
        "httpx",
        "PIL",
        "bs4",
        "jmespath",
        "jsonpath",
        "jsonschema",
        "jwt",
    ]
    heavy += ["lxml", "markdown_it", "pint", "pydantic_monty", "pypdf", "rapidfuzz", "segno", "xmltodict", "yaml"]
    code = (
        "import sys; from shared.blocks import catalog; catalog.specs(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("block_type", "pin", "many", "one"),
    [
        (
            "CREATE_LIST",
            "list",
            [{"max_size": 2}, {"max_tokens": "5"}, {"max_size": LINKED}],
            [{}, {"max_size": None}, {"max_size": ""}, {"values": LINKED}],
        ),
        (
            "READ_SPREADSHEET",
            "row",
            [{"produce_singular_result": True}, {"produce_singular_result": LINKED}],
            [{}, {"produce_singular_result": False}, {"produce_singular_result": "false"}],
        ),
        (
            "FILE_READ",
            "content",
            [{"delimiter": "0"}, {"size_limit": 5}, {"delimiter": LINKED}, {"size_limit": LINKED}],
            [{}, {"delimiter": "", "size_limit": 0}, {"size_limit": "0"}, {"row_limit": 3}],
        ),
        (
            "EXTRACT_TEXT_INFORMATION",
            "positive",
            [{"find_all": True}, {"find_all": "true"}, {"find_all": LINKED}],
            [{}, {"find_all": False}, {"find_all": "False"}],
        ),
    ],
)
def test_literals_decide_whether_a_pin_emits_many(block_type: str, pin: str, many: Any, one: Any) -> None:
    block = catalog.get(block_type)
    assert [block.many_pins(literals) for literals in many] == [frozenset({pin})] * len(many)
    assert [block.many_pins(literals) for literals in one] == [frozenset()] * len(one)
