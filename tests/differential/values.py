"""Which values do random documents hold? Few enough that queries find some, and every type at its edges."""

from random import Random
from typing import Any

Value = dict[str, Any]

NUMBERS: list[Value] = [
    *({"integer_value": n} for n in (0, 1, 2, 3, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))),
    *({"double_value": n} for n in (0.0, -0.0, 1.0, 1.5, -2.5, 2.0**53, 1e300, 5e-324)),
    *({"double_value": n} for n in (float("inf"), float("-inf"), float("nan"))),
]
STRINGS: list[Value] = [{"string_value": s} for s in ("", "a", "aa", "b", "é", "z\u0000", "\U0001f600", "\uffee")]
OTHERS: list[Value] = [
    {"null_value": 0},
    {"boolean_value": False},
    {"boolean_value": True},
    {"timestamp_value": {"seconds": 1}},
    {"timestamp_value": {"seconds": 1, "nanos": 1999}},
    {"timestamp_value": {"seconds": -5}},
    {"bytes_value": b""},
    {"bytes_value": b"\x00\xff"},
    {"reference_value": "~/c/a"},
    {"reference_value": "~/c/a/s/x"},
    {"geo_point_value": {"latitude": 1.0, "longitude": -2.0}},
    {"geo_point_value": {"latitude": 1.0, "longitude": 3.0}},
]
COMMON: list[Value] = [{"integer_value": n} for n in range(4)] + [{"string_value": s} for s in ("a", "b")]


def scalar(random: Random) -> Value:
    """Mostly small integers and short strings."""
    if random.random() < 0.6:
        return random.choice(COMMON)
    return random.choice(random.choice((NUMBERS, STRINGS, OTHERS)))


def number(random: Random) -> Value:
    """An operand of arithmetic."""
    return random.choice(NUMBERS if random.random() < 0.5 else COMMON[:4])


def array(random: Random) -> Value:
    """An array of up to three scalars or maps."""
    values = [scalar(random) if random.random() < 0.9 else mapping(random, 1) for _ in range(random.randrange(4))]
    return {"array_value": {"values": values}}


def mapping(random: Random, depth: int = 0) -> Value:
    """A map of up to three of few names."""
    names = random.sample(("p", "q", "odd.key", "`"), random.randrange(1, 4))
    return {"map_value": {"fields": {name: value(random, depth + 1) for name in names}}}


def vector(random: Random) -> Value:
    """A vector of one to three dimensions."""
    numbers = [{"double_value": random.choice((0.0, 1.0, -2.0))} for _ in range(random.randrange(1, 4))]
    fields = {"__type__": {"string_value": "__vector__"}, "value": {"array_value": {"values": numbers}}}
    return {"map_value": {"fields": fields}}


def value(random: Random, depth: int = 0) -> Value:
    """Any value."""
    kind = random.random()
    if kind < 0.75 or depth > 2:
        return scalar(random)
    if kind < 0.86:
        return array(random)
    return mapping(random, depth) if kind < 0.97 else vector(random)
