"""Does an expression of JavaScript that a stranger wrote stay where it is, and end?"""

import json
import resource
from typing import Any

import pytest

from shared.blocks import catalog, runner
from shared.javascript import budget

BLOCK = catalog.get("JAVASCRIPT_EXPRESSION")
DOUBLED = "Array.from({length: 60}).reduce(a => [a, a], 1)"
ENDLESS = [
    DOUBLED,
    f"JSON.stringify({DOUBLED})",
    f"String({DOUBLED})",
    f"{DOUBLED}.flat(Infinity)",
    "Array.from({length: 40}).reduce(a => [...a, ...a], [1])",
    "Array.from({length: 60}).reduce(s => s + s, 'ab')",
    "Array.from({length: 300}).reduce(o => ({...o, [Object.keys(o).length]: o}), {})",
    "(f => f(f))(f => f(f))",
    "[3, 2, 1].sort((a, b) => (f => f(f))(f => f(f)))",
    "Array.from({length: 100000}).map((_, i) => i).sort((a, b) => b - a)",
    "Array.from({length: 50}).map(() => Object.entries('x'.repeat(100000)))",
    "Array.from({length: 100}).map(() => '\\uFDFA'.repeat(90000).localeCompare('\\uFDFA'.repeat(90001)))",
    "Array.from({length: 9000}).map((_, i, a) => a.indexOf(1))",
    "Array.from({length: 1e9})",
    "'x'.padEnd(1e9)",
    "'x'.repeat(1e9)",
    "'a'.repeat(500000).replaceAll('a', 'b'.repeat(10))",
    "(a => a.fill(a))([1])",
    "JSON.stringify((a => a.fill(a))([1]))",
    "(a => a.fill(a))([1]).flat(Infinity)",
]
REFUSED = [
    "(" * 9_000,
    "`${" * 3_000,
    "/*" * 9_000,
    "a=>" * 5_000 + "1",
    "1+" * 9_000 + "1",
    "x?" * 5_000,
    "2**" * 5_000 + "2",
    "/*/" * 6_001,
    "({}).toString.constructor('return process')()",
    "''['sub']['constructor']('return this')()",
    "(() => this)()",
    "[].filter['constr' + 'uctor']('return 1')()",
    "Object.assign(Object, {keys: 1})",
    "Object.getPrototypeOf({})",
    "Reflect.ownKeys({})",
    "new Function('return 1')()",
    "import('fs')",
    "__import__('os')",
    "$json.__class__.__mro__.map(x => x.__subclasses__())",
]


async def _outcome(code: str, context: Any) -> runner.Outcome:
    return await runner.collect(
        BLOCK, catalog.read_input(BLOCK, {"expression": code, "values": {"$json": {}}}), context()
    )


@pytest.mark.parametrize("code", ENDLESS, ids=range(len(ENDLESS)))
async def test_what_would_never_end_or_fill_the_memory_ends(
    code: str, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "MAX_STEPS", 50_000)  # of the half million that there are: a tenth of the time
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = await _outcome(code, context)
    assert outcome.failure is not None
    assert outcome.failure.reason == "LIMIT_EXCEEDED"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


@pytest.mark.parametrize("code", REFUSED, ids=range(len(REFUSED)))
async def test_no_way_leads_to_the_machine_or_out_of_the_depth(code: str, context: Any) -> None:
    outcome = await _outcome(code, context)
    assert outcome.failure is not None
    assert outcome.failure.reason in ("CODE_FAILED", "LIMIT_EXCEEDED")


async def test_an_object_that_is_copied_takes_no_prototype_along(context: Any) -> None:
    text = json.dumps(json.dumps({"__proto__": {"x": 1}}))
    outcome = await _outcome(f"[({{...JSON.parse({text})}}).x, ({{}}).x]", context)
    assert outcome.tokens == [("result", [None, None])]
