"""Which graphs are refused, where, and what a saved one still lacks."""

import dataclasses
import itertools
from typing import Any

import pytest

from shared.domain import validation
from shared.domain.graph import Graph, Node, NodeId
from shared.domain.spec import Advice, BlockSpec, InputPin


def _coerce(pin: str, value: Any) -> Any:
    if pin == "count":
        return int(value)
    return value


def _spec(block_type: str, inputs: dict[str, bool], outputs: list[str]) -> BlockSpec:
    return BlockSpec(
        block_type=block_type,
        inputs={name: InputPin(name=name, required=required) for name, required in inputs.items()},
        outputs={name: {} for name in [*outputs, "error"]},
        pure=True,
        static_output=False,
        max_attempts=1,
        version=1,
        many_pins=lambda _: frozenset(),
        coerce=_coerce,
    )


CATALOG = {
    "REPEAT": _spec("REPEAT", {"text": True, "count": False, "parts": False}, ["out"]),
    "NOTE": _spec("NOTE", {"text": True}, ["output"]),
}


def _check(**raw: Any) -> validation.Checked:
    ids = itertools.count()
    return validation.check(raw, CATALOG, lambda: f"made-{next(ids)}")


def _fields(**raw: Any) -> list[str]:
    return [one.field for one in _check(**raw).violations]


def _node(node_id: str = "a", **changes: Any) -> dict[str, Any]:
    return {"id": node_id, "block_type": "REPEAT", **changes}


def _link(**changes: Any) -> dict[str, Any]:
    return {"source_id": "a", "source_name": "out", "sink_id": "b", "sink_name": "text", **changes}


TWO = [_node("a"), _node("b")]


def test_a_well_formed_graph_is_read_with_its_defaults():
    checked = _check(nodes=[_node("a", input_data={"text": "x", "count": "3"}), _node("b")], links=[_link()])
    assert not checked.violations
    graph = checked.graph
    assert graph.nodes[0].input_data == {"text": "x", "count": "3"}
    assert (graph.nodes[0].max_attempts, graph.nodes[0].cache) == (None, False)
    assert (graph.links[0].id, graph.links[0].is_static) == ("made-0", False)
    assert graph.on_error == "continue"


def test_nothing_is_a_graph_without_nodes():
    assert not _check().violations
    assert not _check(nodes=None, links=None, on_error=None).violations


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({"nodes": {}}, ["nodes"]),
        ({"nodes": "x"}, ["nodes"]),
        ({"links": 3}, ["links"]),
        ({"nodes": [1, None, []]}, ["nodes[0]", "nodes[1]", "nodes[2]"]),
        ({"nodes": [{}]}, ["nodes[0].id", "nodes[0].block_type"]),
        ({"nodes": [_node(7)]}, ["nodes[0].id"]),
        ({"nodes": [_node("")]}, ["nodes[0].id"]),
        ({"nodes": [_node("x" * 201)]}, ["nodes[0].id"]),
        ({"nodes": [_node("a"), _node("a")]}, ["nodes[1].id"]),
        ({"nodes": [_node(block_type="NO")]}, ["nodes[0].block_type"]),
        ({"nodes": [_node(input_data=[])]}, ["nodes[0].input_data"]),
        ({"nodes": [_node(input_data={"count": "x"})]}, ["nodes[0].input_data.count"]),
        ({"nodes": [_node(input_data={"no": 1})]}, ["nodes[0].input_data.no"]),
        ({"nodes": [_node(input_data={"parts_$_x": 1})]}, ["nodes[0].input_data.parts_$_x"]),
        ({"nodes": [_node(input_data={"no_#_x": 1})]}, ["nodes[0].input_data.no_#_x"]),
        ({"nodes": [_node(position=[])]}, ["nodes[0].position"]),
        ({"nodes": [_node(position={"x": "left"})]}, ["nodes[0].position.x"]),
        ({"nodes": [_node(metadata="m")]}, ["nodes[0].metadata"]),
        ({"nodes": [_node(cache=1)]}, ["nodes[0].cache"]),
        ({"nodes": TWO, "links": [_link(source_id="gone")]}, ["links[0].source_id"]),
        ({"nodes": TWO, "links": [_link(sink_id="gone")]}, ["links[0].sink_id"]),
        ({"nodes": TWO, "links": [_link(source_name="no")]}, ["links[0].source_name"]),
        ({"nodes": TWO, "links": [_link(sink_name="no")]}, ["links[0].sink_name"]),
        ({"nodes": TWO, "links": [_link(sink_name="parts_$_99999999")]}, ["links[0].sink_name"]),
        ({"nodes": TWO, "links": [_link(is_static="yes")]}, ["links[0].is_static"]),
        ({"nodes": TWO, "links": [_link(id="l"), _link(id="l")]}, ["links[1].id"]),
        (
            {"nodes": TWO, "links": [{}]},
            [f"links[0].{n}" for n in ("source_id", "source_name", "sink_id", "sink_name")],
        ),
        ({"on_error": "explode"}, ["on_error"]),
        ({"on_error": ["stop"]}, ["on_error"]),
    ],
)
def test_each_violation_is_named_with_its_place(raw: dict[str, Any], fields: list[str]):
    assert _fields(**raw) == fields


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("max_attempts", [1, 10, None], [0, 11, 1.5, True, "2"]),
        ("backoff", [0.5, 1, 3600, None], [0, -1, 3601, "1", False]),
        ("timeout", [0.1, 1740, None], [0, 1740.1, "1", True]),
    ],
)
def test_limits_of_a_node_are_held(name: str, good: list[Any], bad: list[Any]):
    assert all(_fields(nodes=[_node(**{name: value})]) == [] for value in good)
    assert all(_fields(nodes=[_node(**{name: value})]) == [f"nodes[0].{name}"] for value in bad)


def test_the_error_pin_is_an_output_of_every_block_and_no_input():
    assert _fields(nodes=TWO, links=[_link(source_name="error")]) == []
    assert _fields(nodes=TWO, links=[_link(sink_name="error")]) == ["links[0].sink_name"]


def test_dynamic_pins_go_by_their_base_name():
    links = [_link(source_name="out_#_key", sink_name="parts_$_0"), _link(sink_name="parts_#_k_@_a")]
    assert _fields(nodes=TWO, links=links) == []
    assert _fields(nodes=TWO, links=[_link(source_name="no_#_key")]) == ["links[0].source_name"]


def test_all_violations_of_a_graph_are_found_at_once():
    nodes = [_node("a", max_attempts=0), _node("b"), _node("c", block_type="NO"), _node("c")]
    links = [_link(sink_name="no"), _link(source_id="gone", is_static=0)]
    assert sorted(_fields(nodes=nodes, links=links)) == [
        "links[0].sink_name",
        "links[1].is_static",
        "links[1].source_id",
        "nodes[0].max_attempts",
        "nodes[2].block_type",
        "nodes[3].id",
    ]


def test_a_link_dangles_whatever_else_is_wrong_with_the_nodes():
    raw = {"nodes": [1, _node("a", block_type="NOPE")], "links": [_link(sink_id="zz")]}
    assert _fields(**raw) == ["nodes[0]", "nodes[1].block_type", "links[0].sink_id"]


def test_a_link_to_a_node_that_lacks_something_does_not_dangle():
    assert _fields(nodes=[_node("a"), {"id": "b"}], links=[_link()]) == ["nodes[1].block_type"]


def test_where_the_nodes_are_no_list_no_link_is_called_dangling():
    assert _fields(nodes={"a": 1}, links=[_link()]) == ["nodes"]


def test_an_unknown_field_is_refused_and_the_nearest_name_is_given():
    found = _check(
        nodes=[_node("a", inputs={}, max_attempt=3), _node("b")], links=[_link(sinkId="b", isStatic=True)]
    ).violations
    assert [(one.field, one.description.partition("Did you mean ")[2]) for one in found] == [
        ("nodes[0].inputs", "input_data?"),
        ("nodes[0].max_attempt", "max_attempts?"),
        ("links[0].sinkId", "sink_id?"),
        ("links[0].isStatic", "is_static?"),
    ]


def test_where_no_name_is_near_all_are_given():
    (found,) = _check(nodes=[_node("a"), _node("b")], links=[_link(zzz=1)]).violations
    assert found.field == "links[0].zzz"
    assert found.description.startswith("There is no such field. There are: id, is_static, sink_id, ")


def test_a_misspelt_block_is_refused_and_the_nearest_is_given():
    (found,) = _check(nodes=[_node("a", block_type="repaet")]).violations
    assert found.field == "nodes[0].block_type"
    assert found.description.endswith("Did you mean REPEAT?")


def test_very_many_long_unknown_fields_are_refused_quickly():
    found = _check(nodes=[{**_node("a"), **{f"{n}{'x' * 5_000}": 1 for n in range(20_000)}}]).violations
    assert len(found) == 20_000
    assert max(len(one.field) for one in found) < 300


@pytest.mark.parametrize("text", ["a\0", "a\nb", "\x1b[31m", "\x7f", "\x85"])
def test_control_characters_are_in_no_id_and_no_name_of_a_pin(text: str):
    assert _fields(nodes=[_node(text)]) == ["nodes[0].id"]
    assert _fields(nodes=TWO, links=[_link(id=text, sink_name=text)]) == ["links[0].id", "links[0].sink_name"]


def test_pins_of_a_node_whose_block_is_unknown_are_not_judged():
    nodes = [_node("a", block_type="GONE"), _node("b")]
    assert _fields(nodes=nodes, links=[_link(source_name="anything")]) == ["nodes[0].block_type"]


def _problems(**raw: Any) -> list[str]:
    checked = _check(**raw)
    assert not checked.violations
    return [one.field for one in validation.problems(checked.graph, CATALOG)]


def test_a_required_input_without_link_or_literal_is_a_problem():
    assert _problems(nodes=[_node("a"), _node("b")], links=[_link()]) == ["nodes[0].input_data.text"]
    assert _problems(nodes=[_node("a", input_data={"text": ""})]) == []
    assert _problems(nodes=[_node("a", input_data={"text_#_k": 1})]) == []


def test_a_graph_without_nodes_is_a_problem():
    assert _problems() == ["nodes"]


def test_a_note_that_nothing_is_linked_to_needs_nothing():
    assert _problems(nodes=[_node("a", block_type="NOTE")]) == []
    linked = [_link(source_name="output", sink_name="text")]
    assert _problems(nodes=[_node("a", block_type="NOTE"), _node("b")], links=linked) == ["nodes[0].input_data.text"]


def test_a_block_that_has_gone_is_a_problem_of_a_saved_graph():
    graph = _check(nodes=[_node("a", input_data={"text": "x"})]).graph
    assert [one.field for one in validation.problems(graph, {})] == ["nodes[0].block_type"]


def test_inputs_of_a_call_are_checked_with_those_that_are_missing():
    found = validation.input_violations(CATALOG["REPEAT"], {"count": "x", "no": 1}, "input_data")
    assert [one.field for one in found] == ["input_data.count", "input_data.no", "input_data.text"]


def test_a_placeholder_is_a_problem_that_does_not_keep_a_graph_from_running():
    graph = Graph(nodes=[Node(id=NodeId("a"), block_type="PLACEHOLDER")], links=[])
    spec = dataclasses.replace(CATALOG["NOTE"], block_type="PLACEHOLDER", open_pins=True)
    [problem] = validation.problems(graph, {"PLACEHOLDER": spec})
    assert (problem.field, problem.blocking) == ("nodes[0].block_type", False)


def test_what_a_block_says_of_its_literals_is_a_warning_with_its_place():
    old = Advice(pin="text", reason="OLD", message="is old.", metadata={})
    spec = dataclasses.replace(CATALOG["REPEAT"], advice=lambda given: [old] if given.get("text") == "old" else [])
    nodes = [
        Node(id=NodeId(name), block_type=block_type, input_data={"text": name})
        for name, block_type in (("new", "REPEAT"), ("old", "NOTE"), ("old", "GONE"), ("old", "REPEAT"))
    ]
    found = validation.warnings(Graph(nodes=nodes, links=[]), {**CATALOG, "REPEAT": spec})
    assert list(found) == [("nodes[3].input_data.text", nodes[3], old)]
