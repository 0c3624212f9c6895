"""Routes of the caller's API keys."""

from starlette.responses import Response

from shared.http import auth, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import api_keys

shapes = Shapes("functions.routers.shapes")
router = routing.router(tags=["api_keys"])

SHOWN_ONCE = ("key",)


@router.post(
    "/me/api-keys",
    summary="Create an API key",
    response_model=shapes.NewApiKey,
    openapi_extra=routing.body(shapes.ApiKeyBody),
)
async def create_api_key(caller: auth.SignedIn, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """A key for ``X-API-Key``, that may do what its scopes name, as far as its owner may. It is shown this once."""
    return await once.resource(
        caller.user_id, lambda new_id: api_keys.create(caller, body, new_id), shown_once=SHOWN_ONCE
    )


@router.get("/me/api-keys", summary="List the caller's API keys", response_model=shapes.ApiKeyList)
async def list_api_keys(caller: auth.SignedIn, page: pagination.Asked) -> Response:
    """The caller's keys, newest first, without their secrets."""
    own = pagination.Listing(pagination.BY_TIME, "api_keys", caller.user_id)
    return await page.listed(own, lambda size, cursor: api_keys.page(caller, cursor, size))


@router.get("/me/api-keys/{key_id}", summary="Read an API key", response_model=shapes.ApiKey)
async def get_api_key(key_id: str, caller: auth.SignedIn) -> Response:
    """One key, without its secret."""
    return JsonAnswer(api_keys.resource(await api_keys.get(caller, key_id)))


@router.post(
    "/me/api-keys/{key_id}/rotate",
    summary="Give an API key another secret",
    response_model=shapes.NewApiKey,
    openapi_extra=routing.body(shapes.ApiKeyRotation),
)
async def rotate_api_key(
    key_id: str, caller: auth.SignedIn, body: routing.AnyBody, once: idempotency.Once
) -> Response:
    """The key with another secret, shown this once. The one before holds for ``grace_seconds`` more."""
    return await once.resource(caller.user_id, lambda _: api_keys.rotate(caller, key_id, body), shown_once=SHOWN_ONCE)


@router.delete("/me/api-keys/{key_id}", summary="Revoke an API key", response_model=models.Empty)
async def revoke_api_key(key_id: str, caller: auth.SignedIn) -> Response:
    """The key is refused within a minute, everywhere."""
    await api_keys.revoke(caller, key_id)
    return JsonAnswer({})
