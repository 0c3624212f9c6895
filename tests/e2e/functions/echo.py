"""A function that says what it sees."""

import os

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


@functions_framework.aio.http
async def echo(request: Request) -> Response:
    if request.url.path == "/echo/pid":
        return JSONResponse({"pid": os.getpid()})
    if request.url.path == "/echo/environment":
        return JSONResponse(dict(os.environ))
    return JSONResponse({"path": request.url.path, "length": len(await request.body())})
