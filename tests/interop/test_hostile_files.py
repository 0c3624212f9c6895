"""What is no export is refused with the place of everything that is wrong, however it was made."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.fields import Fields
from shared.interop import files, reading
from tests.interop import made

A = {"id": "a", "block_id": "x"}
B = {"id": "b", "block_id": "x"}
LINK = {"id": "l", "source_id": "a", "source_name": "p", "sink_id": "b", "sink_name": "q"}

WRONG: list[tuple[Any, list[str]]] = [
    ([], ["body"]),
    ([[{"nodes": []}]], ["body"]),
    ([{"nodes": []}, {"nodes": []}], ["body"]),
    ([{}], ["nodes"]),
    ("file", ["body"]),
    (None, ["body"]),
    ({}, ["nodes"]),
    ({"name": "x", "links": []}, ["nodes"]),
    ({"nodes": {}}, ["nodes"]),
    ({"nodes": "a"}, ["nodes"]),
    ({"nodes": [A], "links": {}}, ["links"]),
    ({"nodes": [A], "sub_graphs": {"a": 1}}, ["sub_graphs"]),
    ({"nodes": [A], "sub_graphs": [1]}, ["sub_graphs[0]"]),
    ({"nodes": [A], "sub_graphs": [{"nodes": [7]}]}, ["sub_graphs[0].nodes[0]"]),
    ({"nodes": [A, 5, None]}, ["nodes[1]", "nodes[2]"]),
    ({"nodes": [{"block_id": "x"}]}, ["nodes[0].id"]),
    ({"nodes": [{"id": "", "block_id": "x"}]}, ["nodes[0].id"]),
    ({"nodes": [{"id": "a"}]}, ["nodes[0].block_id"]),
    ({"nodes": [{"id": {"a": 1}, "block_id": ["x"]}]}, ["nodes[0].id", "nodes[0].block_id"]),
    ({"nodes": [{"id": "a" * 201, "block_id": "x"}]}, ["nodes[0].id"]),
    ({"nodes": [{"id": "a\u0000", "block_id": "x"}]}, ["nodes[0].id"]),
    ({"nodes": [{**A, "input_default": []}]}, ["nodes[0].input_default"]),
    ({"nodes": [{**A, "metadata": "m"}]}, ["nodes[0].metadata"]),
    ({"nodes": [{**A, "metadata": {"position": [1, 2]}}]}, ["nodes[0].metadata.position"]),
    ({"nodes": [{**A, "metadata": {"position": {"x": "1"}}}]}, ["nodes[0].metadata.position.x"]),
    ({"nodes": [A, A]}, ["nodes[1].id"]),
    ({"nodes": [A, B], "links": [LINK, LINK]}, ["links[1].id"]),
    ({"nodes": [A], "links": [LINK]}, ["links[0].sink_id"]),
    ({"nodes": [A, B], "links": [{**LINK, "source_name": 1}]}, ["links[0].source_name"]),
    ({"nodes": [A, B], "links": [{**LINK, "sink_name": "q" * 1_001}]}, ["links[0].sink_name"]),
    ({"nodes": [A, B], "links": [{**LINK, "is_static": "yes"}]}, ["links[0].is_static"]),
    ({"nodes": [A, B], "links": [{}]}, [f"links[0].{end}_{n}" for end in ("source", "sink") for n in ("id", "name")]),
    ({"nodes": [{**A, "output_links": 3}]}, ["nodes[0].output_links"]),
    ({"nodes": [{**A, "output_links": [3]}]}, ["nodes[0].output_links[0]"]),
    ({"nodes": [A], "version": "one"}, ["version"]),
    ({"nodes": [A], "version": -1}, ["version"]),
    ({"nodes": [A], "name": ["x"]}, ["name"]),
    ({"nodes": [A], "description": 7}, ["description"]),
    ({"nodes": [A], "is_active": "true"}, ["is_active"]),
    ({"nodes": [A], "weftly": []}, ["weftly"]),
    ({"nodes": [A] * (reading.MAX_NODES + 1)}, ["nodes"]),
    ({"nodes": [A], "links": [LINK] * (reading.MAX_LINKS + 1)}, ["links"]),
    ({"nodes": [A], "sub_graphs": [{"nodes": []}] * reading.MAX_GRAPHS}, ["sub_graphs"]),
    ({"nodes": [A], "sub_graphs": [{"nodes": [A] * 1_500}] * 2}, ["sub_graphs[1].nodes"]),
    ({"nodes": [{**A, "input_default": dict.fromkeys(map(str, range(reading.MAX_DEFAULTS + 1)))}]}, ["nodes"]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "places"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named_with_its_place(raw: Any, places: list[str]) -> None:
    assert made.refused(raw) == places


def test_a_graph_of_which_two_stand_in_the_file_alike_is_taken_once_for_each() -> None:
    sub = made.export([made.node("n", "NOTE", {"text": "a"})])
    assert len(made.imported(made.export([], sub_graphs=[sub, sub])).graphs) == 3


def test_a_pin_name_that_tries_to_make_a_list_of_millions_does_not() -> None:
    nodes = [made.node("a", "CREATE_LIST", {"values_$_99999999": 1}), made.node("b", "CREATE_LIST", {})]
    imported = made.imported(made.export(nodes))
    assert imported.graphs[0].body["nodes"][0]["input_data"] == {}
    assert [one.place for one in imported.report.entries if one.outcome == "missing"] == [
        "nodes[0].input_default.values_$_99999999"
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
BLOCKS = st.sampled_from([one["id"] for one in made.LIST.values()]) | st.text(max_size=6)
NODES = st.fixed_dictionaries(
    {"id": st.sampled_from("abc"), "block_id": BLOCKS},
    optional={
        "input_default": VALUES | st.dictionaries(st.sampled_from(["name", "value", "a_#_b", "inputs"]), VALUES)
    },
)
GRAPHS = st.fixed_dictionaries(
    {"nodes": st.lists(NODES | VALUES, max_size=3)},
    optional={
        "links": VALUES | st.lists(st.dictionaries(st.sampled_from([*LINK, "is_static"]), VALUES), max_size=2),
        "name": VALUES,
        "version": VALUES,
        "weftly": VALUES,
        "sub_graphs": VALUES,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=st.one_of(VALUES, GRAPHS, GRAPHS.flatmap(lambda g: GRAPHS.map(lambda s: {**g, "sub_graphs": [s]}))))
def test_whatever_comes_either_has_its_violations_or_a_report(raw: Any) -> None:
    fields = Fields()
    imported = files.translate(raw, made.whole_catalog(), lambda position: f"g{position}", fields)
    assert (imported is None) == bool(fields.violations)


def test_a_list_of_one_file_is_that_file() -> None:
    made.assert_accounted(file := made.export([made.node("n", "NOTE", {"text": "a"})]), made.imported([file]))
