"""Which value does a pin get from a value of another type?

Agents pass texts to number pins and numbers to text pins; the rules are those that imported agents were built
on. A pin's type is its JSON Schema, as pydantic writes it, with ``$defs`` beside it where it refers to some.

    to a text        JSON, unless it is a text already
    to a number      the length of a list or dictionary, else parsed; whole numbers are cut, not rounded
    to true/false    the texts "true" and "1" in any case are true, other texts false; else truthiness
    to a list        pairs of a dictionary; a text "[…]" parsed; else a list of this one value
    to a dictionary  a text "{…}" parsed; a list by index; else {"value": …}
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

Schema = Mapping[str, Any]


def coerce(value: Any, schema: Schema) -> Any:
    """``value`` as the type of ``schema``; what fits stays as it is. ValueError says why it cannot be."""
    return _coerce(value, schema, schema.get("$defs", {}))


def fits(value: Any, schema: Schema) -> bool:
    """Whether ``value`` is of the type of ``schema`` without any conversion."""
    return _fits(value, schema, schema.get("$defs", {}))


def _coerce(value: Any, schema: Schema, defs: Schema) -> Any:
    schema = _resolve(schema, defs)
    if options := _options(schema):
        return _any_of(value, options, defs)
    converted = _to_type(value, schema, defs)
    if (allowed := _allowed(schema)) is not None and not _among(converted, allowed):
        raise ValueError(f"{_show(value)} is not one of {', '.join(_show(one) for one in allowed)}")
    return converted


def _to_type(value: Any, schema: Schema, defs: Schema) -> Any:
    match schema.get("type"):
        case "string":
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        case "integer":
            return _integer(value)
        case "number":
            return _number(value)
        case "boolean":
            return value.strip().lower() in ("true", "1") if isinstance(value, str) else bool(value)
        case "array":
            return _array(value, schema, defs)
        case "object":
            return _object(value, schema, defs)
        case "null":
            if value is not None:
                raise ValueError(f"{_show(value)} is not null")
            return None
        case _:
            return value


def _any_of(value: Any, options: Sequence[Schema], defs: Schema) -> Any:
    """The first option that the value fits, else the first to which it converts. An empty text for a pin that
    takes null but no text is no value."""
    for option in options:
        if _fits(value, option, defs):
            return _coerce(value, option, defs)
    if value == "" and any(_fits(None, option, defs) for option in options):
        return None
    problems: list[str] = []
    for option in options:
        try:
            return _coerce(value, option, defs)
        except ValueError as error:
            problems.append(str(error))
    raise ValueError("; ".join(dict.fromkeys(problems)))


def _integer(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    number = _number(value)
    try:
        return int(number)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{_show(value)} is not a whole number") from error


def _number(value: Any) -> float:
    if isinstance(value, list | dict):
        return len(cast(list[Any] | dict[str, Any], value))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{_show(value)} is not a number") from error


def _array(value: Any, schema: Schema, defs: Schema) -> list[Any]:
    if isinstance(value, dict):
        value = [[key, entry] for key, entry in cast(dict[str, Any], value).items()]
    elif isinstance(value, str):
        parsed = _parse(value, "[")
        value = [value] if parsed is None else parsed
    elif not isinstance(value, list):
        value = [value]
    items = schema.get("items", {})
    return [_at(f"element {i}", one, items, defs) for i, one in enumerate(cast(list[Any], value))]


def _object(value: Any, schema: Schema, defs: Schema) -> dict[str, Any]:
    if isinstance(value, list):
        value = {str(i): one for i, one in enumerate(cast(list[Any], value))}
    elif isinstance(value, str):
        parsed = _parse(value, "{")
        value = {"value": value} if parsed is None else parsed
    elif not isinstance(value, dict):
        value = {"value": value}
    entries = cast(dict[str, Any], value)
    missing = [key for key in schema.get("required", ()) if key not in entries]
    if missing:
        raise ValueError(f"{_show(value)} lacks {', '.join(missing)}")
    return {key: _at(key, one, _property(schema, key), defs) for key, one in entries.items()}


def _at(place: str, value: Any, schema: Schema, defs: Schema) -> Any:
    try:
        return _coerce(value, schema, defs)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def _parse(text: str, opening: str) -> Any:
    """The JSON list or object that ``text`` is, or None."""
    if not text.lstrip().startswith(opening):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _fits(value: Any, schema: Schema, defs: Schema) -> bool:
    schema = _resolve(schema, defs)
    if options := _options(schema):
        return any(_fits(value, option, defs) for option in options)
    if (allowed := _allowed(schema)) is not None and not _among(value, allowed):
        return False
    match schema.get("type"):
        case "string":
            return isinstance(value, str)
        case "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            )
        case "number":
            return not isinstance(value, bool) and isinstance(value, int | float)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list) and all(_fits(v, schema.get("items", {}), defs) for v in value)
        case "object":
            return isinstance(value, dict) and _object_fits(cast(dict[str, Any], value), schema, defs)
        case "null":
            return value is None
        case _:
            return True


def _object_fits(value: dict[str, Any], schema: Schema, defs: Schema) -> bool:
    if any(key not in value for key in schema.get("required", ())):
        return False
    return all(_fits(one, _property(schema, key), defs) for key, one in value.items())


def _property(schema: Schema, key: str) -> Schema:
    others = schema.get("additionalProperties")
    return schema.get("properties", {}).get(key) or (others if isinstance(others, Mapping) else {})


def _resolve(schema: Schema, defs: Schema) -> Schema:
    while "$ref" in schema:
        schema = defs[schema["$ref"].removeprefix("#/$defs/")]
    return schema


def _options(schema: Schema) -> Sequence[Schema]:
    """The alternatives of a union; none of what is not one."""
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": name} for name in schema["type"]]
    return schema.get("anyOf") or schema.get("oneOf") or ()


def _allowed(schema: Schema) -> Sequence[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _among(value: Any, allowed: Sequence[Any]) -> bool:
    """Membership with true and 1 told apart."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"
