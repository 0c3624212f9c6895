"""Are these credentials the user's, and do they suit what a block needs?"""

import logging
import re
from datetime import datetime

from shared.blocks.credentials import Kind, Need
from shared.domain.errors import BlockError
from shared.firestore import credentials
from shared.firestore.credentials import Stored

_ID = re.compile(r"[0-9a-z]{26}")

_log = logging.getLogger(__name__)


async def check(user_id: str, need: Need, credentials_id: str, now: datetime) -> Stored:
    """The credential, which is the user's and suits the need. BlockError."""
    stored = await credentials.documents.find(credentials_id) if _ID.fullmatch(credentials_id) else None
    if stored is None or stored.user_id != user_id:
        if stored is not None:
            _log.warning("an execution of user %s names credentials of another: %s", user_id, credentials_id)
        raise BlockError(
            f"There are no credentials {_shown(credentials_id)} of yours; who runs an agent brings their own.",
            reason="CREDENTIALS_NOT_FOUND",
        )
    if (why := _unsuitable(need, stored)) is not None:
        raise BlockError(f"The credentials {stored.id} do not suit: {why}.", reason="CREDENTIALS_UNSUITABLE")
    if stored.kind != Kind.OAUTH2 and stored.expires_at is not None and stored.expires_at <= now:
        raise BlockError(
            f"The credentials {stored.id} expired at {stored.expires_at:%Y-%m-%d %H:%M} UTC; replace their secret.",
            reason="CREDENTIALS_EXPIRED",
        )
    return stored


def _unsuitable(need: Need, stored: Stored) -> str | None:
    if stored.provider != need.provider:
        return f"they are for {stored.provider}, and this needs {need.provider}"
    if stored.kind not in need.kinds:
        return f"they are of the kind {stored.kind}, and this needs {' or '.join(need.kinds)}"
    missing = sorted(set(need.scopes) - set(stored.scopes)) if stored.kind == Kind.OAUTH2 else []
    if missing:
        return f"the scopes {', '.join(missing)} are missing"
    if stored.kind == Kind.HOST_SCOPED and need.hosts and not _meet(stored.host, need.hosts):
        return f"they are for {stored.host}, and this asks {', '.join(need.hosts)}"
    return None


def _meet(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether there is a host that both name; the block sends the headers to no other."""
    return any(covers(host, one) or covers(one, host) for one in hosts)


def covers(pattern: str, host: str) -> bool:
    """Whether a host, or every host that another pattern stands for, is one of ``pattern``."""
    if pattern.startswith("*."):
        return host.removeprefix("*").endswith(pattern[1:]) or host == pattern
    return host == pattern


def _shown(given: str) -> str:
    """An id as a message may repeat it: what is none may be a secret, put where its id belongs."""
    return given if _ID.fullmatch(given) else "of this id"
