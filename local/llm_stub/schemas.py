"""Which JSON value fits a JSON schema, made from a text?

Texts go into strings, the text's numbers into numbers, and an enum's value that the text names is taken. What
decides is the subset of JSON schema that OpenAI's structured outputs allow
(https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
"""

import re
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 12
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "stub@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/stub",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def instance(schema: Any, text: str) -> Any:
    """A value that ``schema`` allows."""
    return _Filler(schema, text).value(schema, 0)


class _Filler:
    def __init__(self, root: Any, text: str) -> None:
        self._root = root
        self._text = text

    def value(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
            return self._text if schema is True else None
        if "$ref" in schema:
            return self.value(self._resolved(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._named(schema["enum"])
        for combined in ("anyOf", "oneOf", "allOf"):
            if schema.get(combined):
                return self._combined(schema, combined, depth)
        return self._typed(schema, depth)

    def _resolved(self, reference: str) -> Any:
        found = self._root
        for part in reference.lstrip("#/").split("/") if reference != "#" else ():
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        return found

    def _named(self, values: list[Any]) -> Any:
        """The value the text speaks of, or the first."""
        lowered = self._text.lower()
        return next((v for v in values if isinstance(v, str) and v and v.lower() in lowered), values[0])

    def _combined(self, schema: Mapping[str, Any], keyword: str, depth: int) -> Any:
        branches = schema[keyword]
        if keyword == "allOf":
            merged = {**schema, "properties": {**schema.get("properties", {})}}
            del merged["allOf"]
            for branch in branches:
                branch = self._resolved(branch["$ref"]) if "$ref" in branch else branch
                merged = {**merged, **branch, "properties": {**merged["properties"], **branch.get("properties", {})}}
            return self.value(merged, depth + 1)
        nullable = [b for b in branches if isinstance(b, Mapping) and b.get("type") == "null"]
        if nullable and depth > MAX_DEPTH // 2:
            return None
        return self.value(next((b for b in branches if b not in nullable), branches[0]), depth + 1)

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), "null")
        match kind:
            case "object":
                return {k: self.value(v, depth + 1) for k, v in (schema.get("properties") or {}).items()}
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._string(schema)
            case "integer" | "number":
                return self._number(schema, kind == "integer")
            case "boolean":
                return schema.get("default", True)
            case _:
                return None

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        count = max(int(schema.get("minItems", 0)), 1 if depth < MAX_DEPTH // 2 else 0)
        count = min(count, int(schema.get("maxItems", count)))
        prefix = schema.get("prefixItems") or []
        items = [self.value(each, depth + 1) for each in prefix]
        return items + [self.value(schema.get("items", {}), depth + 1) for _ in range(count - len(items))]

    def _string(self, schema: Mapping[str, Any]) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = self._text[: int(schema.get("maxLength", 10_000))]
        return text.ljust(int(schema.get("minLength", 0)), ".")

    def _number(self, schema: Mapping[str, Any], whole: bool) -> float | int:
        found = _NUMBER.search(self._text)
        number = float(found.group()) if found else float(schema.get("default", 0))
        step = schema.get("multipleOf") or (1 if whole else None)
        lowest, highest = schema.get("minimum"), schema.get("maximum")
        if "exclusiveMinimum" in schema:
            lowest = schema["exclusiveMinimum"] + (step or 0.5)
        if "exclusiveMaximum" in schema:
            highest = schema["exclusiveMaximum"] - (step or 0.5)
        number = max(number, lowest) if lowest is not None else number
        number = min(number, highest) if highest is not None else number
        if step:
            number = -(-number // step) * step if lowest is not None and number == lowest else number // step * step
        return int(number) if whole else number
