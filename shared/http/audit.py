"""Does this request go on record? Every change does, and every refusal that is a sign of abuse: a token or key that
does not hold, a permission that is missing, too many requests, another's resource.

It is asked of each route by its path, so that no new route is left out: ``DELETE /graphs/{graph_id}`` is
``graph.delete``, ``POST /executions/{execution_id}/cancel`` is ``execution.cancel``.
"""

from collections.abc import Awaitable, Callable, Mapping

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.domain.errors import WeftlyError
from shared.http import addresses, paths, request
from shared.services import audit

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HARMLESS = frozenset({"validate", "estimate", "user"})
"""Last words of paths that take a POST and change nothing, or note what they change themselves."""
RECORDED = frozenset({"/api/v1/me/export"})
"""Reads that go on record as changes do: whoever has got hold of a session takes everything along there."""
VERBS = {"POST": "create", "PUT": "replace", "PATCH": "update", "DELETE": "delete", "GET": "read"}
ABUSE = frozenset({401, 403, 429})
MAX_FIELDS = 50
ADMIN = "/api/v1/admin/"


async def observed(http_request: Request, path: str, work: Callable[[], Awaitable[Response]]) -> Response:
    """The answer of ``work``, put on record where that is due."""
    record = _record(http_request, path)
    changes = path in RECORDED or (http_request.method in WRITES and path.rsplit("/", 1)[-1] not in HARMLESS)
    token = audit.current.set(record)
    try:
        if changes:
            audit.begin(record)
        answer = await work()
        _complete(record)
        if changes and "idempotent-replayed" not in answer.headers:
            await audit.changed(record, "ok")
        return answer
    except WeftlyError as error:
        _complete(record)
        await _refused(record, error, changes)
        raise
    except (RequestValidationError, HTTPException):
        raise
    except Exception:
        _complete(record)
        if changes:
            await audit.changed(record, "failed")
        raise
    finally:
        audit.current.reset(token)


async def _refused(record: audit.Record, error: WeftlyError, changes: bool) -> None:
    for resource_type, resource_id in record.suspicions:
        record.resource_type, record.resource_id = resource_type, resource_id
        await audit.abused(record, "NOT_OWNER")
    if error.code in ABUSE and error.reason != "NO_TOKEN":
        await audit.abused(record, error.reason)
    elif changes and error.code >= 500:
        await audit.changed(record, "failed")


def _record(http_request: Request, path: str) -> audit.Record:
    type_, verb, id_ = named(http_request.method, path, http_request.path_params)
    if not paths.is_id(id_) and not path.startswith(ADMIN):
        id_ = ""  # it may be a secret, put where an id belongs
    return audit.Record(
        action=f"{type_}.{verb}",
        resource_type=type_,
        resource_id=id_,
        ip_address=addresses.client(http_request.scope),
        user_agent=http_request.headers.get("user-agent", ""),
    )


def _complete(record: audit.Record) -> None:
    """What has become known of the request since."""
    context = request.context()
    record.user_id = context.user_id
    record.resource_id = record.resource_id or context.resource_id
    if context.key_id:
        record.details["key_id"] = context.key_id
    if context.body_fields:
        record.details["fields"] = list(context.body_fields[:MAX_FIELDS])


def named(method: str, path: str, parameters: Mapping[str, str]) -> tuple[str, str, str]:
    """Type of the resource, what is done to it, and its id where the path has it."""
    steps = [step for step in path.removeprefix("/api/v1").split("/") if step]
    nouns = [step for step in steps if not step.startswith("{")]
    last_is_id = bool(steps) and steps[-1].startswith("{")
    ids = [step for step in steps if step.startswith("{")]
    id_ = str(parameters.get(ids[-1].strip("{}"), "")) if ids else ""
    if method == "POST" and not last_is_id and len(nouns) > 1 and not nouns[-1].endswith("s"):
        return _singular(nouns[-2]), nouns[-1].replace("-", "_"), id_
    if not last_is_id and method == "POST":
        id_ = ""
    return _singular(nouns[-1]) if nouns else "", VERBS.get(method, method.lower()), id_


def _singular(noun: str) -> str:
    one = f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")
    return one.replace("-", "_")
