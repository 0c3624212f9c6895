"""What lies in the data folder of a local cloud, and who may use it?

``cloud.sqlite3`` all state, with SQLite's log and Firestore's journal beside it, named as it is and more · ``lock``
held by the one process that uses the folder, with its id · ``endpoints.json`` where everything answers, there only
while it does · ``logs/`` what was said ·
``credentials.key`` what the functions seal secrets with, made by them · ``mail/`` and ``push/`` what would have been
sent to people.
"""

import fcntl
import json
import logging
import logging.handlers
import os
import sys
from collections.abc import Mapping
from pathlib import Path

LOG_BYTES = 5_000_000
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LockedError(RuntimeError):
    """Another process uses the folder; the message names both."""


class DataFolder:
    """A data folder, made if it is missing. Everything in it is this user's alone: it holds signing keys."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.database = self.path / "cloud.sqlite3"
        self.endpoints = self.path / "endpoints.json"
        self.logs = self.path / "logs"
        self._lock: int | None = None
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.logs.mkdir(exist_ok=True)

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """What a program needs in its environment to keep its keys here, unless ``inherited`` says where they are."""
        if inherited.get("CREDENTIALS_KEY_FILE") or inherited.get("CREDENTIALS_KMS_KEY"):
            return {}
        return {"CREDENTIALS_KEY_FILE": str(self.path / "credentials.key")}

    def lock(self) -> None:
        """Become the one user of the folder, until the process ends or ``release``. LockedError: there is one."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise LockedError(
                f"The data folder {self.path} is in use by process {holder}: stop that one, or name another folder"
                " with --data."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor
        self.endpoints.unlink(missing_ok=True)

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def write_endpoints(self, endpoints: Mapping[str, str | None]) -> None:
        """Say where everything answers: readers see all of it or nothing."""
        draft = self.endpoints.with_suffix(".draft")
        draft.write_text(json.dumps(dict(endpoints), indent=2) + "\n", encoding="utf-8")
        draft.replace(self.endpoints)

    def log_to_files(self) -> None:
        """Services log to ``services.log``, requests to ``requests.log``, the functions' output goes to
        ``functions.log``; warnings of the services to stderr too."""
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setLevel(logging.WARNING)
        terminal.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        root.addHandler(terminal)
        root.addHandler(self._file("services.log", _FORMAT))
        for name, file_name, file_format in (
            ("local.requests", "requests.log", "%(asctime)s %(message)s"),
            ("local.functions_output", "functions.log", "%(message)s"),
        ):
            logger = logging.getLogger(name)
            logger.propagate = False
            logger.addHandler(self._file(file_name, file_format))
        for noisy in ("httpx", "httpcore", "asyncio", "uvicorn"):
            logging.getLogger(noisy).setLevel(logging.WARNING)

    def _file(self, name: str, line_format: str) -> logging.Handler:
        handler = logging.handlers.RotatingFileHandler(
            self.logs / name, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8"
        )
        handler.setFormatter(logging.Formatter(line_format))
        return handler
