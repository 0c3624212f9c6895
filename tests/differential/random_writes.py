"""What do random writes do?"""

from random import Random
from typing import Any

from tests.differential import values

PATHS = ("c/a", "c/b", "c/c", "d/a", "c/a/s/x", "c/b/s/x", "d/a/s/y", "c/__id7__")
_FIELDS = ("n", "m", "tags", "o", "at")
_MASKS = ("n", "m", "o.p", "o.`odd.key`", "o", "tags", "new.deep")

Write = dict[str, Any]


def path(random: Random) -> str:
    """Of a document; the first ones come often."""
    return random.choice(PATHS[:3] if random.random() < 0.6 else PATHS)


def fields(random: Random) -> dict[str, values.Value]:
    """Of a document."""
    made: dict[str, values.Value] = {}
    for name in random.sample(_FIELDS[:4], random.randrange(1, 5)):
        match name:
            case "tags" if random.random() < 0.8:
                made[name] = values.array(random)
            case "o" if random.random() < 0.8:
                made[name] = values.mapping(random)
            case _:
                made[name] = values.value(random)
    return made


def document(random: Random, name: str) -> Write:
    return {"name": f"~/{name}", "fields": fields(random)}


def mask(random: Random) -> Write:
    return {"field_paths": random.sample(_MASKS, random.randrange(1, 4))}


def precondition(random: Random, name: str) -> Write:
    """Often one that holds."""
    kind = random.random()
    if kind < 0.6:
        return {"exists": random.random() < 0.6}
    return {"update_time": ("version", name) if kind < 0.9 else {"seconds": random.choice((1, 2**32))}}


def transform(random: Random) -> Write:
    """A FieldTransform."""
    kind = random.choice(("increment", "maximum", "minimum", "append", "remove", "time"))
    where = random.choice(("n", "m", "o.p", "tags"))
    match kind:
        case "append":
            return {"field_path": "tags", "append_missing_elements": values.array(random)["array_value"]}
        case "remove":
            return {"field_path": "tags", "remove_all_from_array": values.array(random)["array_value"]}
        case "time":
            return {"field_path": "at", "set_to_server_value": 1}
        case _:
            operand = values.number(random) if random.random() < 0.95 else values.scalar(random)
            return {"field_path": where, kind: operand}


def write(random: Random) -> Write:
    """A Write of any kind."""
    name = path(random)
    made: Write
    kind = random.random()
    if kind < 0.2:
        made = {"delete": f"~/{name}"}
    elif kind < 0.27:
        made = {"transform": {"document": f"~/{name}", "field_transforms": [transform(random)]}}
    else:
        made = {"update": document(random, name)}
        if random.random() < 0.35:
            made["update_mask"] = mask(random)
        if random.random() < 0.25:
            made["update_transforms"] = [transform(random) for _ in range(random.randrange(1, 3))]
    if random.random() < 0.2:
        made["current_document"] = precondition(random, name)
    return made


def writes(random: Random) -> list[Write]:
    """One to three."""
    return [write(random) for _ in range(random.choice((1, 1, 1, 2, 3)))]
