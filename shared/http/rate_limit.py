"""Does this request come too soon after others? Asked of its address, its user, its API key, and of what it does.

address   every request that needs a caller, before anybody looks at its token
failed    tokens and keys of an address that did not hold: whoever guesses is slowed down, others are not
user      every request of a user, however they come
key       every request with one API key
execute   what makes blocks run: executions, retries, single blocks

Each has a setting; ``RATE_LIMIT_PER_MINUTE=0`` lifts all of them.
"""

import functools
import re

from starlette.requests import Request

from shared import clock, config
from shared.domain import errors
from shared.domain.permissions import Caller
from shared.domain.rate_limits import Decision
from shared.http import addresses, request
from shared.services.rate_limits import Limiter

_EXECUTES = re.compile(r".*/(executions|execute|retry)")


@functools.cache
def _limiter() -> Limiter:
    return Limiter()


async def check_address(http_request: Request) -> None:
    """TooManyRequests: too many from this address. For what needs a caller, and for what the public may call."""
    limit = config.settings().rate_limit_address_per_minute
    await _ask("address", addresses.client(http_request.scope), limit, "from your address", shown=False)


async def check_caller(http_request: Request, caller: Caller) -> None:
    """TooManyRequests: too many of this user, or with this key, or of this kind. The answer, whatever it is, carries
    RateLimit-Limit, -Remaining and -Reset (seconds)
    (https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-03), of the user's window."""
    settings = config.settings()
    await _ask("user", caller.user_id, settings.rate_limit_per_minute, "of yours", shown=True)
    if caller.key_id:
        limit = settings.rate_limit_key_per_minute
        await _ask("key", caller.key_id, limit, "with this API key", shown=False)
    if http_request.method == "POST" and _EXECUTES.fullmatch(http_request.url.path):
        limit = settings.rate_limit_execute_per_minute
        await _ask("execute", caller.user_id, limit, "of yours that run blocks", shown=False)


async def count_failed(http_request: Request) -> None:
    """A token or key that does not hold. TooManyRequests: too many such from this address."""
    limit = config.settings().rate_limit_failed_per_minute
    await _ask("failed", addresses.client(http_request.scope), limit, "that were refused", shown=False)


async def _ask(kind: str, subject: str, limit: int, whose: str, *, shown: bool) -> None:
    if config.settings().rate_limit_per_minute == 0 or limit == 0:
        return
    decision = await _limiter().ask(kind, subject, limit, clock.now())
    if shown or not decision.allowed:
        _show(decision)
    if not decision.allowed:
        raise errors.TooManyRequests(
            f"More than {limit} requests {whose} within a minute; wait {decision.reset} s and try again.",
            metadata={"limit": str(limit), "kind": kind},
            retry_after=decision.seconds,
        )


def _show(decision: Decision) -> None:
    request.context().headers.update(
        {
            "RateLimit-Limit": str(decision.limit),
            "RateLimit-Remaining": str(decision.remaining),
            "RateLimit-Reset": str(decision.reset),
        }
    )
