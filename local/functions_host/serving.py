"""How are the functions loaded and served? As functions-framework does it, but many of them in one process."""

import asyncio
import contextlib
import logging
import signal
import socket
import traceback
from collections.abc import Generator
from pathlib import Path

import functions_framework.aio
import uvicorn
from starlette.types import ASGIApp

from local import manifest
from local.functions_host.concurrency import Limited
from local.functions_host.dispatch import Dispatch

GRACE_SECONDS = 2
# Longer than the callers keep a connection, so that none is closed while a request is under way to it.
KEEP_ALIVE_SECONDS = 3600


class CannotLoadError(Exception):
    """A function cannot be served; the message names it, its file and the cause."""


def load_functions(manifest_path: Path, process: str = "") -> Dispatch:
    """Load the functions of the manifest that a process serves. CannotLoadError: the first that cannot be."""
    functions = manifest.load(manifest_path).of_process(process)
    return Dispatch({function.name: Limited(_load(function), function.concurrency) for function in functions})


def _load(function: manifest.Function) -> ASGIApp:
    try:
        return functions_framework.aio.create_asgi_app(function.entry_point, str(function.source), "http")
    except Exception as error:
        trace = traceback.format_exc()
        raise CannotLoadError(f"{trace}Function {function.name} ({function.source}): {error!r}") from error


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve until SIGTERM; what is under way then has two seconds to end."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    asyncio.run(_Server(config).serve(sockets=[listener]))


def _is_news(record: logging.LogRecord) -> bool:
    """Whether uvicorn says more than that the end has cut off a call: how many there were it says by itself, and
    each is made again after the next start."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)


class _Server(uvicorn.Server):
    """Ends on SIGTERM alone: on Ctrl-C the parent decides."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.handle_exit, signal.SIGTERM, None)
        yield
