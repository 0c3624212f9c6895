"""Where is Google's Firestore emulator, if it is on the machine?"""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SECONDS = 60


@contextmanager
def emulating() -> Iterator[str | None]:
    """The address of an emulator that runs as long as the block; None: there is none on this machine."""
    if shutil.which("gcloud") is None or shutil.which("java") is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {**os.environ, "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    process = subprocess.Popen(
        _command(address),
        env=environment,  # for minutes it is not worth while to compile it well
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield address if _listens(address, process) else None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)  # it and the Java process below it
        process.wait(20)


def _command(address: str) -> list[str]:
    """What ``gcloud emulators firestore start`` runs, where it lies beside gcloud, which takes seconds itself."""
    host, port = address.split(":")
    sdk = Path(shutil.which("gcloud") or "").resolve().parents[1]
    own = sdk / "platform" / "cloud-firestore-emulator" / "cloud_firestore_emulator"
    if own.exists():
        return [str(own), "start", f"--host={host}", f"--port={port}", "--database-mode=firestore-native"]
    return ["gcloud", "emulators", "firestore", "start", f"--host-port={address}"]


def _listens(address: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether it takes connections in time, before it ends."""
    host, port = address.split(":")
    for _ in range(4 * _SECONDS):
        with socket.socket() as client:
            if client.connect_ex((host, int(port))) == 0:
                return True
        try:
            process.wait(0.25)
        except subprocess.TimeoutExpired:
            continue
        break
    return False
