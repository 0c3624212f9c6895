"""Has every block that agents of AutoGPT Platform name exactly the pins, types and defaults that they count on?

``shared/interop/autogpt-blocks.json`` is the list; a block that is not here yet is passed over.
"""

import ast
import json
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from shared.blocks import catalog
from shared.blocks.block import Block

FACTS = Path(__file__).parents[3] / "shared" / "interop"
ENUMS: dict[str, list[str]] = json.loads((FACTS / "autogpt-enums.json").read_bytes())
JSON_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "None": "null",
    "list": "array",
    "List": "array",
    "dict": "object",
    "Dict": "object",
}
OURS = {"optional"}
"""A pin of inputs that product agents have beside the listed ones: without a value nothing is emitted."""
KINDER = {
    "AGENT_EXECUTOR": {"user_id", "graph_version", "inputs", "input_schema", "output_schema"},
    "MATCH_TEXT_PATTERN": {"data"},
}
"""Pins that the list requires and that may be left out here: nothing is refused that the list has."""
OURS_TO_CHOOSE = ("DEFAULT_LLM_MODEL", "llm.DEFAULT_LLM_MODEL")
ANYTHING = {"string", "integer", "number", "boolean", "null", "array", "object"}


def block_type(class_name: str) -> str:
    """``AITextGeneratorBlock`` -> ``AI_TEXT_GENERATOR``."""
    name = class_name.removesuffix("Block")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


LISTED = {block_type(one["name"]): one for one in json.loads((FACTS / "autogpt-blocks.json").read_bytes())}
HERE = [block for block in catalog.all() if block.block_type in LISTED]


def test_there_are_119_of_them() -> None:
    assert len(LISTED) == 119


@pytest.mark.parametrize("block", HERE, ids=lambda block: block.block_type)
def test_a_block_has_exactly_the_listed_pins(block: Block) -> None:
    listed = LISTED[block.block_type]
    assert set(block.Input.model_fields) - OURS == set(listed["inputs"])
    assert set(block.Output.model_fields) - {"error"} == set(listed["outputs"]) - {"error"}
    assert block.static_output == listed.get("static_output", False)


@pytest.mark.parametrize("block", HERE, ids=lambda block: block.block_type)
def test_its_input_pins_take_the_listed_types(block: Block) -> None:
    spec = catalog.spec(block.block_type)
    assert spec is not None
    for name, listed in LISTED[block.block_type]["inputs"].items():
        schema = dict(spec.inputs[name].schema)
        expected = json_types(ast.parse(listed["type"], mode="eval").body)
        assert expected <= types_of(schema, schema.get("$defs", {})), name
        if listed["type"] in ENUMS:
            ours = values_of(schema, schema.get("$defs", {}))
            assert not ours or set(ENUMS[listed["type"]]) <= set(ours), name  # none: any text will do
        for bound, key in (("ge", "minimum"), ("le", "maximum")):
            if bound in listed:
                assert next(one[key] for one in options(schema) if key in one) == int(listed[bound]), name


@pytest.mark.parametrize("block", HERE, ids=lambda block: block.block_type)
def test_its_output_pins_give_the_listed_types(block: Block) -> None:
    spec = catalog.spec(block.block_type)
    assert spec is not None
    for name, listed in LISTED[block.block_type]["outputs"].items():
        schema = dict(spec.outputs[name])
        expected = json_types(ast.parse(listed, mode="eval").body)
        given = types_of(schema, schema.get("$defs", {}))
        assert not expected or expected <= given <= expected | {"string", "integer"}, name


@pytest.mark.parametrize("block", HERE, ids=lambda block: block.block_type)
def test_its_secret_pins_are_the_listed_ones(block: Block) -> None:
    spec = catalog.spec(block.block_type)
    assert spec is not None
    for name, listed in LISTED[block.block_type]["inputs"].items():
        assert spec.inputs[name].schema.get("secret", False) == (listed.get("secret") == "True"), name


@pytest.mark.parametrize("block", HERE, ids=lambda block: block.block_type)
def test_its_input_pins_have_the_listed_defaults(block: Block) -> None:
    spec = catalog.spec(block.block_type)
    assert spec is not None
    for name, listed in LISTED[block.block_type]["inputs"].items():
        pin = spec.inputs[name]
        if name == "credentials":
            assert not pin.required  # the wallet says what is missing, and where to get it
        elif "default" not in listed:
            assert pin.required != (name in KINDER.get(block.block_type, ())), name
        elif listed["default"] not in OURS_TO_CHOOSE:
            assert not pin.required, name
            assert same(pin.default, default_of(listed["default"])), (name, pin.default, listed["default"])


def json_types(node: ast.expr) -> set[str]:
    """The JSON types of a Python annotation; of a name that says nothing, none."""
    match node:
        case ast.BinOp(left=left, right=right):
            return json_types(left) | json_types(right)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return json_types(inner) | {"null"}
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=several)):
            return set[str]().union(*map(json_types, several))
        case ast.Subscript(value=ast.Name(id="Literal")):
            return {"string"}
        case ast.Subscript(value=of):
            return json_types(of)
        case ast.Constant(value=None):
            return {"null"}
        case ast.Name(id="Any"):
            return ANYTHING
        case ast.Name(id=name) if name in ENUMS:
            return {"string"}
        case ast.Name(id=name):
            return {JSON_TYPES[name]} if name in JSON_TYPES else set()
        case _:
            return set()


def options(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return schema.get("anyOf") or schema.get("oneOf") or [schema]


def types_of(schema: dict[str, Any], defs: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for one in options(schema):
        resolved = {**defs.get(one.get("$ref", "").rpartition("/")[2], {}), **one}
        found |= {resolved["type"]} if "type" in resolved else ANYTHING
    if "number" in found:
        found |= {"integer"}
    return found | {"string"} if "integer" in found else found  # a text is read as a number


def values_of(schema: dict[str, Any], defs: dict[str, Any]) -> list[str]:
    return [
        value
        for one in options(schema)
        for value in {**defs.get(one.get("$ref", "").rpartition("/")[2], {}), **one}.get("enum", [])
    ]


def default_of(text: str) -> Any:
    """``list()`` -> ``[]``, ``lambda: [1]()`` -> ``[1]``, ``Format.PNG`` -> the name ``PNG``."""
    text = {"list()": "[]", "dict()": "{}", "lambda: list()()": "[]"}.get(text, text)
    text = re.sub(r"^lambda: (.*)\(\)$", r"\1", text)
    if "datetime.now" in text:
        return None  # a block has no clock but its context's: without a value it takes that
    node = ast.parse(re.sub(r"\b[A-Z]\w+\.([A-Z]\w+)", r'"\1"', text), mode="eval").body
    if isinstance(node, ast.Call):
        return {one.arg: ast.literal_eval(one.value) for one in node.keywords if isinstance(one.value, ast.Constant)}
    return ast.literal_eval(node)


def same(ours: Any, listed: Any) -> bool:
    if isinstance(ours, dict) and listed:
        return all(same(ours.get(key), value) for key, value in listed.items())
    if isinstance(ours, list) and isinstance(listed, list):
        return len(ours) == len(listed) and all(map(same, ours, listed))
    if isinstance(ours, str) and isinstance(listed, str) and listed.isupper():  # a value, and the name of a member
        return any(a.startswith(b) or a.endswith(b) for a, b in permutations([plain(listed), plain(ours)]))
    return bool(ours == listed)


def plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
