"""Workflows of n8n, made for this, come in with a report and run."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.fields import Fields
from shared.domain.statuses import Status
from shared.interop import files
from tests.engine.stage import Stage
from tests.interop import made, world


def node(name: str, kind: str, parameters: dict[str, Any] | None = None, version: float = 3, **more: Any) -> Any:
    return {
        "id": f"id-{name}",
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [100, 200],
        "parameters": parameters or {},
        **more,
    }


def workflow(nodes: list[Any], *wires: str) -> dict[str, Any]:
    """A wire reads ``If:1 -> Merge:0``; without a number it is the first."""
    connections: dict[str, Any] = {}
    for wire in wires:
        source, sink = ((name, int(n or 0)) for name, _, n in (end.partition(":") for end in wire.split(" -> ")))
        outputs = connections.setdefault(source[0], {"main": []})["main"]
        outputs += [[] for _ in range(source[1] + 1 - len(outputs))]
        outputs[source[1]].append({"node": sink[0], "type": "main", "index": sink[1]})
    return {"name": "Flow", "nodes": nodes, "connections": connections, "active": False, "settings": {}}


def condition(left: str, operation: str, right: Any = "", type_: str = "string") -> dict[str, Any]:
    one = {"leftValue": left, "rightValue": right, "operator": {"type": type_, "operation": operation}}
    return {"conditions": {"options": {}, "combinator": "and", "conditions": [one]}}


def setting(**values: Any) -> dict[str, Any]:
    return {"assignments": {"assignments": [{"name": n, "value": v, "type": "string"} for n, v in values.items()]}}


ORDERS = workflow(
    [
        node("Start", "manualTrigger"),
        node("Get orders", "httpRequest", {"url": "https://shop.test/orders", "options": {}}, 4.2),
        node("Large?", "if", condition("={{ $json.total }}", "gt", 100, "number"), 2),
        node("Large", "set", setting(text="=Big {{ $json.id }}: {{ $json.total }}"), 3.4),
        node("Small", "set", {**setting(text="=Small {{ $json.id }}"), "includeOtherFields": True}, 3.4),
        node("Both", "merge", {}, 3),
        node("Answer", "respondToWebhook", {"respondWith": "json", "responseBody": "={{ $json }}"}, 1),
        node("About", "stickyNote", {"content": "Sorts orders."}, 1),
    ],
    "Start -> Get orders",
    "Get orders -> Large?",
    "Large? -> Large",
    "Large?:1 -> Small",
    "Large -> Both",
    "Small -> Both:1",
    "Both -> Answer",
)

SORTING = workflow(
    [
        node("Every hour", "scheduleTrigger", {"rule": {"interval": [{"field": "hours"}]}}, 1.2),
        node("Hook", "webhook", {"path": "x", "httpMethod": "POST"}, 2),
        node("Take", "set", {"mode": "raw", "jsonOutput": '={ "kind": "{{ $json.body.kind }}", "n": 1 }'}, 3.4),
        node(
            "Which",
            "switch",
            {
                "rules": {
                    "values": [condition("={{ $json.kind }}", "equals", one) for one in ("mail", "call")],
                },
                "options": {"fallbackOutput": "extra"},
            },
            3.2,
        ),
        node("A mail", "noOp"),
        node("A call", "respondToWebhook", {"respondWith": "text", "responseBody": "=Ring: {{ $json.kind }}"}, 1),
        node("Else", "respondToWebhook", {}, 1),
        node("Off", "set", setting(a="b"), 3.4, disabled=True),
        node("Sent", "respondToWebhook", {}, 1),
        node("Alone", "set", setting(a="b"), 3.4),
    ],
    "Every hour -> Take",
    "Hook -> Take",
    "Take -> Which",
    "Which -> A mail",
    "Which:1 -> A call",
    "Which:2 -> Else",
    "A mail -> Off",
    "Off -> Sent",
)

LOOPING = workflow(
    [
        node("Start", "manualTrigger"),
        node("Data", "set", {"values": {"string": [{"name": "shop", "value": "Corner"}]}, "keepOnlySet": True}, 1),
        node("List", "set", {"mode": "raw", "jsonOutput": '{"rows": [{"n": 1}, {"n": 2}, 7]}'}, 3.4),
        node("Split", "splitOut", {"fieldToSplitOut": "rows", "options": {}}, 1),
        node("Loop", "splitInBatches", {"options": {}}, 3),
        node("Double", "set", setting(two="={{ ($json.n || 0) * 2 }}", shop='={{ $node["Data"].json.shop }}'), 3.4),
        node("Out", "respondToWebhook", {}, 1),
    ],
    "Start -> Data",
    "Data -> List",
    "List -> Split",
    "Split -> Loop",
    "Loop:1 -> Double",
    "Double -> Loop",
    "Loop -> Out",
)


async def test_items_of_an_answer_part_and_meet_again(stage: Stage) -> None:
    orders = [{"id": "a", "total": 250}, {"id": "b", "total": 20}, {"id": "c", "total": "101"}, {"id": "d"}]
    web = world.Web({"shop.test": orders})
    world.give(stage, web)
    seen = await world.ran(stage, ORDERS)
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    assert seen["output"] == {
        "Answer": [
            {"text": "Big a: 250"},
            {"text": "Big c: 101"},
            {"id": "b", "total": 20, "text": "Small b"},
            {"id": "d", "text": "Small d"},
        ]
    }
    assert [(method, url) for method, url, _ in web.asked] == [("GET", "https://shop.test/orders")]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("mail", "Sent", {"kind": "mail", "n": 1}),
        ("call", "A call", "Ring: call"),
        ("x", "Else", {"kind": "x", "n": 1}),
    ],
)
async def test_a_switch_sends_what_a_webhook_brought_its_way(stage: Stage, kind: str, name: str, value: Any) -> None:
    imported = await world.imported(stage, SORTING)
    inputs = {"Every hour": {"body": {"kind": kind}}}
    seen = await world.executed(stage, imported["graph"]["id"], inputs)
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    assert {output: values for output, values in seen["output"].items() if values} == {name: [value]}


async def test_a_loop_goes_over_what_was_split_and_is_done(stage: Stage) -> None:
    seen = await world.ran(stage, LOOPING)
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    assert seen["output"] == {
        "Out": [{"two": 2, "shop": "Corner"}, {"two": 4, "shop": "Corner"}, {"two": 0, "shop": "Corner"}]
    }


async def test_a_failed_request_goes_on_by_its_own_output(stage: Stage) -> None:
    def dies(address: Any, options: Any) -> Any:
        raise ValueError("no network")

    world.give(stage, world.Web({"x.test": dies}))
    raw = workflow(
        [
            node("Start", "manualTrigger"),
            node("Ask", "httpRequest", {"url": "https://x.test"}, 4.2, onError="continueErrorOutput", maxTries=1,
                 retryOnFail=True),
            node("Well", "respondToWebhook"),
            node("Failed", "respondToWebhook"),
        ],
        "Start -> Ask", "Ask -> Well", "Ask:1 -> Failed",
    )  # fmt: skip
    seen = await world.ran(stage, raw)
    assert seen["status"] == Status.COMPLETED
    assert "no network" in seen["output"]["Failed"][0]["error"]


async def test_what_a_request_says_is_filled_in(stage: Stage) -> None:
    web = world.Web({"api.test": {"ok": True}})
    world.give(stage, web)
    raw = workflow(
        [
            node("Start", "manualTrigger"),
            node("Data", "set", setting(id="7", note="a & b", how="put"), 3.4),
            node(
                "Put",
                "httpRequest",
                {
                    "method": "={{ $json.how }}",
                    "url": "=https://api.test/orders/{{ $json.id }}",
                    "sendQuery": True,
                    "queryParameters": {"parameters": [{"name": "q", "value": "={{ $json.note }}"}]},
                    "sendHeaders": True,
                    "headerParameters": {"parameters": [{"name": "X-Id", "value": "={{ $('Data').item.json.id }}"}]},
                    "sendBody": True,
                    "specifyBody": "json",
                    "jsonBody": '={"id": {{ $json.id }}, "list": [1]}',
                },
                4.2,
            ),
        ],
        "Start -> Data",
        "Data -> Put",
    )
    seen = await world.ran(stage, raw)
    assert (seen["status"], seen["error"]) == (Status.COMPLETED, None)
    [(method, url, options)] = web.asked
    assert (method, url.partition("?")[0]) == ("PUT", "https://api.test/orders/7")
    assert "a & b" in str(options) or "a+%26+b" in url or "a%20%26%20b" in url
    assert options["json"] == {"id": 7, "list": [1]}
    assert options["headers"]["X-Id"] == "7"


@pytest.mark.parametrize("raw", [ORDERS, SORTING, LOOPING], ids=["orders", "sorting", "looping"])
def test_every_node_parameter_and_connection_is_accounted_for(raw: dict[str, Any]) -> None:
    imported = made.imported(raw)
    told = [(one.kind, one.place) for one in imported.report.entries if one.kind in ("node", "default", "link")]
    expected = [("node", f"nodes[{n}]") for n in range(len(raw["nodes"]))]
    expected += [
        ("default", f"nodes[{n}].parameters.{name}")
        for n, one in enumerate(raw["nodes"])
        for name in one["parameters"]
    ]
    expected += [
        ("link", f"connections.{source}.main[{output}][{n}]")
        for source, kinds in raw["connections"].items()
        for output, several in enumerate(kinds["main"])
        for n in range(len(several))
    ]
    assert sorted(told) == sorted(expected)
    assert "PLACEHOLDER" not in made.types_of(imported)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (node("X", "code", {"jsCode": "return items"}, 2), "no counterpart"),
        (node("X", "set", setting(a="={{ $now.toRelative() }}"), 3.4), "toRelative"),
        (node("X", "set", setting(a="={{ $now.toFormat('SSS') }}"), 3.4), "SSS"),
        (node("X", "set", setting(a="={{ $now.plus({days: $json.n}) }}"), 3.4), "computed"),
        (node("X", "set", setting(a='={{ $node["Later"].json.a }}'), 3.4), "'Later' is no node before"),
        (node("X", "if", condition("={{ $json.a }}", "regex", "={{ $json.p }}"), 2), "a pattern that is computed"),
        (node("X", "merge", {"mode": "combine", "combineBy": "combineByFields"}), "no field"),
        (node("X", "merge", {"mode": "combineBySql"}), "combineBySql"),
        ({**node("X", "y"), "type": "@n8n/n8n-nodes-langchain.agent"}, "no counterpart"),
        (node("X", "httpRequest", {"method": "POST", "sendBody": True, "contentType": "raw"}, 4.2), "raw"),
        (node("X", "httpRequest", {"method": True}, 4.2), "method TRUE"),
    ],
)
def test_what_has_no_counterpart_is_a_placeholder_that_says_why(one: Any, reason: str) -> None:
    raw = workflow([node("Start", "manualTrigger"), one, node("Later", "noOp")], "Start -> X", "X -> Later")
    imported = made.imported(raw)
    [placeholder] = [n for n in imported.graphs[0].body["nodes"] if n["block_type"] == "PLACEHOLDER"]
    assert reason in placeholder["input_data"]["reason"]
    assert placeholder["input_data"]["missing_block"] == one["type"]
    assert next(entry.place for entry in imported.report.entries if entry.outcome == "missing") == "nodes[1]"
    assert len(imported.graphs[0].body["links"]) >= 2


WRONG: list[tuple[Any, list[str]]] = [
    ({"nodes": [{"name": "a", "type": "x"}, {"name": "a", "type": "x"}]}, ["nodes[1].id", "nodes[1].name"]),
    ({"nodes": [{"type": "x"}]}, ["nodes[0].name"]),
    ({"nodes": [{"name": "a", "type": 7}]}, ["nodes[0].type"]),
    ({"nodes": [{"name": "a", "type": "x", "position": [1]}]}, ["nodes[0].position"]),
    ({"nodes": [{"name": "a", "type": "x", "parameters": []}]}, ["nodes[0].parameters"]),
    ({"nodes": [], "connections": []}, ["connections"]),
    ({"nodes": [], "connections": {"a": {}}}, ["connections.a"]),
    ({"nodes": [{"name": "a", "type": "x"}], "connections": {"a": {"main": {}}}}, ["connections.a.main"]),
    ({"nodes": [{"name": "a", "type": "x"}], "connections": {"a": {"main": [7]}}}, ["connections.a.main[0]"]),
    ({"nodes": [{"name": "a", "type": "x"}], "connections": {"a": {"main": [[7]]}}}, ["connections.a.main[0][0]"]),
    (
        {"nodes": [{"name": "a", "type": "x"}], "connections": {"a": {"main": [[{"node": "b"}]]}}},
        ["connections.a.main[0][0].node"],
    ),
    ({"nodes": [{"name": "a", "type": "x"}] * 501}, ["nodes"]),
]


@pytest.mark.parametrize(("raw", "places"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_workflow_is_refused_with_its_place(raw: Any, places: list[str]) -> None:
    assert made.refused(raw) == places


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 30)
    | st.sampled_from(["=", "={{", "={{ $json.a }}", "a.b", "{{ x }}"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "values", "rules"]), inner),
    max_leaves=5,
)
PARAMETERS = st.dictionaries(
    st.sampled_from(
        ["mode", "options", "assignments", "values", "conditions", "rules", "url", "method", "sendBody", "jsonBody",
         "queryParameters", "fieldToSplitOut", "jsonOutput", "numberInputs", "batchSize", "content", "responseBody"]
    ),
    VALUES,
    max_size=4,
)  # fmt: skip
KINDS = [
    "set",
    "if",
    "switch",
    "merge",
    "httpRequest",
    "splitOut",
    "splitInBatches",
    "noOp",
    "respondToWebhook",
    "webhook",
]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chosen=st.lists(st.tuples(st.sampled_from(KINDS), PARAMETERS, st.sampled_from([1, 2, 3, 3.4, 4.2])), max_size=4),
    wires=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 4), st.integers(0, 2)), max_size=5),
)
def test_whatever_its_nodes_say_a_workflow_becomes_a_graph(chosen: Any, wires: Any) -> None:
    nodes = [node("N0", "manualTrigger"), *(node(f"N{n + 1}", *one) for n, one in enumerate(chosen))]
    lines = [f"N{a % len(nodes)}:{b} -> N{c % len(nodes)}:{d}" for a, b, c, d in wires]
    fields = Fields()
    imported = files.translate(workflow(nodes, *lines), made.whole_catalog(), lambda n: f"g{n}", fields)
    assert imported is not None
    made.checked(imported.graphs[0].body)
