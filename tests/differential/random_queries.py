"""What do random queries ask for?"""

from random import Random
from typing import Any

from tests.differential import values

FIELDS = ("n", "m", "tags", "o.p", "o", "o.`odd.key`", "missing")
SINGLES = ("EQUAL", "NOT_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL")
UNARY = ("IS_NULL", "IS_NOT_NULL", "IS_NAN", "IS_NOT_NAN")
NAMES = ("~/c/a", "~/c/b", "~/c/c", "~/c/a/s/x", "~/d/a/s/y")

Query = dict[str, Any]


def query(random: Random, *, wild: bool = True) -> Query:
    """A StructuredQuery. Without ``wild`` it has a filter or two and no more."""
    collection = random.choice(("c", "c", "c", "s", "d", "none"))
    made: Query = {"from_": [{"collection_id": collection, "all_descendants": random.random() < 0.3}]}
    if random.random() < 0.75:
        made["where"] = _filter(random, 0)
    if random.random() < 0.5:
        orders = [_order(random) for _ in range(random.choice((1, 1, 1, 2)))]
        made["order_by"] = list({order["field"]["field_path"]: order for order in orders}.values())
    if random.random() < 0.35:
        made["limit"] = {"value": random.randrange(5)}
    if not wild:
        return made
    if random.random() < 0.15:
        made["offset"] = random.randrange(3)
    if random.random() < 0.2:
        fields = random.sample(("n", "o.p", "__name__", "tags", "missing"), random.randrange(3))
        made["select"] = {"fields": [{"field_path": field} for field in fields]}
    for end in ("start_at", "end_at"):
        if made.get("order_by") and random.random() < 0.25:
            made[end] = _cursor(random, made["order_by"])
    return made


def _field(random: Random) -> str:
    return random.choice(FIELDS[:2] if random.random() < 0.6 else FIELDS)


def _order(random: Random) -> Query:
    path = "__name__" if random.random() < 0.2 else _field(random)
    return {"field": {"field_path": path}, "direction": random.choice(("ASCENDING", "ASCENDING", "DESCENDING"))}


def _cursor(random: Random, orders: list[Query]) -> Query:
    count = random.randrange(1, len(orders) + 1)
    operands = [
        {"reference_value": random.choice(NAMES)} if o["field"]["field_path"] == "__name__" else values.scalar(random)
        for o in orders[:count]
    ]
    return {"values": operands, "before": random.random() < 0.5}


def _filter(random: Random, depth: int) -> Query:
    kind = random.random()
    if depth < 2 and kind < 0.35:
        filters = [_filter(random, depth + 1) for _ in range(random.randrange(1, 4))]
        return {"composite_filter": {"op": random.choice(("AND", "AND", "OR")), "filters": filters}}
    if kind < 0.45:
        return {"unary_filter": {"field": {"field_path": _field(random)}, "op": random.choice(UNARY)}}
    return {"field_filter": _comparison(random)}


def _comparison(random: Random) -> Query:
    if random.random() < 0.12:
        return _of_names(random)
    kind = random.random()
    if kind < 0.7:
        operand = values.value(random) if random.random() < 0.2 else values.scalar(random)
        return {"field": {"field_path": _field(random)}, "op": random.choice(SINGLES), "value": operand}
    if kind < 0.8:
        return {"field": {"field_path": "tags"}, "op": "ARRAY_CONTAINS", "value": values.scalar(random)}
    op = random.choice(("IN", "IN", "NOT_IN", "ARRAY_CONTAINS_ANY"))
    path = "tags" if op == "ARRAY_CONTAINS_ANY" else _field(random)
    operand = {"array_value": {"values": [values.scalar(random) for _ in range(random.randrange(1, 4))]}}
    return {"field": {"field_path": path}, "op": op, "value": operand}


def _of_names(random: Random) -> Query:
    op = random.choice((*SINGLES, "IN"))
    operand: Any = {"reference_value": random.choice(NAMES[:3])}
    if op == "IN":
        operand = {"array_value": {"values": [operand]}}
    return {"field": {"field_path": "__name__"}, "op": op, "value": operand}


def aggregations(random: Random) -> list[Query]:
    """One to three of count, sum and avg."""
    made: list[Query] = []
    for position in range(random.randrange(1, 4)):
        kind = random.choice(("count", "sum", "avg"))
        alias = f"r{position}" if random.random() < 0.8 else ""
        of = {"field": {"field_path": random.choice(("n", "m", "o.p"))}}
        if kind == "count":
            of = {"up_to": {"value": random.randrange(1, 4)}} if random.random() < 0.2 else {}
        made.append({"alias": alias, kind: of})
    return made
