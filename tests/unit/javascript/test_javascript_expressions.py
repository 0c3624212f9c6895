"""An expression gives what it gives in JavaScript, or is refused before it runs."""

from typing import Any

import pytest

from shared.javascript import expressions
from shared.javascript.tree import Unsupported
from shared.javascript.values import Thrown

ITEM = {"n": 3, "none": None, "tags": ["b", "a"], "rows": [{"id": 10, "v": "x"}, {"id": 9, "v": "y"}]}


def evaluated(code: str, **more: Any) -> Any:
    return expressions.evaluate(code, {"$json": ITEM}, zone="Asia/Tokyo", is_late=lambda: False, **more)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("[null, undefined, 1, '', true, [], {}, x => x, Math, String].map(x => typeof x).join()",
         "object,undefined,number,string,boolean,object,object,function,object,function"),
        ("[typeof gone, typeof $json.gone, typeof $json.none, typeof typeof 1]",
         ["undefined", "undefined", "object", "string"]),
        ("[10, 9, 1, undefined, null, 'z', true].sort()", [1, 10, 9, None, True, "z", None]),
        ("['\\u{1F600}', '\\uFF5E', 'b', 'B'].sort()", ["B", "b", "😀", "\uff5e"]),
        ("[[2, 1], [10], {}].sort()", [[10], [2, 1], {}]),
        ("[3, 1, undefined, 2].sort((a, b) => b - a)", [3, 2, 1, None]),
        ("['1a', '0b', '1c', '0d'].sort((a, b) => a[0] - b[0]).join('')", "0b0d1a1c"),
        ("[1, 2, 3].sort(() => NaN)", [1, 2, 3]),
        ("[5, 1, 4].sort((a, b) => { if (a < b) return -1; else return a > b ? 1 : 0 })", [1, 4, 5]),
        ("(a => [a.sort() === a, a])([2, 1])", [True, [1, 2]]),
        ("(a => [a.toSorted(), a])([2, 1])", [[1, 2], [2, 1]]),
        ("(a => a.sort((x, y) => { a.reverse(); a.fill(9); return x - y }))([3, 1, 2])", [1, 2, 3]),
        ("['é', 'z', 'E', 'e', 'a10', 'a9', '_'].sort((a, b) => a.localeCompare(b))",
         ["_", "a10", "a9", "e", "E", "é", "z"]),
        ("['a10', 'a9'].sort((a, b) => a.localeCompare(b, undefined, {numeric: true}))", ["a9", "a10"]),
        ("[...$json.tags, ...'a😀', ...new Set([1, 1, NaN, NaN])].length", 6),
        ("({...$json.rows[0], v: 1, ...null, ...undefined, ...[7], ...'q', ...5})", {"0": "q", "id": 10, "v": 1}),
        ("Math.max(...$json.rows.map(r => r.id), 3)", 10),
        ("((a, ...b) => b)(...[1, 2], ...[3])", [2, 3]),
        ("Object.keys({b: 1, 2: 1, a: 1, 1: 1})", ["1", "2", "b", "a"]),
        ("(({a: {b = 1, ...c}, ...d}, [e, , f] = [4, 5, 6]) => [b, c, d, e, f])({a: {x: 2}, y: 3})",
         [1, {"x": 2}, {"y": 3}, 4, 6]),
        ("$json.rows.reduce((all, {id, v}) => ({...all, [v]: id}), {})", {"x": 10, "y": 9}),
        ("$json.rows.find(r => r.id === 9)?.v ?? 'none'", "y"),
        ("$json.gone?.deep.er[0]() ?? 'none'", "none"),
        ("`${$json.n > 2 ? `many: ${[1, 2]}` : ''}!`", "many: 1,2!"),
        ("JSON.stringify({a: [1, undefined, x => x, NaN], b: undefined, c: 'ü<\\u2028', d: new Date(0)})",
         '{"a":[1,null,null,null],"c":"ü<\u2028","d":"1970-01-01T00:00:00.000Z"}'),
        ("JSON.stringify([{a: 1}], null, 2)", '[\n  {\n    "a": 1\n  }\n]'),
        ("new Date('2026-01-31T10:00') - new Date('2026-01-31T01:00:00Z')", 0),
        ("new Date('2026-02-30').getUTCDate()", 2),
        ("[new Date('no').getTime(), new Date('2026-01-31').getHours()]", [None, 9]),
        ("[0.1 + 0.2, 1e21 + 1, 5 % -3, -5 % 3, 2 ** -1, 7 / 2, 1 / 0]", [0.1 + 0.2, 1e21, 2, -2, 0.5, 3.5, None]),
        ("[1e21, 1e-7, 123456789012345680000, 0.000001, -0, 1 / -0, 255..toString(16)].map(String)",
         ["1e+21", "1e-7", "123456789012345680000", "0.000001", "0", "-Infinity", "ff"]),
        ("[(1.005).toFixed(2), (2.5).toFixed(0), (-1.5).toFixed(0), Math.round(-2.5), Math.round(2.5)]",
         ["1.00", "3", "-2", -2, 3]),
        ("['5' * '2', '5' + 2, null + 1, [] + {}, [2] > 1, '10' < '9', null >= 0, undefined == null, NaN == NaN]",
         [10, "52", 1, "[object Object]", True, True, True, True, False]),
        ("['😀'.length, '😀'.split('').length, 'Straße'.toUpperCase(), 'x'.padStart(3, 'ab'), 'abc'.at(-1)]",
         [2, 2, "STRASSE", "abx", "c"]),
        ("['1', '2', '3'].map(parseInt)", [1, None, None]),
        ("[0, 1, '', 'a'].filter(Boolean).concat([[1, [2]]].flat(Infinity))", [1, "a", 1, 2]),
        ("(x => { const y = x * 2, {z = y} = {}; { const y = 1 } return z })(4)", 8),
        ("$if($json.n > 2, 'many', 'few') + $ifEmpty('', '-')", "many-"),
        ("[[1, 1, 2].unique(), [1, 3].average(), ''.isEmpty(), $json.hasField('n'), $json.tags.last()]",
         [[1, 2], 2, True, True, "a"]),
        ("$json.rows.sort((a, b) => a.id - b.id)[0].id // the least", 9),
    ],
)  # fmt: skip
def test_an_expression_gives_what_it_gives_there(code: str, value: Any) -> None:
    assert evaluated(code) == value


def test_what_an_expression_changes_is_its_own() -> None:
    given = {"a": [2, 1]}
    assert expressions.evaluate("a.sort()", given, zone="UTC", is_late=lambda: False) == [1, 2]
    assert given == {"a": [2, 1]}


@pytest.mark.parametrize(
    "code",
    ["$json.gone.x", "null.length", "[1]()", "[...1]", "Math.max(...5)", "[].reduce((a, b) => a)",
     "JSON.parse('{')", "'x'.repeat(-1)", "[1].map(1)", "'a' in 1", "(({a}) => a)()",
     "encodeURIComponent('\\uD800')"],
)  # fmt: skip
def test_what_is_thrown_there_fails_or_is_null(code: str) -> None:
    with pytest.raises(Thrown):
        evaluated(code)
    assert evaluated(code, forgiving=True) is None


@pytest.mark.parametrize(
    "code",
    ["", "a", "x = 1", "a++", "x += 1", "1 2", "(", "[1,,2]", "function f() {}", "async () => 1", "this",
     "/a/.test('a')",
     "new Map()", "new Date()", "new Date(2026, 1)", "Date.now()", "Math.random()", "[].push(1)", "[].constructor",
     "({}).__proto__", "({__proto__: 1})", "null ?? 1 || 2", "-2 ** 2", "{a: 1", "`${1", "'a", "1abc", "08", "a => ",
     "(a, 1) => a", "class A {}", "() => { while (1) {} }", "$now", "$input.all()", "delete $json.n", "f`x`", "# 1",
     "/* no end", "eval('1')", "Function('1')()", "globalThis", "process", "require('fs')", "'\\u{110000}'",
     "{ return 1 }"],
)  # fmt: skip
def test_what_is_not_known_is_refused_before_it_runs(code: str) -> None:
    with pytest.raises(Unsupported):
        expressions.read(code, ["$json"])


@pytest.mark.parametrize(
    "code",
    ["$json['__pro' + 'to__']", "[]['constr' + 'uctor']('return 1')()", "$json.n['to' + 'String']",
     "Object.assign({}, JSON.parse('{\"__proto__\": {}}'))", "new Date('3/4/2026')", "'a'.localeCompare('b', 'sv')",
     "[1, 2].map(x => [].map)", "'$' + 'ab'.replace('a', '$&')", "JSON.stringify({}, x => x)"],
)  # fmt: skip
def test_what_nobody_could_see_before_is_refused_and_never_null(code: str) -> None:
    with pytest.raises(Unsupported):
        evaluated(code, forgiving=True)
