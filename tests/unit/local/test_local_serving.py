"""Clients may keep their connections as long as they do in front of Google."""

import asyncio
from typing import Any

import httpx
from starlette.responses import Response

from local import serving


async def test_a_connection_outlives_the_patience_of_clients() -> None:
    server = serving.HttpServer(Response("here"))
    port = await server.start(0)
    loop, later = asyncio.get_running_loop(), list[float]()
    real = loop.call_later

    def noted(delay: float, call: Any, *args: Any, **context: Any) -> asyncio.TimerHandle:
        later.append(delay)
        return real(delay, call, *args, **context)

    loop.call_later = noted  # pyright: ignore[reportAttributeAccessIssue]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        assert (await http.get("/")).text == "here"
        kept = httpx.Limits().keepalive_expiry
    await server.stop()
    assert kept is not None
    assert serving.KEEP_ALIVE_SECONDS in later
    assert kept < serving.KEEP_ALIVE_SECONDS
