"""How does this process reach Firestore? One client for each event loop, made on first use.

Where the emulator variable is set, the client itself needs neither credentials nor encryption.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from google.api_core import exceptions
from google.cloud.firestore_v1 import AsyncClient

from shared import config
from shared.domain import errors

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient] = WeakKeyDictionary()

_OUT_OF_REACH = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.Aborted,
    exceptions.RetryError,
    TimeoutError,
)

DEADLINE_SECONDS = 20.0
"""The client itself tries for a minute, which is all that a function has to answer in."""


def client() -> AsyncClient:
    """The client of the running loop."""
    loop = asyncio.get_running_loop()
    found = _clients.get(loop)
    if found is None:
        settings = config.settings()
        found = AsyncClient(project=settings.google_cloud_project, database=settings.firestore_database)
        _clients[loop] = found
    return found


def operation(
    call: Callable[_Arguments, Awaitable[_Answer]],
) -> Callable[_Arguments, Awaitable[_Answer]]:
    """Decorates a named operation: what Firestore cannot do now is ``Unavailable``, for the caller to repeat."""

    @functools.wraps(call)
    async def wrapped(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await call(*args, **kwargs)
        except _OUT_OF_REACH as error:
            raise errors.Unavailable(
                f"The database did not answer ({type(error).__name__}); try again.", retry_after=1
            ) from error

    return wrapped


@operation
async def check(seconds: float) -> None:
    """One small read; Unavailable when it fails or takes longer."""
    reference = client().collection("health").document("check")
    try:
        await asyncio.wait_for(reference.get(retry=None, timeout=seconds), seconds)
    except TimeoutError as error:
        raise errors.Unavailable(f"The database did not answer within {seconds} s.") from error
