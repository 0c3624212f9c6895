"""Do templates of users fill texts, and stay within their sandbox and its limits?"""

from typing import Any

import pytest

from shared.blocks.sandbox import templates
from shared.domain import errors


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("Hello {{ name }}!", {"name": "Ada"}, "Hello Ada!"),
        ("{{ missing }}.", {}, "."),
        ("{{ user.name }}", {"user": {"name": "Ada"}}, "Ada"),
        (
            "{% for x in xs %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
            {"xs": ["a", "b"]},
            "1/2:a 2/2:b ",
        ),
        ("{% for x in xs %}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}", {"xs": [1, 2]}, "1,2"),
        ("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", {"d": {"a": 1}}, "a=1;"),
        ("{% for x in xs %}x{% else %}none{% endfor %}", {"xs": []}, "none"),
        ("{{ a ~ b ~ 1 }}", {"a": "x", "b": 2}, "x21"),
        ("{{ xs | join(', ') | upper }}", {"xs": ["a", "b"]}, "A, B"),
        ("{{ xs | map('upper') | list }}", {"xs": ["a"]}, "['A']"),
        ("{{ 'a' * 3 }}{{ 2 ** 10 }}{{ '%05.1f' % 2.5 }}", {}, "aaa1024002.5"),
        ("{% macro hi(n) %}hi {{ n }}{% endmacro %}{{ hi('a') }}", {}, "hi a"),
        (
            "{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
            {},
            "3",
        ),
        ("{{ none }}{{ true }}", {}, "NoneTrue"),
        ("{{ 'a-b'.split('-') | last }}", {}, "b"),
        ("{{ d | tojson }}", {"d": {"a": [1]}}, '{"a": [1]}'),
        ("{{ 'x' | replace('x', 'y') | center(5) | trim }}", {}, "y"),
        ("{{ '{:>3}'.format(1) }}", {}, "  1"),
        ("{{ xs | map('upper') }}", {"xs": ["a"]}, "['A']"),
        ("{{ xs | select('odd') }}{{ xs | reverse }}", {"xs": [1, 2]}, "[1][2, 1]"),
        ("{{ xs | batch(2) }}{{ xs | slice(2) }}", {"xs": [1, 2, 3]}, "[[1, 2], [3]][[1, 2], [3]]"),
        ("{{ d | items }}{{ d.items() | list }}", {"d": {"a": 1}}, "[('a', 1)][('a', 1)]"),
        ("{{ xs | map(attribute='n') | sum }}/{{ xs | length }}", {"xs": [{"n": 2}, {"n": 3}]}, "5/2"),
        ("{{ xs | sort | unique | join('-') }}", {"xs": [2, 1, 2]}, "1-2"),
        ("{{ '%s-%5.1f' % ('a', 2.5) }}{{ '{1}{0:>3}'.format(1, 'b') }}", {}, "a-  2.5b  1"),
        ("{{ d | tojson(2) }}", {"d": [1, {"a": 2}]}, '[\n  1,\n  {\n    "a": 2\n  }\n]'),
        ("{{ 1 in xs and xs == [1] and xs is in [[1]] }}", {"xs": [1]}, "True"),
        ("{{ ''|attr('__class__')|attr('__mro__') }}", {}, ""),
    ],
)
def test_a_template_is_filled(template: str, values: dict[str, Any], text: str) -> None:
    assert templates.render(template, values) == text


def test_values_are_escaped_for_html_only_when_asked() -> None:
    assert templates.render("<b>{{ x }}</b>", {"x": "<&"}) == "<b><&</b>"
    assert templates.render("<b>{{ x }}</b>", {"x": "<&"}, escape_html=True) == "<b>&lt;&amp;</b>"
    assert templates.render("{{ x ~ '<' }}", {"x": "&"}, escape_html=True) == "&amp;&lt;"


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}{{ ''.__class__.__mro__ }}",
        "{{ x.__init__.__globals__ }}",
        "{{ ''['__class__']['__mro__'] }}",
        "{{ '{0.__class__.__mro__}'.format('') }}",
        "{{ xs.append(1) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{{ lipsum() }}",
        "{{ [1, 2] | random }}",
        "{{ [[1, 2]] | map('random') | list }}",
    ],
)
def test_a_template_cannot_leave_its_sandbox(template: str) -> None:
    with pytest.raises(errors.BlockError) as failure:
        templates.render(template, {"x": 1, "xs": []})
    assert failure.value.reason == "TEMPLATE_INVALID"


@pytest.mark.parametrize(
    "template",
    ["{{ x", "{% for %}", "{% if x %}", "{{ x | nofilter }}", "{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ x.y.z }}"],
)
def test_a_template_with_a_mistake_says_so(template: str) -> None:
    with pytest.raises(errors.BlockError, match="The template cannot be filled") as failure:
        templates.render(template, {})
    assert failure.value.reason == "TEMPLATE_INVALID"


@pytest.mark.parametrize(
    "template",
    [
        "{{ d.items }}",
        "{{ 'a'.upper }}",
        "{{ [d.items] }}",
        "{{ d.items ~ '' }}",
        "{{ d.items | string }}",
        "{{ [d.items] | join }}",
        "{{ '%s' % d.items }}",
        "{{ '{}'.format(d.items) }}",
        "{{ cycler('a') }}",
        "{{ joiner(',') }}",
        "{{ d | map('lower') | map(attribute='upper') }}",
    ],
)
def test_what_has_no_text_of_its_own_is_named(template: str) -> None:
    with pytest.raises(errors.BlockError, match="has no text") as failure:
        templates.render(template, {"d": {"a": 1}})
    assert failure.value.reason == "TEMPLATE_INVALID"


@pytest.mark.parametrize(
    ("template", "limit"),
    [
        ("{{ 'a' * 5000000 }}", "5,000,000 characters or elements; the limit is 1,000,000"),
        ("{{ 'a'.ljust(5000000) }}", "above 1,000,000, the limit"),
        ("{{ '%5000000d' % 1 }}", "the limit is 1,000,000"),
        ("{{ 9 ** 5000000 }}", "the limit is 1,000,000"),
    ],
)
def test_a_limit_is_named(template: str, limit: str) -> None:
    with pytest.raises(errors.BlockError, match=limit):
        templates.render(template, {})


NESTED = "{% set a = ['aaaa'] * 1000 %}{% set a = [a] * 1000 %}{% set a = [a] * 1000 %}{% set a = [a] * 1000 %}"
OTHER = NESTED.replace("set a", "set b").replace("[a]", "[b]")
HOARD = "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = ns.x + [HELD] %}{% endfor %}"

BOMBS = [
    NESTED + "{{ a }}",
    NESTED + "{{ a | string }}",
    NESTED + "{{ a ~ '' }}",
    NESTED + "{{ a | tojson }}",
    NESTED + "{{ a | join('x') }}",
    NESTED + "{{ '%s' % a }}",
    NESTED + "{{ '{}'.format(a) }}",
    NESTED + "{{ '{x}'.format_map({'x': a}) }}",
    NESTED + OTHER + "{{ a == b }}",
    NESTED + OTHER + "{{ a is eq(b) }}",
    NESTED + OTHER + "{{ [a].index(b) }}",
    NESTED + OTHER + "{{ [a, b] | sort }}",
    HOARD.replace("HELD", "'a' * 900000 ~ i"),
    HOARD.replace("HELD", "['a'] * 900000"),
    HOARD.replace("HELD", "[" + "0," * 40_000 + "]"),
    HOARD.replace("HELD", "('a ' * 400000).split()"),
    HOARD.replace("HELD", "[1] | batch(900000, 'x')"),
    "{{ [['a'] * 900000] * 400000 | sum(start=[]) }}",
    "{{ ([['a'] * 900000] * 400000) | sum(start=[]) }}",
    "{{ 'x'.join(dict.fromkeys(range(90000), 'a' * 900000).values()) }}",
    "{{ [9 ** 4000] * 900000 }}",
    "{{ ('{0:99999}' * 90000).format(1) }}",
    "{{ ('%99999d' * 90000) % ((1,) * 90000) }}",
    "{{ ('{0}' * 90000).format('a' * 900000) }}",
    "{{ ('%(a)s' * 90000) % {'a': 'a' * 900000} }}",
    "{{ ('\t' * 900000).expandtabs(900000) }}",
    "{{ ('a' * 900000).encode().replace(''.encode(), ('a' * 900000).encode()) }}",
    "{{ (1).to_bytes(9999999999, 'big') }}",
    "{{ ('a' * 900000) | wordwrap(1, true, 'x' * 900000) }}",
    "{{ ('a.co ' * 90000) | urlize(rel='x' * 900000) }}",
    "{{ ([[[1]]] * 90000) | tojson(900000) }}",
    "{{ {'a' * 9000: [1] * 9000} | pprint }}",
    "{{ 'a' * 10000000000 }}",
    "{{ 10000000000 * 'a' }}",
    "{{ [0] * 10000000000 }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ '{x:{w}}'.format_map({'x': 1, 'w': 10000000000}) }}",
    "{{ '%10000000000d' % 1 }}",
    "{{ '%*d' % (10000000000, 1) }}",
    "{{ '{:10000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 10000000000) }}",
    "{{ '%10000000000d' | format(1) }}",
    "{{ 'a'.ljust(10000000000) }}",
    "{{ 'a'.zfill(10000000000) }}",
    "{{ 'a' | center(10000000000) }}",
    "{{ 'a\\nb' | indent(10000000000) }}",
    "{{ range(10000000000) | list }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{{ range(99999) | sum }}{% endfor %}",
    "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x='aa') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('a', ns.x) %}{% endfor %}",
    "{% set ns = namespace(x='aa') %}{% for i in range(99) %}{% set ns.x = ns.x | replace('a', ns.x) %}{% endfor %}",
    "{% set ns = namespace(x='aa') %}{% for i in range(99) %}{% set ns.x = ns.x.join([ns.x] * 99) %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
    "{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}" + "x" * 9_000 + "{% endmacro %}{% for i in range(9999) %}{{ m(1) }}{% endfor %}",
    "{% for i in range(9999) %}" + "x" * 9_000 + "{% endfor %}",
    "{% for i in range(3) recursive %}{{ loop(range(3)) }}{% endfor %}",
    "{% set x = 'a' * 900000 %}{% for i in range(999) %}{{ x }}{% endfor %}",
    "{{ 'a'.translate({97: 'b'}) }}",
    "x" * 100_001,
]


@pytest.mark.parametrize("template", BOMBS, ids=range(len(BOMBS)))
@pytest.mark.timeout(20)
def test_a_template_that_takes_too_much_is_stopped(template: str) -> None:
    with pytest.raises(errors.BlockError) as failure:
        templates.render(template, {})
    assert failure.value.reason in ("LIMIT_EXCEEDED", "TEMPLATE_INVALID")
