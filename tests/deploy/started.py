"""How does a function run in Google Cloud? As the buildpack starts it: the console script functions-framework, in the
unpacked bundle, with ``FUNCTION_SOURCE``, ``FUNCTION_TARGET`` and ``PORT`` in an otherwise empty environment
(https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/python/functions_framework/lib/lib.go)."""

import contextlib
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from deploy import bundle

PROJECT = "weftly-far-away"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def unpack(packed: Path, folder: Path) -> Path:
    """The bundle as the builder has it in /workspace."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    return folder


@contextlib.contextmanager
def serving(workspace: Path, scripts: Path, function: str, environment: Mapping[str, str]) -> Iterator[httpx.Client]:
    """The function, once it answers. ``scripts``: the folder of the interpreter that has requirements.txt, and
    nothing that knows of the repository."""
    port = free_port()
    process = subprocess.Popen(
        [scripts / "functions-framework"],
        cwd=workspace,
        env={
            "PATH": f"{scripts}:/usr/bin:/bin",
            "HOME": str(workspace),
            "FUNCTION_SOURCE": bundle.starter(function),
            "FUNCTION_TARGET": bundle.functions()[function]["entry_point"],
            "FUNCTION_SIGNATURE_TYPE": "http",
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.stdout or ()))
    reader.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _await_answer(process, client, said)
            yield client
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)
        reader.join(30)
        if process.stdout:
            process.stdout.close()


def _await_answer(process: "subprocess.Popen[str]", client: httpx.Client, said: list[str]) -> None:
    deadline, pause = time.monotonic() + 90, threading.Event()
    while True:
        try:
            client.get("/robots.txt")
        except httpx.TransportError:
            assert process.poll() is None, "".join(said)
            assert time.monotonic() < deadline, "".join(said)
            pause.wait(0.05)
        else:
            return
