"""Which databases do the tests of SQL_QUERY talk to? PostgreSQL itself, where the machine has it; and a double that
speaks as much of MySQL's protocol (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html) as a query
needs.
"""

import asyncio
import os
import pwd
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HAS_POSTGRES = shutil.which("initdb") is not None and shutil.which("postgres") is not None


@contextmanager
def postgres(user: str, password: str) -> Iterator[int]:
    """A server of one's own on a free port. It does not run as root, so root hands it to nobody."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    owner = "nobody" if os.geteuid() == 0 else None
    secret = folder / "password"
    secret.write_text(password)
    if owner is not None:
        account = pwd.getpwnam(owner)
        for path in (folder, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = str(folder / "data")
    init = ["initdb", "-D", data, "-U", user, f"--pwfile={secret}", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8"]
    subprocess.run([*init, "--locale=C"], check=True, capture_output=True, user=owner, cwd=folder)
    run = ["postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F"]
    server = subprocess.Popen(
        run, user=owner, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        while "ready to accept connections" not in (line := server.stderr.readline()):
            assert line, "postgres ended"
        yield port
    finally:
        server.terminate()
        server.communicate(timeout=30)
        shutil.rmtree(folder)


class MySQL:
    """Knows one user and answers what it was told to: rows as texts, a number of changed rows, or an error."""

    def __init__(self, answers: dict[str, Any], *, denies: bool = False) -> None:
        self.queries: list[str] = []
        self._answers = answers
        self._denies = denies

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
            capabilities = 0x00088208  # protocol 4.1, secure connection, plugin auth, with a database
            greeting = b"\x0a8.4.0\0" + struct.pack("<I", 1) + b"12345678\0"
            greeting += struct.pack("<HBHH", capabilities & 0xFFFF, 45, 2, capabilities >> 16)
            greeting += b"\x15" + b"\0" * 10 + b"123456789012\0" + b"mysql_native_password\0"
            self._send(writer, 0, greeting)
            await self._read(reader)
            if self._denies:
                self._send(writer, 2, error(1045, "28000", "Access denied for user 'ann'"))
                return
            self._send(writer, 2, OK)
            while (packet := await self._read(reader))[:1] == b"\x03":
                self._answer(writer, packet[1:].decode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, query: str) -> None:
        self.queries.append(query)
        answer = self._answers.get(query)
        if answer is None:
            self._send(writer, 1, OK)
        elif isinstance(answer, int):
            self._send(writer, 1, b"\x00" + bytes([answer]) + b"\0\2\0\0\0")
        elif isinstance(answer, bytes):
            self._send(writer, 1, answer)
        else:
            columns, rows = answer
            packets = [bytes([len(columns)]), *map(column, columns), EOF, *map(row, rows), EOF]
            for number, packet in enumerate(packets, 1):
                self._send(writer, number, packet)

    def _send(self, writer: asyncio.StreamWriter, number: int, payload: bytes) -> None:
        writer.write(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(4)
        return await reader.readexactly(int.from_bytes(head[:3], "little"))


OK = b"\x00\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"


def text(value: str) -> bytes:
    return bytes([len(value.encode())]) + value.encode()


def column(name: str) -> bytes:
    return (
        b"".join(map(text, ["def", "", "", "", name, name]))
        + b"\x0c"
        + struct.pack("<HIBHB", 45, 255, 253, 0, 0)
        + b"\0\0"
    )


def row(values: list[str | None]) -> bytes:
    return b"".join(b"\xfb" if value is None else text(value) for value in values)


def error(code: int, state: str, message: str) -> bytes:
    return b"\xff" + struct.pack("<H", code) + b"#" + state.encode() + message.encode()


async def routing(host: str, port: int) -> asyncio.Server:
    """A SQL Server without encryption that lets everybody in, and sends them on to another
    (https://learn.microsoft.com/openspecs/windows_protocols/ms-tds)."""

    def packet(body: bytes) -> bytes:
        return struct.pack(">BBHHBB", 4, 1, len(body) + 8, 0, 1, 0) + body

    name = host.encode("utf-16-le")
    route = struct.pack("<BHH", 0, port, len(host)) + name
    change = bytes([20]) + struct.pack("<H", len(route)) + route + b"\0\0"
    accepted = b"\1" + struct.pack(">I", 0x74000004) + b"\0" + struct.pack(">I", 0)
    login = b"\xe3" + struct.pack("<H", len(change)) + change
    login += b"\xad" + struct.pack("<H", len(accepted)) + accepted + b"\xfd" + bytes(12)
    options = bytes([0]) + struct.pack(">HH", 11, 6) + bytes([1]) + struct.pack(">HH", 17, 1)
    before = options + b"\xff" + bytes(6) + b"\2"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (before, login):
            head = await reader.readexactly(8)
            await reader.readexactly(struct.unpack(">H", head[2:4])[0] - 8)
            writer.write(packet(answer))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)
