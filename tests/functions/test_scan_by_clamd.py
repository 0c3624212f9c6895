"""A real clamd says what its double says, over TCP, over its socket and through the bridge before it.

It runs where ``clamd`` is installed (Debian: clamav-daemon), on a signature base of two lines that is made here:
EICAR by its text (https://docs.clamav.net/manual/Signatures/ExtendedSignatures.html), and one file by its hash.
"""

import asyncio
import hashlib
import importlib.util
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from clamd_double import EICAR, Clamd, make
from served import ROOT
from uploading import Uploads

from shared import config
from shared.gcp import clamd
from shared.gcp.clamd import Found, Passed, TooLarge
from shared.services import world

CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
needs_clamd = pytest.mark.skipif(CLAMD is None, reason="clamd is not on this machine: apt-get install clamav-daemon")
KNOWN = b"a file that is known by its hash\n"
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where the real one listens: ``tcp``, ``unix``."""
    folder = tmp_path_factory.mktemp("clamd")
    (folder / "own.ndb").write_text(f"Own.Eicar:0:0:{EICAR.hex()}\n")
    known = hashlib.md5(KNOWN, usedforsecurity=False).hexdigest()
    (folder / "own.hdb").write_text(f"{known}:{len(KNOWN)}:Own.Known\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = folder / "clamd.sock"
    (folder / "clamd.conf").write_text(
        f"Foreground yes\nDatabaseDirectory {folder}\nTCPSocket {port}\nTCPAddr 127.0.0.1\nLocalSocket {path}\n"
        f"StreamMaxLength {LIMIT}\nAlertExceedsMax yes\nLogVerbose no\nMaxThreads 2\nSelfCheck 0\n"
    )
    log = (folder / "log").open("w+")
    assert CLAMD is not None
    process = subprocess.Popen([CLAMD, "-c", str(folder / "clamd.conf")], stdout=log, stderr=log)
    try:
        _wait(port, process, folder / "log")
        yield {"tcp": f"tcp://127.0.0.1:{port}", "unix": f"unix://{path}"}
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it takes connections."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    raise AssertionError(f"clamd does not listen: {log.read_text()}")


@pytest.fixture
async def double() -> AsyncIterator[dict[str, str]]:
    made = Clamd()
    made.limit = LIMIT
    yield {"tcp": await made.start()}
    await made.stop()


async def _verdicts(url: str) -> list[clamd.Verdict]:
    files = (
        b"Hello, world.\n",
        EICAR,
        make.zipped({"a/eicar.txt": EICAR}),
        make.zipped({"b.zip": make.zipped({"eicar.txt": EICAR})}),
        make.gz(EICAR),
        b"x" * LIMIT,
        b"x" * (LIMIT + 1),
        b"x" * (20 * LIMIT),
    )
    return [await clamd.scan(url, data, 60) for data in files]


def _kinds(verdicts: list[clamd.Verdict]) -> list[type[clamd.Verdict]]:
    return [type(one) for one in verdicts]


EXPECTED = [Passed, Found, Found, Found, Found, Passed, TooLarge, TooLarge]


async def test_the_double_says(double: dict[str, str]):
    assert _kinds(await _verdicts(double["tcp"])) == EXPECTED


@needs_clamd
@pytest.mark.parametrize("way", ["tcp", "unix"])
async def test_the_real_one_says(real: dict[str, str], way: str):
    verdicts = await _verdicts(real[way])
    assert _kinds(verdicts) == EXPECTED
    assert verdicts[1] == Found("Own.Eicar.UNOFFICIAL")
    assert await clamd.scan(real[way], KNOWN, 60) == Found("Own.Known.UNOFFICIAL")


@needs_clamd
async def test_a_file_goes_through_the_real_one(
    uploads: Uploads, real: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CLAMD_URL", real["unix"])
    config.settings.cache_clear()
    world.real.cache_clear()
    found = await uploads.upload("notes.txt", EICAR)
    assert (found["status"], found["reason"]) == ("INFECTED", "VIRUS")
    assert "Own.Eicar" in found["message"]
    assert (await uploads.upload("notes.txt", b"Hello, world.\n"))["status"] == "CLEAN"


@pytest.fixture
def bridge(request: pytest.FixtureRequest) -> Iterator[str]:
    """The bridge before the real clamd: its URL."""
    path = ROOT / "terraform" / "clamav" / "bridge.py"
    spec = importlib.util.spec_from_file_location("clamav_bridge", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    socket_ = request.getfixturevalue("real")["unix"].removeprefix("unix://")
    server = module.serve(0, socket_, "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@needs_clamd
async def test_the_bridge_passes_on_what_the_real_one_says(bridge: str):
    assert _kinds(await _verdicts(bridge)) == EXPECTED
    async with httpx.AsyncClient(timeout=20) as web:
        assert (await web.get(bridge)).text == "PONG"
    with socket.create_connection(("127.0.0.1", httpx.URL(bridge).port or 0), 20) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        answer = raw.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_nobody_there_is_no_verdict(tmp_path: Path):
    for url in (f"unix://{tmp_path}/none", "tcp://127.0.0.1:1", "http://127.0.0.1:1/"):
        with pytest.raises(clamd.ScannerUnavailable):
            await clamd.scan(url, EICAR, 5)


async def test_one_that_never_answers_is_not_waited_for():
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(clamd.ScannerUnavailable, match="within"):
        await clamd.scan(f"tcp://127.0.0.1:{port}", b"x", 0.2)
    await left.wait()
    server.close()


@pytest.mark.parametrize("scheme", ["ftp://a:1", "tcp://a", "tcp://a:b", "127.0.0.1:3310"])
def test_a_scanner_that_cannot_be_reached_so_is_refused_at_once(scheme: str):
    with pytest.raises(config.SettingsError, match="CLAMD_URL"):
        config.read({"CLAMD_URL": scheme})
