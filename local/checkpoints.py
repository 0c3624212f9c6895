"""When does what is committed move from the log of SQLite into its file, and who waits for the disk meanwhile?

Nobody: a thread with a connection of its own does it, at most once a second. While others go on writing it never gets
to the end of the log, which then cannot begin anew and grows; so where it has become large the rest, which is little,
is moved while everybody waits. https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files
"""

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

_PAUSE = 1.0
_LARGE = 8192
"""Pages in the log."""

_MOVE = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """Of the database at ``path``, which ``connection`` writes."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        self._path = path
        self._pages = 0
        self._connection = connection
        self._moving: threading.Thread | None = None
        self._next = time.monotonic() + _PAUSE

    def committed(self) -> None:
        """Something was committed: see whether it is time."""
        now = time.monotonic()
        if now < self._next or (self._moving is not None and self._moving.is_alive()):
            return
        self._next = now + _PAUSE
        if self._pages > _LARGE:
            self._move(self._connection)  # to the end: the next commit begins the log anew
        self._moving = threading.Thread(target=self._aside, name="checkpoint", daemon=True)
        self._moving.start()

    def _aside(self) -> None:
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self._path)) as own:
            self._move(own)

    def _move(self, connection: sqlite3.Connection) -> None:
        # What cannot be moved stays in the log, and is as safe there.
        with contextlib.suppress(sqlite3.Error):
            _, self._pages, _ = connection.execute(_MOVE).fetchone()

    def close(self) -> None:
        """Wait for the thread."""
        if self._moving is not None:
            self._moving.join()
