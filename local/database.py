"""Where the local cloud keeps its data: one SQLite file, shared by all services of the process.

Every service runs in the one event loop of the process and uses this connection only from there, so a
statement is never interleaved with another service's transaction. WAL with ``synchronous=NORMAL`` loses nothing
that was committed when the process is killed (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class Database:
    """An open database. ``path`` None: in memory, for tests."""

    def __init__(self, path: Path | None) -> None:
        self.connection = sqlite3.connect(str(path) if path else ":memory:", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.execute("PRAGMA temp_store=MEMORY")
        self.connection.execute("PRAGMA cache_size=-65536")

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All or nothing. Never await inside: another service would write into this transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def close(self) -> None:
        self.connection.close()
