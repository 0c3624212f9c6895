"""A clamd that knows one virus: it speaks INSTREAM as the real one does, and looks into ZIP and gzip archives.

https://docs.clamav.net/manual/Usage/ClamdProtocol.html; held against the real one by ``test_scan_by_clamd.py``.
"""

import asyncio
import contextlib
import gzip
import io
import struct
import sys
import zipfile
import zlib

from served import ROOT

sys.path.append(str(ROOT / "tests" / "unit" / "inspection"))

import makers as make
from makers import EICAR

__all__ = ["EICAR", "NAME", "Clamd", "make"]

NAME = "Eicar-Test-Signature"


class Clamd:
    """``limit``: StreamMaxLength. ``says``: what it answers to everything, instead of a verdict."""

    def __init__(self) -> None:
        self.limit = 25_000_000
        self.says: bytes | None = None
        self.scanned = 0
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            writer.write(await self._answer(reader) + b"\0")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        command = await reader.readuntil(b"\0")
        if command != b"zINSTREAM\0":
            return b"UNKNOWN COMMAND"
        data = b""
        while size := struct.unpack(">I", await reader.readexactly(4))[0]:
            if len(data) + size > self.limit:
                return b"INSTREAM size limit exceeded. ERROR"
            data += await reader.readexactly(size)
        self.scanned += 1
        if self.says is not None:
            return self.says
        return f"stream: {NAME} FOUND".encode() if _infected(data) else b"stream: OK"


def _infected(data: bytes) -> bool:
    if data.startswith(EICAR):
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(_infected(archive.read(name)) for name in archive.namelist())
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        pass
    try:
        return _infected(gzip.decompress(data))
    except (OSError, EOFError, zlib.error):
        return False
