"""Expressions of n8n that no template can say are computed as JavaScript has them, and run."""

import pytest

from shared.interop import n8n_expressions, n8n_terms
from shared.interop.n8n_names import Names
from tests.engine.stage import Stage
from tests.interop import made
from tests.interop.test_n8n import condition, node, setting, workflow
from tests.interop.test_n8n_more import ANSWER, START, answered, fields, rows

ITEM = {
    "at": "2026-01-01",
    "n": 3,
    "none": None,
    "tags": ["b", "a"],
    "rows": [{"id": 10, "at": "2026-02-01"}, {"id": 9, "at": "2026-01-01"}],
}


async def test_types_orders_and_spreads_are_computed_and_run(stage: Stage) -> None:
    asked = {
        "types": "={{ [typeof $json.none, typeof $json.gone, typeof $json.n, typeof $json.tags, typeof gone] }}",
        "sorted": "={{ [10, 9, 1, undefined, null].sort() }}",
        "by": "={{ $json.rows.sort((a, b) => new Date(a.at) - new Date(b.at)).map(r => r.id) }}",
        "spread": "={{ { ...$json.rows[0], tags: [...$json.tags, ...'c'], most: Math.max(1, ...[2]) } }}",
        "other": "={{ $('Item').item.json.tags.toSorted().concat($node['Item'].json.n, $workflow.name) }}",
        "text": "=ids: {{ $json.rows.map(({ id }) => `<${id}>`).join('') }}, {{ $json.n + 1 }}",
        "json": "={{ JSON.stringify({ b: '<' + $json.n, a: [1, undefined] }) }}",
        "when": "={{ JSON.stringify($json.tags) + $now.year }}",
        "long": "={{ Math.max(" + "$json.n, " * 300 + "8) }}",
        "mixed": "={{ typeof $json.at === 'string' && /^2026/.test($json.at) && [...$json.tags].sort().join() }}",
        "dated": "={{ $json.rows.map(r => r.id).length + $today.day - $now.day }}",
        "thrown": "={{ $json.gone.deep.sort() }}",
    }  # fmt: skip
    parameters = {"mode": "raw", "jsonOutput": ITEM}
    raw = workflow(
        [START, node("Item", "set", parameters, 3.4),
         node("X", "set", fields(**{name: ("string", value) for name, value in asked.items()}), 3.4), ANSWER],
        "Start -> Item", "Item -> X", "X -> Answer",
    )  # fmt: skip
    [answer] = await answered(stage, raw)
    assert answer.pop("when").startswith('["b"')
    assert [answer] == [
        {
            "json": '{"b":"<3","a":[1,null]}',
            "long": 8,
            "mixed": "a,b",
            "dated": 2,
            "types": ["object", "undefined", "number", "object", "undefined"],
            "sorted": [1, 10, 9, None, None],
            "by": [9, 10],
            "spread": {"id": 10, "at": "2026-02-01", "tags": ["b", "a", "c"], "most": 2},
            "other": ["a", "b", 3, "Flow"],
            "text": "ids: <10><9>, 4",
            "thrown": None,
        }
    ]


async def test_an_item_knows_its_place_among_those_that_come(stage: Stage) -> None:
    several = [{"v": name} for name in "abcd"]
    asked = {
        "at": ("number", "={{ $itemIndex }}"),
        "says": ("string", "={{ [$itemIndex, ...$json.v] }}"),
        "last": ("boolean", "={{ $itemIndex === 2 }}"),
    }
    raw = workflow(
        [
            START,
            *rows("List", several),
            node("Some", "filter", condition("={{ typeof $json.v + $json.v }}", "notEquals", "stringb"), 2),
            node("X", "set", fields(**asked), 3.4),
            ANSWER,
        ],
        "Start -> List", "List -> Each List", "Each List -> Some", "Some -> X", "X -> Answer",
    )  # fmt: skip
    assert await answered(stage, raw) == [
        {"at": position, "says": [position, name], "last": position == 2} for position, name in enumerate("acd")
    ]


def _reason(code: str) -> str:
    raw = workflow([START, node("X", "set", setting(a=code), 3.4), ANSWER], "Start -> X", "X -> Answer")
    nodes = made.imported(raw).graphs[0].body["nodes"]
    [placeholder] = [one for one in nodes if one["block_type"] == "PLACEHOLDER"]
    return placeholder["input_data"]["reason"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("={{ $json.rows.map(x => x.push(1)) }}", "push()"),
        ("={{ $json.rows.map(x => eval(x)) }}", "eval"),
        ("={{ [...$input.all()] }}", "all()"),
        ("={{ $json.rows.map(x => $now) }}", "$now"),
        ("={{ [1].map(x => { while (true) {} }) }}", "while"),
        ("={{ [1].map(x => x.constructor) }}", "constructor"),
        ("={{ ({...$json, __proto__: null}) }}", "prototype"),
        ("={{ $('Later').item.json.rows.sort() }}", "'Later' is no node before"),
        ("={{ $json.name.replace(/a/, x => x) }}", "pattern"),
        (f"={{{{ {'[...' * 100}{']' * 100} }}}}", "too deep"),
        (f"={{{{ typeof {'1+' * 300}1 }}}}", "too deep"),
        ("={{ [$itemIndex, ...$('Start').item.json.x] }}", "$itemIndex beside"),
    ],
)
def test_what_is_not_known_there_either_is_a_placeholder_that_names_it(code: str, reason: str) -> None:
    assert reason in _reason(code)


def test_a_place_in_a_loop_is_a_placeholder() -> None:
    raw = workflow(
        [
            START,
            node("Loop", "splitInBatches", {}, 3),
            node("X", "set", setting(a="={{ $itemIndex }}"), 3.4),
            ANSWER,
        ],
        "Start -> Loop", "Loop:1 -> X", "X -> Loop", "Loop -> Answer",
    )  # fmt: skip
    assert "PLACEHOLDER" in made.types_of(made.imported(raw))


def test_what_was_tried_in_vain_leaves_nothing_behind() -> None:
    names = Names(known=frozenset(["A"]))
    with pytest.raises(n8n_terms.Untranslated):
        n8n_expressions.expression("$('A').item.json.a + $now.year + foo", names)
    assert (names.nodes, names.moments, names.asks) == ([], [], [])
