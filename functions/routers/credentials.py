"""Routes of credentials: what blocks may use in the caller's name elsewhere."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from shared.http import answers, auth, etags, idempotency, models, pagination, routing
from shared.http.answers import JsonAnswer
from shared.http.shapes import Shapes
from shared.services import credentials, oauth, oauth_providers, world

shapes = Shapes("functions.routers.credential_shapes")
router = routing.router(tags=["credentials"])

Provider = Annotated[str | None, Query(min_length=1, max_length=64, description="Only those for this provider.")]


@router.post(
    "/credentials",
    summary="Create credentials",
    response_model=shapes.Credentials,
    openapi_extra=routing.body(shapes.CredentialsBody),
)
async def create_credentials(caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """Keep an api_key, user_password or host_scoped credential. Its secret is never shown again."""
    return await once.resource(caller.user_id, lambda new_id: credentials.create(caller, body, new_id))


@router.get("/credentials", summary="List credentials", response_model=shapes.CredentialsList)
async def list_credentials(caller: auth.Reader, page: pagination.Asked, provider: Provider = None) -> Response:
    """The caller's credentials, newest first, without their secrets."""
    own = pagination.Listing(pagination.BY_TIME, "credentials", caller.user_id, provider or "")
    return await page.listed(own, lambda size, cursor: credentials.page(caller, provider, size, cursor))


@router.get("/credentials/oauth2", summary="List the OAuth providers", response_model=shapes.ProviderList)
async def list_providers(caller: auth.Reader) -> Response:
    """The providers that a user can connect to here, on one page."""
    return JsonAnswer({"items": oauth_providers.listed(), "next_page_token": None})


@router.post(
    "/credentials/oauth2/{provider}/authorize",
    summary="Begin to connect an account",
    response_model=shapes.Authorization,
    openapi_extra=routing.body(shapes.AuthorizationBody),
)
async def authorize(provider: str, caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """Where to send the user's browser. It comes back to the web client with a code and the state. A repetition with
    its Idempotency-Key tells the same, as long as the flow is not over; the answer itself is not kept."""

    async def make(new_id: str) -> Response:
        return JsonAnswer(await oauth.authorize(world.real(), caller, provider, body, new_id))

    return await once(caller.user_id, make, kept=False)


@router.post(
    "/credentials/oauth2/exchange",
    summary="Finish to connect an account",
    response_model=shapes.Credentials,
    openapi_extra=routing.body(shapes.ExchangeBody),
)
async def exchange(caller: auth.Creator, body: routing.AnyBody, once: idempotency.Once) -> Response:
    """The oauth2 credential, for the code and the state that came back. A state is used once, by who began."""
    return await once.resource(caller.user_id, lambda new_id: oauth.exchange(world.real(), caller, body, new_id))


@router.get("/credentials/{credentials_id}", summary="Read credentials", response_model=shapes.Credentials)
async def get_credentials(credentials_id: str, caller: auth.Reader) -> Response:
    """One credential, without its secret."""
    return answers.resource(credentials.resource(await credentials.get(caller, credentials_id)))


@router.patch(
    "/credentials/{credentials_id}",
    summary="Change credentials",
    response_model=shapes.Credentials,
    openapi_extra=routing.body(shapes.CredentialsChange),
)
async def update_credentials(
    credentials_id: str, caller: auth.Updater, body: routing.AnyBody, if_match: etags.IfMatch = None
) -> Response:
    """Change the title or the expiry, or replace the secret, whole."""
    return answers.resource(await credentials.update(caller, credentials_id, body, etags.expected(if_match)))


@router.delete("/credentials/{credentials_id}", summary="Delete credentials", response_model=models.Empty)
async def delete_credentials(credentials_id: str, caller: auth.Deleter) -> Response:
    """Forget a credential. One of oauth2 is revoked at its provider too, as far as that answers."""
    await oauth.delete(world.real(), caller, credentials_id)
    return JsonAnswer({})
