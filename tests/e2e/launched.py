"""How does a test start everything? As a person does: ``python -m local`` in a data folder, on free ports."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

REPOSITORY = Path(__file__).parents[2]
ECHO_MANIFEST = Path(__file__).parent / "functions" / "manifest.yaml"
FINAL = ("COMPLETED", "FAILED", "TERMINATED")


def await_until(condition: Callable[[], Any], seconds: float = 20.0, what: str = "") -> Any:
    """The first true value of ``condition``; AssertionError after ``seconds``. It looks the less often the longer it
    has waited: looking takes from what is waited for."""
    begun = time.monotonic()
    tick = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - begun
        assert waited < seconds, f"not within {seconds} s: {what or condition}"
        tick.wait(min(max(0.03, waited / 10), 1.0))


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")


class Launched:
    """A running ``python -m local start``."""

    def __init__(self, data: Path, *options: str, environment: dict[str, str] | None = None, **popen: Any) -> None:
        self.data = data
        self._stale = self._written()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "start", "--data", str(data), "--port", "0", *options],
            cwd=REPOSITORY,
            env={**os.environ, **(environment or {})},
            stderr=subprocess.STDOUT,
            text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **popen},
        )

    @property
    def endpoints_file(self) -> Path:
        return self.data / "endpoints.json"

    @property
    def endpoints(self) -> dict[str, str]:
        return json.loads(self.endpoints_file.read_text())

    @property
    def gateway(self) -> str:
        return self.endpoints["gateway"]

    def wait_until_up(self) -> "Launched":
        def up_or_ended() -> bool:
            return self._written() not in (None, self._stale) or self.process.poll() is not None

        await_until(up_or_ended, 30, "endpoints.json")
        assert self.process.poll() is None, self.process.communicate()[0]
        return self

    def _written(self) -> int | None:
        """When the endpoints were written, or None; those of a run that was killed lie there for a while."""
        try:
            return self.endpoints_file.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit code, once the process has ended."""
        self.output = self.process.communicate(timeout=20)[0]
        return self.process.returncode


Launch = Callable[..., Launched]


class Stack:
    """The whole product, running, and users of it."""

    def __init__(self, launched: Launched) -> None:
        self.launched = launched
        self.endpoints = launched.endpoints
        self._users = 0
        self._clients: list[httpx.Client] = []

    def close(self) -> None:
        """Close the clients that it gave."""
        for client in self._clients:
            client.close()

    def sign_up(self) -> str:
        """The ID token of a new user."""
        self._users += 1
        answer = httpx.post(
            f"{self.endpoints['auth']}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=local",
            json={
                "email": f"user{self._users}-{os.getpid()}@weftly.example",
                "password": "correct horse",
                "returnSecureToken": True,
            },
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()["idToken"]

    def client(self, id_token: str | None = None) -> httpx.Client:
        """The API as a user sees it (a new one, unless a token is given); paths from ``/api/v1``."""
        return self._client({"Authorization": f"Bearer {id_token or self.sign_up()}"})

    def stranger(self) -> httpx.Client:
        """Somebody without a token."""
        return self._client({})

    def _client(self, headers: dict[str, str]) -> httpx.Client:
        client = httpx.Client(base_url=f"{self.endpoints['gateway']}/api/v1", headers=headers, timeout=60)
        self._clients.append(client)
        return client

    def async_client(self, id_token: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {id_token or self.sign_up()}"}
        return httpx.AsyncClient(base_url=f"{self.endpoints['gateway']}/api/v1", headers=headers, timeout=60)

    def run(
        self,
        client: httpx.Client,
        graph_id: str,
        input_data: dict[str, Any] | None = None,
        seconds: float = 60.0,
    ) -> dict[str, Any]:
        """Execute a graph and wait for its end; the execution."""
        started = client.post(f"/graphs/{graph_id}/executions", json={"input_data": input_data or {}})
        assert started.status_code == 200, started.text
        return self.wait_for_end(client, started.json()["execution_id"], seconds)

    def wait_for_end(self, client: httpx.Client, execution_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """The execution, once it is final."""

        def ended() -> dict[str, Any] | None:
            answer = client.get(f"/executions/{execution_id}")
            assert answer.status_code == 200, answer.text
            execution: dict[str, Any] = answer.json()
            return execution if execution["status"] in FINAL else None

        return await_until(ended, seconds, f"the end of execution {execution_id}")
