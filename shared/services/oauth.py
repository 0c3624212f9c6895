"""How does a user connect an account elsewhere? Authorisation code with PKCE, in two calls of a signed-in client.

``authorize`` gives the address to send the user's browser to. The provider sends it back to the web client
(``OAUTH_REDIRECT_URI``) with a code and the state, and the client hands both to ``exchange``. The state is bound to
the user, used once, and holds for ten minutes; the verifier never leaves the server, so that a code that somebody
else got hold of is worth nothing (RFC 9700 section 2.1).
"""

import base64
import hashlib
import hmac
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
from shared.firestore import graphs, oauth_states
from shared.firestore.credentials import Stored
from shared.firestore.oauth_states import State
from shared.services import audit, bodies, credentials, oauth_providers, oauth_tokens, texts, vault
from shared.services.world import World

STATE_HOLDS = timedelta(minutes=10)
MAX_SCOPES = 100
MAX_TEXT = 4_096

_log = logging.getLogger(__name__)


async def authorize(world: World, caller: Caller, name: str, raw: Any, id_: str) -> dict[str, Any]:
    """Begin: ``{id, authorization_url, state, expires_at}``. A flow of the caller's that has begun under this id and
    is not over is told again. NotFound; InvalidArgument."""
    provider, client = oauth_providers.get(name)
    scopes, title = _wishes(raw)
    begun = await oauth_states.find(id_)
    if begun is None or begun.user_id != caller.user_id or begun.expires_at <= world.now():
        sealed = await vault.real().seal(caller.user_id, oauth_states.place(id_), _secrets(world))
        begun = State(
            id=id_,
            user_id=caller.user_id,
            provider=name,
            scopes=scopes,
            title=title or name,
            redirect_uri=config.settings().oauth_redirect_uri,
            sealed=sealed.document(),
            expires_at=world.now() + STATE_HOLDS,
        )
        await oauth_states.put(begun)
    state, verifier = await _opened(begun)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        **provider.parameters,
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": begun.redirect_uri,
        **({"scope": provider.scope_separator.join(begun.scopes)} if begun.scopes else {}),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = f"{provider.authorize_url}?{urlencode(query)}"
    return {"id": id_, "authorization_url": url, "state": state, "expires_at": begun.expires_at}


async def exchange(world: World, caller: Caller, raw: Any, id_: str) -> dict[str, Any]:
    """End: the credential. InvalidArgument: the state is not the caller's, used, or too old, or the provider refuses
    the code; BadGateway; GatewayTimeout."""
    state_text, code = _answer(raw)
    id_of_state = state_text.partition(".")[0]
    state = await oauth_states.take(id_of_state, caller.user_id, world.now()) if graphs.is_id(id_of_state) else None
    expected, verifier = await _opened(state) if state is not None else ("", "")
    if state is None or not hmac.compare_digest(expected.encode(), state_text.encode("utf-8", "surrogatepass")):
        audit.suspect("oauth_state", "")
        raise errors.InvalidArgument(
            "There is no such OAuth flow of yours: it is another's, used already, or older than ten minutes. Begin "
            "anew.",
            reason="OAUTH_STATE_INVALID",
        )
    try:
        tokens = await oauth_tokens.exchange(world, state.provider, code, verifier, state.redirect_uri)
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


def _secrets(world: World) -> bytes:
    """The secret part of a state, and a verifier."""
    made = (base64.urlsafe_b64encode(world.random_bytes(32)).rstrip(b"=") for _ in range(2))
    return b" ".join(made)


async def _opened(flow: State) -> tuple[str, str]:
    """The state and the verifier of a flow."""
    opened = await vault.real().open(flow.user_id, oauth_states.place(flow.id), vault.Sealed.of(flow.sealed))
    secret, verifier = opened.decode().split(" ")
    return f"{flow.id}.{secret}", verifier
