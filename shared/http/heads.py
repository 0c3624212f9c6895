"""What is HEAD? GET without the body (https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2), of every route."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Has the app serve HEAD as GET, and keeps the body back. What would go on without end, ends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self._app(scope, receive, send)
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.body":
                if ended:
                    return
                ended = True
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return await self._app({**scope, "method": "GET"}, receive, without_body)
