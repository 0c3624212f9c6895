"""What can be written down by reading the code? ``python -m docs.generate`` writes these pages, a test compares them.

configuration.md from ``shared.config``, api.md from ``functions/openapi.json``, blocks.md and blocks/ from the block
library.
"""

import functools
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from shared import config
from shared.blocks import catalog, categories
from shared.blocks.block import Block

FOLDER = Path(__file__).parent
OPENAPI = FOLDER.parent / "functions" / "openapi.json"

_NOTE = "<!-- Written by `python -m docs.generate`; do not edit. -->"
_UNITS = {"_seconds": "s", "_bytes": "bytes", "_per_minute": "requests/min"}
_MAX_VALUE = 90  # characters of an example's value; what is longer is cut


def configuration() -> str:
    """Every setting, and the variables that the settings leave to others."""
    fields = config.Settings.model_fields.items()
    rows = [
        (f"`{name.upper()}`", _default(field.default), _unit(name), str(field.description)) for name, field in fields
    ]
    return _page(
        "Configuration",
        "Read from the environment, once for each process, by `shared/config.py`, and by nothing else. An empty "
        "variable counts as unset. A value that cannot be used stops the function with the name of the variable "
        "and the remedy.",
        _table(("variable", "default", "unit", "what"), rows),
        "## Emulators",
        "Google's clients find these for themselves, or the settings above name them. `make run` sets them all. A "
        "function that finds one beside `K_SERVICE`, which Cloud Run sets, refuses to start: it would trust "
        "tokens that anybody can make.",
        "\n".join(f"- `{name}`" for name in config.EMULATOR_VARIABLES),
        "Which blocks may read which settings is `Settings.for_blocks`: "
        + ", ".join(f"`{name}`" for name in config.read({}).for_blocks())
        + ".",
    )


def api() -> str:
    """Every route with its parameters and bodies."""
    document = json.loads(OPENAPI.read_bytes())
    by_tag: dict[str, list[str]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag[operation["tags"][0]].append(_route(method, path, operation))
    sections = [
        text
        for tag, routes in by_tag.items()
        for text in (f"## {tag.capitalize().replace('_', ' ').replace('Api ', 'API ')}", *routes)
    ]
    schemas = [_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    return _page(
        "API",
        "The whole of it is [functions/openapi.json](../functions/openapi.json), served as `/openapi.json` and shown "
        "at `/docs`. `Authorization: Bearer <Firebase ID token>` ([how to get one](../README.md#a-first-call)) or "
        "`X-API-Key: <key>`, except where it says *public*. Lists take "
        "`page_size` (1 to 100, default 20) and `page_token`. POST takes `Idempotency-Key`. Mutable resources carry "
        "an `etag`, which PUT, PATCH and DELETE compare if they get `If-Match`; a weak one (`W/`) matches nothing. "
        "Errors: [errors.md](errors.md).",
        *sections,
        "## Shapes",
        "`?` marks what may be left out or null.",
        *schemas,
    )


def blocks() -> str:
    """Which blocks there are, by category."""
    some = by_category()
    overview = [
        (f"[{category}](#{category.lower()})", str(len(found)), categories.CATEGORIES[category])
        for category, found in some.items()
    ]
    sections = [
        text
        for category, found in some.items()
        for text in (f"## {category}", "\n".join(_entry(block) for block in found))
    ]
    return _page(
        "Blocks",
        f"The block library, `shared/blocks/`: {sum(map(len, some.values()))} blocks. Each name leads to its pins "
        "and examples. A new one: [adding-a-block.md](adding-a-block.md).",
        _table(("category", "blocks", "what"), overview),
        *sections,
    )


def category(name: str) -> str:
    """Every block of a category with its pins and examples."""
    return _page(
        f"{name} blocks",
        f"{categories.CATEGORIES[name]}. [All blocks](../blocks.md)",
        "A pin in **bold** must have a link or a literal. *Many*: the pin may emit more than one token a firing. "
        "Every block also has the output `error`, a text: why it failed, after its last attempt. Parts of a pin are "
        "linked as `pin_#_key` (entry), `pin_$_0` (element), `pin_@_attr` (attribute).",
        *(_block(block) for block in by_category()[name]),
    )


def by_category() -> dict[str, list[Block]]:
    """In the order of ``CATEGORIES``; KeyError for a block of another: add it to shared/blocks/categories.py."""
    found: dict[str, list[Block]] = {name: [] for name in categories.CATEGORIES}
    for block in catalog.all():
        found[block.category].append(block)
    return {name: some for name, some in found.items() if some}


def _entry(block: Block) -> str:
    page = f"blocks/{block.category.lower()}.md#{block.block_type.lower()}"
    return f"- [{block.block_type}]({page}): {_line(block.description)}"


def _block(block: Block) -> str:
    said = catalog.describe(block)
    traits = [
        "pure" if said["pure"] else "has effects",
        *(["its links are static"] if said["static_output"] else []),
        *([f"{said['max_attempts']} attempts"] if said["max_attempts"] > 1 else []),
        *([f"costs: {said['cost']}"] if said["cost"] else []),
    ]
    outputs = list(_outputs(said["output_schema"], said["emits_many"]))
    return "\n\n".join(
        [
            f"## {said['block_type']}",
            f"{said['description']} ({', '.join(traits)})",
            _table(("input", "type", "default", "what"), list(_inputs(block, said["input_schema"]))),
            _table(("output", "type", "what"), outputs) if outputs else "No outputs of its own.",
            "\n".join(_example(example) for example in said["examples"]),
        ]
    )


def _inputs(block: Block, schema: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    spec = catalog.specs()[block.block_type]
    for name, pin in schema.get("properties", {}).items():
        known = spec.inputs[name]
        shown, default = (f"**{name}**", "") if known.required else (name, _default(known.default))
        yield shown, _type(pin, schema.get("$defs", {})), default, pin.get("description", "")


def _outputs(schema: Mapping[str, Any], emits_many: Sequence[str]) -> Iterator[Sequence[str]]:
    for name, pin in schema["properties"].items():
        if name != "error":
            many = ", many" if name in emits_many else ""
            yield name, _type(pin, schema.get("$defs", {})) + many, pin.get("description", "")


def _example(example: Mapping[str, Any]) -> str:
    given = ", ".join(f"{pin} {_value(value)}" for pin, value in example["input"].items())
    if example["fails"] is not None:
        return f"- {example['title']}: {given or 'nothing'} → fails: …{example['fails']}…"
    if example["output"] is None:
        return f"- {example['title']}: {given} → as the outside world answers"
    made = ", ".join(f"{pin} {_value(value)}" for pin, value in example["output"])
    return f"- {example['title']}: {given or 'nothing'} → {made or 'nothing'}"


def _success(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer of a request that was done, or taken to be done."""
    return next(answer for code, answer in operation["responses"].items() if code.startswith("2"))


def _route(method: str, path: str, operation: Mapping[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = _success(operation).get("content", {})
    shapes = [
        *([f"body {_type(body)}"] if body else []),
        *(f"answers {_answer(kind, content)}" for kind, content in answers.items()),
        *(["*public*"] if not operation.get("security") else []),
    ]
    asked = [_parameter(one) for one in operation.get("parameters", []) if _is_particular(one)]
    text = [f"**`{method.upper()} {path}`** · {' · '.join(shapes)}", _line(operation.get("description", "")), *asked]
    return "\n\n".join(part for part in text if part)


def _answer(media_type: str, content: Mapping[str, Any]) -> str:
    return _type(content["schema"]) if "schema" in content else f"`{media_type}`"


def _is_particular(parameter: Mapping[str, Any]) -> bool:
    """Whether it is to be named beside the route: not a part of its path, nor what the page says once for all."""
    of_all = parameter["name"].startswith("page_") or parameter["name"].lower() in ("idempotency-key", "if-match")
    return parameter["in"] in ("query", "header") and not of_all


def _parameter(one: Mapping[str, Any]) -> str:
    kind = f"header, {_type(one['schema'])}" if one["in"] == "header" else _type(one["schema"])
    return f"- `{one['name']}` ({kind}): {one.get('description', '')}".rstrip(": ")


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"`{field}`" + ("" if field in required else "?"),
            _type(one),
            _line(one.get("description", "")),
        )
        for field, one in schema.get("properties", {}).items()
    ]
    about = _line(schema.get("description", ""))
    table = _table(("field", "type", "what"), rows) if rows else "No fields."
    return "\n\n".join(part for part in (f"### {name}", about, table) if part)


def _type(schema: Mapping[str, Any], defined: Mapping[str, Any] = MappingProxyType({})) -> str:
    """A JSON Schema in few words. What it refers to is a shape of the page, or among what is ``defined`` with it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name not in defined else _type(defined[name], defined)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(one, defined) for one in schema[several]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "any")
    if kind == "array" and schema.get("items"):
        return f"list of {_type(schema['items'], defined)}"
    if kind == "string" and "format" in schema:
        return schema["format"]
    if "properties" in schema:
        return f"dictionary of {', '.join(_field(name, one, defined) for name, one in schema['properties'].items())}"
    return {"array": "list", "object": "dictionary", "string": "text", "null": "null"}.get(kind, kind)


def _field(name: str, schema: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    """With the values that it may have, where they are listed."""
    kind = _type(schema, defined)
    return f"`{name}` ({kind})" if kind.startswith("`") else f"`{name}`"


def _unit(name: str) -> str:
    """What a setting counts, by the end of its name."""
    return next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")


def _default(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value not in ("", None) else "none"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = text if len(text) <= _MAX_VALUE else text[: _MAX_VALUE - 1] + "…"
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_line(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _NOTE, *parts]) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "configuration.md": configuration,
    "api.md": api,
    "blocks.md": blocks,
    **{f"blocks/{name.lower()}.md": functools.partial(category, name) for name in by_category()},
}
"""Path below docs/ -> what writes it. All of docs/blocks/ is written, so what else lies there is left over."""


def leftovers() -> list[Path]:
    return [path for path in (FOLDER / "blocks").glob("*") if f"blocks/{path.name}" not in PAGES]


if __name__ == "__main__":
    (FOLDER / "blocks").mkdir(exist_ok=True)
    for path in leftovers():
        path.unlink()
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
