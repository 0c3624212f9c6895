"""How does a route read its body? Strictly, by ``json_text``, and without asking for a content type.

Routers of all functions are made by ``router``.
"""

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path, get_name
from starlette.types import Scope

from shared.domain.errors import Violation
from shared.domain.fields import Fields
from shared.http import audit, errors, json_text, shapes
from shared.http import request as request_context
from shared.http.answers import JsonAnswer
from shared.http.models import ErrorAnswer
from shared.http.shapes import Shape

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorAnswer, "description": "The request is not valid: every violation, with its field."},
    401: {"model": ErrorAnswer, "description": "No token, or one that does not hold."},
    403: {"model": ErrorAnswer, "description": "The caller lacks a permission, which the message names."},
    404: {"model": ErrorAnswer, "description": "There is none, or it is not the caller's."},
    429: {"model": ErrorAnswer, "description": "Too many requests; Retry-After says when to come again."},
    "default": {"model": ErrorAnswer, "description": "Any other error, in the form of AIP-193."},
}


_BODY = "body_model"
_WHOLE: tuple[Any, ...] = (int, int | None)
_DIGIT, _DIGITS = re.compile(r"\d"), re.compile(r"-?[0-9]+")


class StrictRoute(APIRoute):
    """A route whose body is parsed before FastAPI would: malformed JSON is our own error, and any content
    type will do. A query parameter that the route does not know is refused: what is misspelt must not be lost.

    Answers are made whole by the routes. Their models only document them, and FastAPI would build validators of all
    of them whenever a function starts; so they are kept for ``documented``. What FastAPI makes of the parameters is
    made when the route is first asked: an instance may have eighty routes, and see requests for three of them."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._options: dict[str, Any] = dict(options)
        self._is_whole = False
        self.path, self.endpoint, self.name = path, endpoint, get_name(endpoint)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = {method.upper() for method in options.get("methods") or ["GET"]}

    def __getattr__(self, name: str) -> Any:
        """What is not there yet: all that a route is beside what finds it."""
        if self._is_whole:
            raise AttributeError(name)
        self._is_whole = True
        undocumented: dict[str, Any] = {"response_model": None, "responses": None, "openapi_extra": None}
        super().__init__(self.path, self.endpoint, **{**self._options, **undocumented})
        return getattr(self, name)

    def documented(self) -> APIRoute:
        """The same route with all that its document says."""
        extra = dict(self._options.get("openapi_extra") or {})
        if model := extra.pop(_BODY, None):
            schema = shapes.read(model).model_json_schema(ref_template="#/components/schemas/{model}")
            extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        named = {key: shapes.read(value) for key, value in self._options.items()}
        options: dict[str, Any] = {**named, "openapi_extra": extra or None}
        if options.get("response_class") is JsonAnswer:
            del options["response_class"]  # it says nothing of its media type, which the default does
        return APIRoute(self.path, self.endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = _query(self.dependant)

        async def strict(request: Request) -> Response:
            async def work() -> Response:
                _check_query(request, known)
                return await handle(await _parsed(request) if self.body_field else request)

            return await audit.observed(request, self.path, work)

        return strict


def _query(dependant: Dependant) -> dict[str, bool]:
    """Query parameters of a route, and of all that it depends on, and whether each is a whole number."""
    own = {one.alias: one.field_info.annotation in _WHOLE for one in dependant.query_params}
    return own | {name: one for needed in dependant.dependencies for name, one in _query(needed).items()}


def _check_query(request: Request, known: Mapping[str, bool]) -> None:
    """Each known and given once, so that none is lost; a whole number in digits, of which pydantic takes more
    spellings (https://docs.pydantic.dev/latest/concepts/conversion_table/): ``1_0``, ``+5``. What pydantic takes in
    no spelling it names itself, together with what is wrong with the body."""
    given = request.query_params
    fields = Fields()
    fields.only(dict(given), known)
    violations = [
        Violation(one.field, one.description.replace("field", "query parameter", 1)) for one in fields.violations
    ]
    for name, is_whole in known.items():
        if len(texts := given.getlist(name)) > 1:
            violations.append(Violation(name, "It is given more than once."))
        elif is_whole and texts and _DIGIT.search(texts[0]) and not _DIGITS.fullmatch(texts[0]):
            violations.append(Violation(name, "It must be a whole number."))
    if violations:
        raise errors.invalid(violations)


async def _parsed(request: Request) -> Request:
    body = await request.body()
    if not body:
        return request
    value = _loaded(body)
    kept = [(name, text) for name, text in request.scope["headers"] if name != b"content-type"]
    scope = {**request.scope, "headers": [*kept, (b"content-type", b"application/json")]}
    return _Parsed(scope, body, value)


class _Parsed(Request):
    """A request whose body has been read and parsed."""

    def __init__(self, scope: Scope, body: bytes, value: Any) -> None:
        super().__init__(scope)
        self._text = body
        self._value = value

    async def body(self) -> bytes:
        return self._text

    async def json(self) -> Any:
        return self._value


async def _json_body(request: Request) -> Any:
    body = await request.body()
    if not body:
        raise errors.invalid([Violation("body", "It is missing; send JSON.")])
    return _loaded(body)


def _loaded(body: bytes) -> Any:
    """The value, and the names in it noted for the audit log."""
    value = json_text.loads(body)
    if isinstance(value, Mapping):
        names = list(cast(Mapping[str, Any], value))[: audit.MAX_FIELDS]
        request_context.context().body_fields = sorted(name[:100] for name in names)
    return value


AnyBody = Annotated[Any, Depends(_json_body)]
"""A body that the service checks, to name every violation at once; ``body`` documents it."""


def body(model: type[BaseModel] | Shape) -> dict[str, Any]:
    """``openapi_extra`` of a route with ``AnyBody``: what the body should be."""
    return {_BODY: model}


def router(*, prefix: str = "/api/v1", tags: list[str] | None = None) -> APIRouter:
    """A router for one resource, with the errors that any of its routes may give."""
    return APIRouter(
        prefix=prefix,
        tags=list(tags or []),
        route_class=StrictRoute,
        responses=ERRORS,
        default_response_class=JsonAnswer,
    )
