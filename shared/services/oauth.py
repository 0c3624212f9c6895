"""How does a user connect an account elsewhere? Authorisation code with PKCE, in two calls of a signed-in client.

``authorize`` gives the address to send the user's browser to. The provider sends it back to the web client
(``OAUTH_REDIRECT_URI``) with a code and the state, and the client hands both to ``exchange``. The state is bound to
the user, used once, and holds for ten minutes; the verifier never leaves the server, so that a code that somebody
else got hold of is worth nothing (RFC 9700 section 2.1).
"""

import base64
import hashlib
import logging
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlencode

from shared import config
from shared.blocks.credentials import Kind
from shared.domain import errors
from shared.domain.errors import Retryable
from shared.domain.fields import Fields
from shared.domain.permissions import Caller
from shared.firestore import oauth_states
from shared.firestore.credentials import Stored
from shared.firestore.oauth_states import State
from shared.services import audit, bodies, credentials, oauth_providers, oauth_tokens, texts, vault
from shared.services.world import World

STATE_HOLDS = timedelta(minutes=10)
MAX_SCOPES = 100
MAX_TEXT = 4_096

_log = logging.getLogger(__name__)


async def authorize(world: World, caller: Caller, name: str, raw: Any) -> dict[str, Any]:
    """Begin: ``{authorization_url, state, expires_at}``. NotFound; InvalidArgument."""
    provider, client = oauth_providers.get(name)
    scopes, title = _wishes(raw)
    state, verifier = _random(world), _random(world)
    id_, redirect_uri = _id(state), config.settings().oauth_redirect_uri
    sealed = await vault.real().seal(caller.user_id, oauth_states.place(id_), verifier.encode())
    begun = State(
        id=id_,
        user_id=caller.user_id,
        provider=name,
        scopes=scopes,
        title=title or name,
        redirect_uri=redirect_uri,
        sealed=sealed.document(),
        expires_at=world.now() + STATE_HOLDS,
    )
    await oauth_states.create(begun)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        **provider.parameters,
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        **({"scope": provider.scope_separator.join(scopes)} if scopes else {}),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = f"{provider.authorize_url}?{urlencode(query)}"
    return {"authorization_url": url, "state": state, "expires_at": begun.expires_at}


async def exchange(world: World, caller: Caller, raw: Any, id_: str) -> dict[str, Any]:
    """End: the credential. InvalidArgument: the state is not the caller's, used, or too old, or the provider refuses
    the code; BadGateway; GatewayTimeout."""
    state_text, code = _answer(raw)
    state = await oauth_states.take(_id(state_text), caller.user_id, world.now())
    if state is None:
        audit.suspect("oauth_state", "")
        raise errors.InvalidArgument(
            "There is no such OAuth flow of yours: it is another's, used already, or older than ten minutes. Begin "
            "anew.",
            reason="OAUTH_STATE_INVALID",
        )
    verifier = await vault.real().open(caller.user_id, oauth_states.place(state.id), vault.Sealed.of(state.sealed))
    try:
        tokens = await oauth_tokens.exchange(world, state.provider, code, verifier.decode(), state.redirect_uri)
    except oauth_tokens.Refused as refused:
        raise errors.InvalidArgument(
            f"{state.provider} refuses the code: {refused.code}. Begin anew.", reason="OAUTH_REFUSED"
        ) from refused
    except Retryable as error:
        kind = errors.GatewayTimeout if error.reason == "TIMEOUT" else errors.BadGateway
        raise kind(f"{state.provider} could not be asked: {error.message} Begin anew.") from error
    except errors.BlockError as error:
        raise errors.BadGateway(f"{state.provider} could not be asked: {error.message} Begin anew.") from error
    return await credentials.keep(
        caller,
        id_,
        state.provider,
        Kind.OAUTH2,
        tokens.secret,
        title=state.title,
        scopes=tokens.scopes if tokens.scopes is not None else tuple(state.scopes),
        expires_at=tokens.expires_at,
    )


async def delete(world: World, caller: Caller, credentials_id: str) -> None:
    """Forget a credential; one of oauth2 is given back to its provider too, as far as that answers. NotFound."""
    stored = await credentials.delete(caller, credentials_id)
    if stored.kind == Kind.OAUTH2:
        audit.note(revoked=await _revoked(world, stored))


async def _revoked(world: World, stored: Stored) -> bool:
    try:
        return await oauth_tokens.revoke(world, stored)
    except (errors.BlockError, errors.WeftlyError, TimeoutError) as error:
        _log.warning("the token of credentials %s was not revoked at %s: %s", stored.id, stored.provider, error)
        return False


def _wishes(raw: Any) -> tuple[list[str], str]:
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("scopes", "title"))
    scopes = body.get("scopes") or []
    if not isinstance(scopes, list) or len(cast(list[Any], scopes)) > MAX_SCOPES or not all(map(_is_scope, scopes)):
        fields.wrong("scopes", f"It must be a list of at most {MAX_SCOPES} scopes, each a word.")
        scopes = []
    title = texts.plain(fields.text(body, "title", most=credentials.MAX_TITLE))
    bodies.refuse(fields, "What the OAuth flow needs is")
    return list(dict.fromkeys(cast(list[str], scopes))), title


def _is_scope(scope: Any) -> bool:
    """RFC 6749 section 3.3."""
    return isinstance(scope, str) and 0 < len(scope) <= 300 and all("!" <= c <= "~" and c not in '"\\' for c in scope)


def _answer(raw: Any) -> tuple[str, str]:
    body, fields = bodies.read(raw), Fields()
    fields.only(body, ("state", "code"))
    state = fields.text(body, "state", least=1, most=MAX_TEXT)
    code = fields.text(body, "code", least=1, most=MAX_TEXT)
    bodies.refuse(fields, "What the OAuth flow needs is")
    return state, code


def _random(world: World) -> str:
    return base64.urlsafe_b64encode(world.random_bytes(32)).rstrip(b"=").decode()


def _id(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
