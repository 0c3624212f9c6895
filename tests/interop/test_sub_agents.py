"""Sub-agents find their graphs by version and names of inputs, since their ids match none in real files."""

from typing import Any

from tests.interop import made


def sub(version: int, inputs: list[str], outputs: tuple[str, ...] = ("out",), **more: Any) -> dict[str, Any]:
    nodes = [made.node(f"in-{name}", "AGENT_INPUT", {"name": name}) for name in inputs]
    nodes += [made.node(f"out-{name}", "AGENT_OUTPUT", {"name": name}) for name in outputs]
    return made.export(nodes, **{"version": version, "id": f"of-{version}-{'-'.join(inputs)}", **more})


def runs(raw: dict[str, Any], graph: int = 0) -> list[str]:
    """The graphs that the sub-agent nodes of a graph run."""
    body = made.imported(raw).graphs[graph].body
    return [one["input_data"]["graph_id"] for one in body["nodes"] if one["block_type"] == "AGENT_EXECUTOR"]


def test_version_and_names_of_inputs_tell_which() -> None:
    subs = [sub(3, ["a"]), sub(3, ["a", "b"]), sub(4, ["a"]), sub(5, [])]
    nodes = [made.executor("w", 3, ["a"]), made.executor("x", 3, ["b", "a"]), made.executor("y", 4, ["a"])]
    nodes.append(made.executor("z", 5, []))
    raw = made.export(nodes, sub_graphs=subs)
    assert runs(raw) == ["graph-1", "graph-2", "graph-3", "graph-4"]
    made.assert_accounted(raw, made.imported(raw))
    assert {one["input_data"]["graph_version"] for one in made.imported(raw).graphs[0].body["nodes"]} == {1}


def test_they_nest() -> None:
    middle = {**sub(2, ["q"]), "nodes": [*sub(2, ["q"])["nodes"], made.executor("deep", 9, ["z"])]}
    raw = made.export([made.executor("x", 2, ["q"])], sub_graphs=[sub(9, ["z"]), middle])
    assert (runs(raw), runs(raw, 2)) == (["graph-2"], ["graph-1"])


def test_an_exact_id_and_version_is_enough() -> None:
    raw = made.export(
        [made.executor("x", 3, ["stale"], graph_id="of-3-a")], sub_graphs=[sub(3, ["a"]), sub(3, ["b"])]
    )
    assert runs(raw) == ["graph-1"]


def test_names_that_an_export_strips_out_of_the_schema_are_not_missed() -> None:
    subs = [sub(3, ["topic", "api_token", "Secret word"]), sub(3, ["topic", "other"])]
    raw = made.export([made.executor("x", 3, ["topic"])], sub_graphs=subs)
    assert runs(raw) == ["graph-1"]


def test_of_two_with_the_same_inputs_the_outputs_decide() -> None:
    subs = [sub(3, ["a"], ("left",)), sub(3, ["a"], ("right",), id="other")]
    raw = made.export([made.executor("x", 3, ["a"], ["right"]), made.executor("y", 3, ["a"])], sub_graphs=subs)
    imported = made.imported(raw)
    assert runs(raw) == ["graph-2", "graph-1"]
    told = [one.message for one in imported.report.entries if one.place == "nodes[1].input_default.graph_id"]
    assert "2 graphs of the file fit" in next(one for one in told if "fit" in one)


def test_what_a_node_says_of_its_graph_is_told_once() -> None:
    raw = made.export([made.executor("x", 3, ["a"], user_id="u")], sub_graphs=[sub(3, ["a"])])
    imported = made.imported(raw)
    made.assert_accounted(raw, imported)
    told = {one.place.rpartition(".")[2]: one.outcome for one in imported.report.entries if one.kind == "default"}
    assert [told[name] for name in ("graph_id", "graph_version", "user_id", "inputs")] == [
        *["changed"] * 3,
        "understood",
    ]


def test_another_version_with_the_very_names_will_do_and_is_told() -> None:
    raw = made.export([made.executor("x", 4, ["a"])], sub_graphs=[sub(3, ["a"]), sub(3, ["b"])])
    assert runs(raw) == ["graph-1"]
    assert any("names of its inputs alone" in one.message for one in made.imported(raw).report.entries)


def test_one_without_its_graph_is_a_placeholder_that_keeps_what_it_was() -> None:
    raw = made.export([made.executor("x", 4, ["a"])], sub_graphs=[sub(3, ["b"])])
    [here] = made.imported(raw).graphs[0].body["nodes"]
    assert here["block_type"] == "PLACEHOLDER"
    assert here["input_data"]["data"]["input_schema"] == made.schema("a")
    assert "no graph that fits" in here["input_data"]["reason"]


def test_its_pins_are_the_names_of_the_child_even_where_the_block_has_such_a_pin_itself() -> None:
    child = sub(3, ["agent_name", "inputs", "topic"])
    nodes = [made.node("in", "AGENT_INPUT", {"name": "n"}), made.executor("x", 3, ["agent_name", "inputs", "topic"])]
    links = [f"in.result -> x.{name}" for name in ("agent_name", "inputs", "topic")]
    imported = made.imported(made.export(nodes, links, sub_graphs=[child]))
    assert [one["sink_name"] for one in imported.graphs[0].body["links"]] == [
        "inputs_#_agent_name",
        "inputs_#_inputs",
        "topic",
    ]


def test_values_for_inputs_that_the_child_has_not_are_left_out_and_told() -> None:
    raw = made.export([made.executor("x", 3, ["a"], inputs={"a": 1, "gone": 2})], sub_graphs=[sub(3, ["a"])])
    imported = made.imported(raw)
    [here] = imported.graphs[0].body["nodes"]
    assert here["input_data"]["inputs"] == {"a": 1}
    assert any(one.place == "nodes[0].input_default.inputs.gone" for one in imported.report.entries)


def test_an_input_without_a_value_emits_nothing_and_is_not_demanded() -> None:
    nodes = [
        made.node("a", "AGENT_INPUT", {"name": "a"}),
        made.node("b", "AGENT_NUMBER_INPUT", {"name": "b", "value": 0}),
    ]
    here = made.imported(made.export(nodes)).graphs[0].body["nodes"]
    assert [one["input_data"].get("optional") for one in here] == [True, None]


def test_circles_of_sub_graphs_are_refused_at_the_node_that_closes_them() -> None:
    def calling(version: int, other: int) -> dict[str, Any]:
        made_ = sub(version, [f"i{version}"])
        return {**made_, "nodes": [*made_["nodes"], made.executor("x", other, [f"i{other}"])]}

    root = made.export([made.executor("x", 1, ["i1"])], sub_graphs=[calling(1, 2), calling(2, 3), calling(3, 1)])
    assert made.refused(root) == ["sub_graphs[2].nodes[2]"]
    itself = made.export([made.executor("x", 7, [], graph_id=root["id"])])
    assert made.refused(itself) == ["nodes[0]"]
