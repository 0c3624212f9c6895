"""Has a document changed since the client read it? Etags, and what to do when a write loses."""

import hashlib

from shared.domain import errors

ATTEMPTS = 5
"""How often a change that lost against another is made again, when the client set no condition."""


def etag(fence: str) -> str:
    """The etag of a document with this update_time."""
    return hashlib.blake2b(fence.encode(), digest_size=8).hexdigest()


def check(expected: frozenset[str] | None, found: str, what: str) -> None:
    """EtagMismatch unless ``found`` is among the expected; None expects nothing."""
    if expected is None or found in expected:
        return
    if f'W/"{found}"' in expected:
        text = f'If-Match names a weak etag of {what}, which matches nothing; name the strong one, "{found}".'
    else:
        text = f"If-Match names another etag than that of {what}, {found}: it has changed; read it again."
    raise errors.EtagMismatch(text, metadata={"etag": found})


def contended(what: str) -> errors.Conflict:
    return errors.Conflict(
        f"Others keep changing {what} at the same time; try again.", reason="CONTENTION", retry_after=1
    )
