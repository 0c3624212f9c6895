"""How do clients that bring their own HTTP reach a host that a user chose? Through ``context.http``, as all do.

Imported only inside ``run``. One request, one whole answer: what streams is read to its end first.
"""

from typing import Any

import httpx2

from shared.blocks.block import Context
from shared.domain import errors

_HOP_BY_HOP = {"connection", "content-length", "host", "transfer-encoding", "accept-encoding"}


class Transport(httpx2.AsyncBaseTransport):
    """Hands requests to the guarded client, and its refusals back as failures to connect."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            answer = await self._context.http.request(
                request.method,
                str(request.url),
                headers=headers,
                content=await request.aread(),
                follow_redirects=False,
            )
        except errors.BlockError as error:
            raise httpx2.ConnectError(error.message, request=request) from error
        return httpx2.Response(
            answer.status_code, headers=list(answer.headers.items()), content=answer.content, request=request
        )


def refusal(error: BaseException | None) -> errors.BlockError | None:
    """What the guarded client said, where that is the cause of a client's error."""
    seen = 0
    while error is not None and not isinstance(error, errors.BlockError) and seen < 10:
        error, seen = error.__cause__, seen + 1
    return error if isinstance(error, errors.BlockError) else None


def client(context: Context, **options: Any) -> httpx2.AsyncClient:
    """A client that goes the guarded way."""
    return httpx2.AsyncClient(transport=Transport(context), trust_env=False, **options)
