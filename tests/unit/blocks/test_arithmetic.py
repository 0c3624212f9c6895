"""Does the calculator go beyond the greatest number, and divide by zero, as agents expect?"""

import math
from typing import Any

import pytest

from shared.blocks import arithmetic, catalog, runner


@pytest.mark.parametrize(
    ("operation", "a", "b", "result"),
    [
        ("Subtract", 1, 2, -1),
        ("Multiply", 2, 3, 6),
        ("Divide", -1, 0, math.inf),
        ("Divide", 0, 0, math.inf),
        ("Power", 10, 400, math.inf),
        ("Power", 0, -1, math.inf),
    ],
)
def test_numbers_are_calculated(operation: str, a: float, b: float, result: float) -> None:
    assert arithmetic.calculate(arithmetic.Operation(operation), float(a), float(b)) == result


async def test_an_infinite_result_is_not_rounded(context: Any) -> None:
    block = catalog.get("CALCULATOR")
    values = {"operation": "Divide", "a": 1, "b": 0, "round_result": True}
    outcome = await runner.collect(block, catalog.read_input(block, values), context())
    assert outcome.tokens == [("result", math.inf)]
