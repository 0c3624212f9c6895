"""How does an error look on the wire? As AIP-193 says (https://google.aip.dev/193), always.

``{"error": {"code", "status", "message", "details"}}`` with the details ErrorInfo, BadRequest, RetryInfo and
RequestInfo in google.rpc JSON (https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto).
"""

import http
import math
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain import errors
from shared.domain.errors import Violation, WeftlyError
from shared.domain.fields import kind
from shared.http import request
from shared.http.answers import JsonAnswer

DOMAIN = "weftly"
MAX_VIOLATIONS = 1000
"""More are counted, not listed: an answer must not be larger than the body that it complains about."""
MAX_QUOTE = 200
"""Characters of a path or an id that an answer repeats."""
MAX_MESSAGE = 2_000

_TYPE = "type.googleapis.com/google.rpc."
_MEANT = {
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
"""Pydantic's type of a violation -> what it should be. Those of parsing are of a text: all that a query has."""


def answer(error: WeftlyError, headers: Mapping[str, str] | None = None) -> JsonAnswer:
    """The HTTP answer for an error, of the request being served."""
    return JsonAnswer(body(error), status_code=error.code, headers={**_headers(error), **(headers or {})})


def body(error: WeftlyError) -> dict[str, Any]:
    """The JSON body for an error."""
    details: list[dict[str, Any]] = [
        {
            "@type": _TYPE + "ErrorInfo",
            "reason": error.reason,
            "domain": DOMAIN,
            "metadata": {name: _cut(value, MAX_QUOTE) for name, value in error.metadata.items()},
        }
    ]
    if error.violations:
        details.append({"@type": _TYPE + "BadRequest", "fieldViolations": _violations(error.violations)})
    if error.retry_after is not None:
        details.append({"@type": _TYPE + "RetryInfo", "retryDelay": f"{error.retry_after:.3f}s"})
    details.append({"@type": _TYPE + "RequestInfo", "requestId": request.context().request_id})
    message = _cut(error.message, MAX_MESSAGE)
    return {"error": {"code": error.code, "status": error.status, "message": message, "details": details}}


def from_pydantic(found: Sequence[Mapping[str, Any]]) -> errors.InvalidArgument:
    """The error for what FastAPI and pydantic found wrong: every field, each with its place."""
    violations = [Violation(field_path(one["loc"]), _description(one)) for one in found]
    return invalid(violations)


def invalid(violations: Sequence[Violation]) -> errors.InvalidArgument:
    """The error for a request with these violations; its message names the first."""
    return errors.invalid("The request is not valid", violations)


def from_status(code: int, detail: str, path: str) -> WeftlyError:
    """The error for a status that the router or the framework gives."""
    shown = _cut(path, MAX_QUOTE)
    match code:
        case 404:
            return errors.NotFound(f"There is nothing at {shown}; /docs lists what there is.", reason="UNKNOWN_PATH")
        case 405:
            return errors.MethodNotAllowed(f"{shown} does not take this method; the Allow header says what it takes.")
        case _:
            kinds = {kind.code: kind for kind in WeftlyError.__subclasses__()}
            if code in kinds:
                return kinds[code](detail)
            return errors.InvalidArgument(detail) if code < 500 else errors.Internal(detail)


def field_path(location: Sequence[str | int]) -> str:
    """``("body", "links", 0, "sink_id")`` -> ``links[0].sink_id``."""
    steps = location[1:] if location and location[0] in ("body", "query", "path", "header") else location
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
    return path or "body"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _description(one: Mapping[str, Any]) -> str:
    """In the words of ``shared.domain.fields``; pydantic's own (https://docs.pydantic.dev/latest/errors/validation_errors/)
    only for what these have no words for."""
    said, context = str(one["type"]), one.get("ctx", {})
    if said in _MEANT:
        found = "" if said.endswith("_parsing") else f", not {kind(one.get('input'))}"
        return f"It must be {_MEANT[said]}{found}."
    match said:
        case "missing":
            return "It is missing."
        case "extra_forbidden":
            return "There is no such field; /docs shows those that there are."
        case "literal_error" | "enum":
            return f"It must be {context['expected']}."
        case "greater_than_equal":
            return f"It must be {context['ge']} at least."
        case "less_than_equal":
            return f"It must be {context['le']} at most."
        case _:
            message = str(one["msg"]).removeprefix("Value error, ")
            return message if message.endswith(".") else message + "."


def _violations(violations: Sequence[Violation]) -> list[dict[str, str]]:
    listed = [{"field": one.field, "description": one.description} for one in violations[:MAX_VIOLATIONS]]
    if (left := len(violations) - MAX_VIOLATIONS) > 0:
        listed.append({"field": "", "description": f"{left} more violations are not listed."})
    return listed


def _headers(error: WeftlyError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if error.code == http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return headers
