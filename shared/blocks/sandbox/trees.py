"""What is in a JSON tree, by a JSONPath or a JSON Schema, and which tree does YAML describe? Called through
``isolated``: paths and schemas carry patterns, and YAML may write much in few characters."""

import itertools
import json
from typing import Any, cast

from shared.domain import errors

MAX_FOUND = 100_000
MAX_PROBLEMS = 100


def json_path(content: bytes, *, path: str) -> list[dict[str, Any]]:
    """``[{value, path}]`` of what a JSONPath (RFC 9535) finds. BlockError, reason ``QUERY_INVALID``."""
    import jsonpath

    try:
        found = jsonpath.finditer(path, json.loads(content))
        return [{"value": one.obj, "path": one.path} for one in itertools.islice(found, MAX_FOUND)]
    except jsonpath.JSONPathError as error:
        said = str(error).partition("\n")[0]
        raise errors.BlockError(f"{path[:200]!r} cannot be answered: {said}", reason="QUERY_INVALID") from error


def problems(content: bytes, *, schema: Any) -> list[dict[str, str]]:
    """``[{path, message}]``: what a JSON Schema (2020-12, or what its ``$schema`` says) does not admit. Nothing is
    fetched: a reference leads within the schema. BlockError, reason ``SCHEMA_INVALID``."""
    import jsonschema
    import referencing
    import referencing.exceptions
    from jsonschema import validators

    try:
        kind: Any = validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        kind.check_schema(schema)
        checker = kind(schema, registry=referencing.Registry(), format_checker=kind.FORMAT_CHECKER)
        found = itertools.islice(checker.iter_errors(json.loads(content)), MAX_PROBLEMS)
        return [{"path": one.json_path, "message": one.message[:500]} for one in found]
    except (jsonschema.SchemaError, referencing.exceptions.Unresolvable, TypeError, AttributeError) as error:
        raise errors.BlockError(
            f"The schema is no JSON Schema: {str(error).partition(chr(10))[0][:300]}", reason="SCHEMA_INVALID"
        ) from error


def yaml(content: bytes) -> Any:
    """The documents in a text of YAML, of plain types alone. BlockError, reason ``TEXT_INVALID``."""
    import yaml as library

    loader: Any = getattr(library, "CSafeLoader", library.SafeLoader)
    try:
        return [_plain(one) for one in library.load_all(content.decode(), Loader=loader)]
    except (library.YAMLError, ValueError, TypeError, OverflowError) as error:
        said = " ".join(str(error).split())[:300]
        raise errors.BlockError(f"The text is not YAML: {said}", reason="TEXT_INVALID") from error


def _plain(value: Any) -> Any:
    """Dates as texts, every key a text."""
    if isinstance(value, dict):
        entries = cast(dict[Any, Any], value)
        return {key if isinstance(key, str) else json.dumps(_plain(key)): _plain(one) for key, one in entries.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in cast(list[Any], value)]
    if isinstance(value, bytes):
        raise ValueError("it holds binary data")
    return value if isinstance(value, str | int | float | None) else value.isoformat()
