"""Random expressions give what Node gives; skipped where there is none. ``JAVASCRIPT_EXPRESSIONS`` says how many."""

import json
import os
import random
import shutil
import subprocess
from typing import Any

import pytest

from shared.javascript import expressions
from shared.javascript.budget import TooMuch
from shared.javascript.tree import Unsupported
from shared.javascript.values import Thrown

COUNT = int(os.environ.get("JAVASCRIPT_EXPRESSIONS", "300"))
NODE = shutil.which("node")
NO_ANSWER = "nothing"
ITEM = {
    "n": 3, "none": None, "tags": ["b", "a", "C"], "nums": [10, 9, 1, -5, 0.5], "text": "10", "name": "Ada Ünal",
    "rows": [{"id": 2, "name": "b"}, {"id": 1, "name": None}, {"id": 10}], "o": {"b": 1, "2": 2, "1": {"x": [1]}},
}  # fmt: skip
ATOMS = [
    *("1", "0", "-1", "2.5", "'a'", "''", "'10'", "'abc'", "null", "undefined", "true", "false", "[]", "{}", "NaN"),
    *("1e21", "1e-7", "' 7 '", "'0x1f'", "[null,undefined,'z',1,10,9]", "[[3,1],[2]]", "123456789012345680000"),
    *(f"$json.{name}" for name in [*ITEM, "gone"]),
]
BINARY = [*"+-*/%", "===", "!==", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "??", "in"]
METHODS = ["toString", "toUpperCase", "trim", "reverse", "sort", "slice", "flat", "join", "toSorted", "valueOf"]
FUNCTIONS = [
    *("x => x", "(x, i) => i", "x => typeof x", "x => x + 1", "({id}) => id", "([a, ...b]) => b", "x => [x, x]"),
    *(
        "x => ({...x})",
        "x => { if (x) return 1; return 'n' }",
        "x => x?.name",
        "(a, b = 2, ...c) => [a, b, c.length]",
    ),
]
ORDERS = [
    *("(a, b) => a - b", "(a, b) => b - a", "(a, b) => a < b ? -1 : 1", "() => 0", "(a, b) => NaN"),
    "(a, b) => String(b).localeCompare(String(a))",
]
TAILS = ["[0]", "?.[1]", "['length']", ".length", "?.name", "[-1]", "['1']"]
CALLS = ["map", "filter", "find", "findIndex", "some", "every", "flatMap", "findLast"]
OF_ONE = [
    *("includes", "indexOf", "concat", "join", "at", "slice", "split", "startsWith", "padStart", "repeat", "toFixed"),
    *("substring", "localeCompare", "fill"),
]
WHOLE = [
    *(
        "typeof {}",
        "!{}",
        "-{}",
        "+{}",
        "Math.max(...{})",
        "Math.round({})",
        "Number({})",
        "String({})",
        "[...{}, 1]",
    ),
    *("parseInt({})", "Object.keys({})", "Object.entries({})", "JSON.stringify({})", "Array.from({})", "`x${{}}y`"),
    "[...new Set({})]",
]
SCRIPT = """
const [item, codes] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(codes.map(code => {
  try {
    const $json = JSON.parse(JSON.stringify(item));
    return [JSON.stringify(eval('(' + code + ')')) ?? 'null'];
  } catch (error) { return []; }
})));
"""


def written(chance: random.Random, depth: int) -> str:
    """An expression of this depth at most."""
    if depth <= 0:
        return chance.choice(ATOMS)
    inner = [f"({written(chance, depth - 1)})" for _ in range(3)]
    match chance.randrange(10):
        case 0 | 1:
            return f"{inner[0]} {chance.choice(BINARY)} {inner[1]}"
        case 2:
            return f"{inner[0]} ? {inner[1]} : {inner[2]}"
        case 3:
            return inner[0] + chance.choice(TAILS)
        case 4:
            return f"{inner[0]}.{chance.choice(METHODS)}()"
        case 5:
            return f"{inner[0]}.{chance.choice(CALLS)}({chance.choice(FUNCTIONS)})"
        case 6:
            sort = chance.choice(["sort", "toSorted"])
            return f"[{inner[0]}, ...[].concat({inner[1]})].{sort}({chance.choice(ORDERS)})"
        case 7:
            return f"{inner[0]}.{chance.choice(OF_ONE)}({inner[1]})"
        case 8:
            return "({..." + inner[0] + ", a: " + inner[1] + "})"
        case _:
            return chance.choice(WHOLE).replace("{}", inner[0])


def computed(code: str) -> Any:
    try:
        return expressions.evaluate(code, {"$json": ITEM}, zone="UTC", is_late=lambda: False)
    except Thrown:
        return NO_ANSWER


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_random_expressions_give_what_node_gives() -> None:
    chance = random.Random(os.environ.get("JAVASCRIPT_SEED", "1"))
    codes = [written(chance, chance.randint(1, 4)) for _ in range(COUNT)]
    ran = subprocess.run(
        [str(NODE), "-e", SCRIPT], input=json.dumps([ITEM, codes]), capture_output=True, text=True, check=True
    )
    compared = 0
    for code, answer in zip(codes, json.loads(ran.stdout), strict=True):
        try:
            mine = computed(code)
        except (Unsupported, TooMuch):
            continue
        theirs = json.loads(answer[0], parse_int=float) if answer else NO_ANSWER
        assert json.loads(json.dumps(mine), parse_int=float) == theirs, code
        compared += 1
    assert compared > COUNT / 2
