"""Expressions of n8n say in a template what they say there, or that they cannot."""

import json
from typing import Any

import pytest

from shared.blocks.sandbox import templates
from shared.domain import errors
from shared.interop import n8n_conditions, n8n_expressions, n8n_terms
from shared.interop.n8n_expressions import Names

ITEM = {
    "name": "Ada", "n": 3, "tags": ["a", "b"], "deep": {"x y": {"z": None}}, "rows": [{"id": 1}], "items": [1, 2],
    "yes": True, "text": "10", "empty": "",
}  # fmt: skip


def evaluated(parameter: Any) -> Any:
    names = Names(known=frozenset(["A b"]), workflow="Orders")
    jinja = n8n_expressions.value(parameter, names).jinja
    template = f"{n8n_terms.PRELUDE}{{{{ ({jinja})|tojson }}}}"
    return json.loads(templates.render(template, {"item": ITEM, "n0": {"x": {"y": 9}}}))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("plain {{ x }}", "plain {{ x }}"),
        ("={{ $json.name }}", "Ada"),
        ('=Hi {{ $json["name"] }}! {{$json.n}}{{$json.none}} {{$json.yes}}', "Hi Ada! 3 true"),
        ("={{ $json.tags }}", ["a", "b"]),
        ("={{ $json.items }}", [1, 2]),
        ("={{ $json.items.length }}", 2),
        ("={{ $json.n + 1 }}", 4),
        ('={{ "a" + $json.n }}', "a3"),
        ('={{ $node["A b"].json.x.y }}', 9),
        ("={{ $('A b').first().json.x?.y ?? 'd' }}", 9),
        ('={{ $items("A b")[0].json.x.q ?? "d" }}', "d"),
        ("={{ $input.item.json.n % 2 }}", 1),
        ("={{ $json.n > 2 && $json.none > 3 }}", False),
        ("={{ $json.n === 3 ? 'yes' : `no` }}", "yes"),
        ("={{ $json.rows[0].id }}", 1),
        ("={{ $json.rows[7].id }}", None),
        ('={{ $json.deep["x y"].z }}', None),
        ("={{ $json.a.b.c.d }}", None),
        ("={{ !$json.none || false }}", True),
        ("={{ (1 + 2) * 3 - -1 }}", 10),
        ("={{ $json.tags.join('-').toUpperCase() }}", "A-B"),
        ("={{ $json.tags.includes('a') }}", True),
        ("={{ $json.name.replace('A', 'B').slice(0, 2) }}", "Bd"),
        ("={{ [1, $json.n] }}", [1, 3]),
        ({"a": "={{ $json.n }}", "b": [1, "}}{{ x %}", None]}, {"a": 3, "b": [1, "}}{{ x %}", None]}),
        ("=line\n'quoted' \\ {{ 'it\\'s' }}", "line\n'quoted' \\ it's"),
        ("=", ""),
        ("={{ `${$json.name} has ${$json.n + 1}\\n` }}", "Ada has 4\n"),
        ("={{ Math.round(2.5) + Math.floor($json.n / 2) + Math.max(1, $json.n) }}", 7),
        ("={{ parseInt('42') + parseFloat('0.5') }}", 42.5),
        ("={{ ($json.n / 7).toFixed(2) }}", "0.43"),
        ("={{ Object.keys($json.rows[0]) }}", ["id"]),
        ("={{ $json.tags.concat(['c']).reverse() }}", ["c", "b", "a"]),
        ("={{ '3' * 2 + $json.text / 4 }}", 8.5),
        ("={{ 2 ** 3 ** 2 - -$json.text }}", 522),
        ("={{ 1e3 + 0x10 + .5 }}", 1016.5),
        ("=six: {{ $json.text - 4 }} {{ 6 / 2 }} {{ [1, 'b', null, true] }}", "six: 6 3 1,b,,true"),
        ("={{ $json.n + $json.n }}", 6),
        ("={{ $json.name + $json.n }}", "Ada3"),
        ("={{ $json.n == '3' && $json.text != 10 }}", False),
        ("={{ $json.n === '3' || $json.none == null }}", True),
        ("={{ $json.empty == 0 ? 'loose' : 'not' }}", "not"),
        ("={{ $json.text > 9 }}", True),
        ("={{ [] ? 'yes' : 'no' }}", "yes"),
        ("={{ !{} || $json.empty || 'end' }}", "end"),
        ("={{ $json.tags && $json.none }}", None),
        ('={{ {a: 1, "b c": {d: $json.n}} }}', {"a": 1, "b c": {"d": 3}}),
        ("={{ {} }}", {}),
        ("={{ $json.rows[$json.n - 3].id }}", 1),
        ("={{ $json['na' + 'me'] }}", "Ada"),
        ("={{ $json.tags[$json.none] }}", None),
        ("={{ $json.name.split('').reverse().join('') }}", "adA"),
        ("={{ $json.name.substring(1).padStart(4, '*') + 'x'.repeat(2) }}", "**daxx"),
        ("={{ $json.name.charAt(1) + $json.tags.at(-1) + $json.name.substr(1, 1) }}", "dbd"),
        ("={{ [$json.tags.indexOf('b'), $json.tags.indexOf('z'), $json.name.indexOf('a')] }}", [1, -1, 2]),
        ("={{ $if($json.n > 2, 'many', 'few') + $ifEmpty($json.empty, '-') }}", "many-"),
        ("={{ encodeURIComponent('a b&c/(d)!') }}", "a%20b%26c%2F(d)!"),
        ("={{ [[1, 2].sum(), [1, 2].average(), [3, 1].max(), $min(2, '1')] }}", [3, 1.5, 3, 1]),
        ("={{ Array.isArray($json.tags) && !Array.isArray($json.name) && isNaN('x') }}", True),
        ("={{ Object.entries($json.rows[0]) }}", [["id", 1]]),
        ("={{ $json.name.trim().isEmpty() ? 0 : Number('1.50') }}", 1.5),
        ("={{ $workflow.name }}", "Orders"),
        ("={{ 'a}}b' }} {{ '\\u0041' }}", "a}}b A"),
    ],
)
def test_an_expression_has_the_value_that_it_has_there(parameter: Any, value: Any) -> None:
    assert evaluated(parameter) == value


@pytest.mark.parametrize(
    "code",
    ["$json.map(x => $now)", "eval('x')", "$json[", "$json.a +", "$node['Z'].json.a", "$env.SECRET",
     "$json.a.b(1)", "$('A b').all()", "a", "1 2", "(" * 200 + "1" + ")" * 200, "'x" + "y" * 3_000,
     "$json.name.replace(/a/, $json.n)",
     "new Date(2026, 1, 1)", "/a/y.test('a')", "Math.random()", "Object.create(1)", "$input.all().length",
     "this", "\u2028"],
)  # fmt: skip
def test_what_has_no_counterpart_says_so(code: str) -> None:
    with pytest.raises(n8n_terms.Untranslated):
        n8n_expressions.expression(code, Names(known=frozenset(["A b"])))


@pytest.mark.parametrize(
    "parameter",
    ["={{ $json.name.__class__ }}", "={{ $json.constructor.constructor('return 1')() }}",
     "=}}{% include 'x' %}{{ 1 }}", "={{ '}}' + \"{{ ''.__class__.__mro__ }}\" }}"],
)  # fmt: skip
def test_nothing_gets_out_of_an_expression(parameter: str) -> None:
    try:
        found = evaluated(parameter)
    except (n8n_terms.Untranslated, errors.BlockError):
        return
    assert "class" not in str(found).replace("__class__", "")


def _is(condition: dict[str, Any], **more: Any) -> bool:
    jinja = n8n_conditions.of(condition, Names(known=frozenset()), **more)
    template = f"{n8n_terms.PRELUDE}{{{{ 'yes' if {jinja} else 'no' }}}}"
    return templates.render(template, {"item": ITEM}) == "yes"


@pytest.mark.parametrize(
    ("type_", "left", "operation", "right", "value"),
    [
        ("string", "={{ $json.name }}", "equals", "Ada", True),
        ("string", "={{ $json.none }}", "equals", "Ada", False),
        ("string", "={{ $json.name }}", "notEquals", "Ada", False),
        ("string", "={{ $json.name }}", "contains", "d", True),
        ("string", "={{ $json.name }}", "notContains", "d", False),
        ("string", "={{ $json.name }}", "startsWith", "A", True),
        ("string", "={{ $json.name }}", "endsWith", "A", False),
        ("string", "={{ $json.empty }}", "empty", "", True),
        ("string", "={{ $json.name }}", "notEmpty", "", True),
        ("string", "={{ $json.none }}", "exists", "", False),
        ("string", "={{ $json.empty }}", "exists", "", True),
        ("number", "={{ $json.n }}", "equals", "3", True),
        ("number", "={{ $json.text }}", "gt", 9, True),
        ("number", "={{ $json.none }}", "lt", 9, False),
        ("number", "={{ $json.n }}", "gte", 3, True),
        ("boolean", "={{ $json.yes }}", "true", "", True),
        ("boolean", "={{ $json.none }}", "false", "", True),
        ("boolean", "={{ $json.yes }}", "equals", "={{ true }}", True),
        ("array", "={{ $json.tags }}", "contains", "b", True),
        ("array", "={{ $json.tags }}", "lengthGt", 1, True),
    ],
)
def test_a_condition_is_true_when_it_is_there(type_: str, left: str, operation: str, right: Any, value: bool) -> None:
    one = {"leftValue": left, "rightValue": right, "operator": {"type": type_, "operation": operation}}
    assert _is({"conditions": [one]}) is value


def test_conditions_are_all_or_any() -> None:
    yes = {"leftValue": "a", "rightValue": "a", "operator": {"type": "string", "operation": "equals"}}
    no = {**yes, "rightValue": "b"}
    assert not _is({"conditions": [yes, no], "combinator": "and"})
    assert _is({"conditions": [yes, no], "combinator": "or"})
    assert _is({"conditions": [{**yes, "rightValue": "A"}], "options": {"caseSensitive": False}})
    older = {
        "string": [{"value1": "a", "value2": "a"}],
        "number": [{"value1": 1, "operation": "larger", "value2": 2}],
    }
    assert not _is(older, combined="all")
    assert _is(older, combined="any")
