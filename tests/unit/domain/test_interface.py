"""Which schemas follow from the input and output nodes of a graph."""

from typing import Any

from shared.blocks import catalog
from shared.domain import interface
from shared.domain.graph import Graph, Node, NodeId


def _graph(*nodes: tuple[str, dict[str, Any]]) -> Graph:
    made = [Node(id=NodeId(str(n)), block_type=kind, input_data=data) for n, (kind, data) in enumerate(nodes)]
    return Graph(nodes=made, links=[])


def _inputs(*nodes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return interface.input_schema(_graph(*nodes), catalog.specs())


def test_an_input_has_its_names_words_and_default():
    words = {"name": "city", "title": "City", "description": "Where", "value": "Bern"}
    schema = _inputs(("AGENT_INPUT", words))
    assert schema["properties"] == {"city": {"title": "City", "description": "Where", "default": "Bern"}}
    assert schema["required"] == []


def test_an_input_is_required_unless_it_has_a_value_or_is_optional():
    nodes = [
        ("AGENT_INPUT", {"name": "a"}),
        ("AGENT_INPUT", {"name": "b", "value": None}),
        ("AGENT_INPUT", {"name": "c", "value": ""}),
        ("AGENT_INPUT", {"name": "d", "optional": True}),
    ]
    assert _inputs(*nodes)["required"] == ["a", "b"]


def test_a_typed_input_has_the_type_of_its_value():
    schema = _inputs(("AGENT_NUMBER_INPUT", {"name": "n"}), ("AGENT_TOGGLE_INPUT", {"name": "t"}))
    assert schema["properties"]["n"]["type"] in ("number", "integer")
    assert schema["properties"]["t"]["type"] == "boolean"


def test_a_choice_lists_what_may_be_chosen():
    schema = _inputs(("AGENT_DROPDOWN_INPUT", {"name": "size", "options": ["S", "M"]}))
    assert schema["properties"]["size"]["enum"] == ["S", "M"]


def test_the_value_of_a_secret_input_is_not_shown():
    schema = _inputs(("AGENT_INPUT", {"name": "key", "value": "hidden", "secret": True}))
    assert "hidden" not in str(schema)
    assert schema["properties"]["key"]["writeOnly"] is True


def test_an_input_without_a_name_is_no_input_yet():
    assert _inputs(("AGENT_INPUT", {}), ("AGENT_INPUT", {"name": ""}))["properties"] == {}


def test_one_name_of_two_nodes_is_one_input():
    schema = _inputs(("AGENT_INPUT", {"name": "a", "value": 1}), ("AGENT_INPUT", {"name": "a"}))
    assert list(schema["properties"]) == schema["required"] == ["a"]


def test_an_output_is_a_list_of_values_under_its_name():
    schema = interface.output_schema(_graph(("AGENT_OUTPUT", {"name": "answer"}), ("NOTE", {"name": "no"})))
    assert schema["properties"] == {"answer": {"title": "answer", "type": "array"}}


def test_no_credentials_are_asked_for_where_no_block_takes_any():
    schema = interface.credentials_schema(_graph(("NOTE", {"text": "a"})), catalog.specs())
    assert schema == {"type": "object", "properties": {}, "required": []}


def test_an_advanced_input_says_so():
    schema = _inputs(
        ("AGENT_INPUT", {"name": "a", "advanced": True}), ("AGENT_INPUT", {"name": "b", "advanced": False})
    )
    assert schema["properties"]["a"]["advanced"] is True
    assert "advanced" not in schema["properties"]["b"]
