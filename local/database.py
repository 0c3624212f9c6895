"""Where does the local cloud keep its data, and when is it safe there? One SQLite file, shared by all services.

Every service runs in the one event loop of the process and uses this connection only from there, so a
statement is never interleaved with another service's transaction.

What is written in one turn of the loop shares one COMMIT, right after the turn, and whoever answers lets nothing out
before it: see ``after_commit``. So what was answered survives ``kill -9``. With ``fsync`` the COMMIT waits for the
disk, and it survives a power cut as well. See docs/adr/0043.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from local.checkpoints import Checkpoints

_LARGEST_LOG = 64 * 1024 * 1024
"""Bytes that SQLite's log keeps on the disk when it begins anew, however long it was."""


class Durable(Protocol):
    """What decides when answers may leave."""

    def after_commit(self, call: Callable[[], None]) -> bool:
        """Whether something is not committed yet; then ``call`` is called once it is."""
        ...

    def commit(self) -> None:
        """Commit it now."""
        ...

    def hold(self) -> None:
        """Whatever is written until ``release`` is taken care of there."""
        ...

    def release(self) -> None:
        """Commit what was written, now or after the turn of the loop."""
        ...

    def commit_early(self) -> None:
        """Commit it now, unless that is dear and others write in the same turns."""
        ...


class Database:
    """An open database. ``path`` None: in memory, for tests. ``fsync``: commits wait for the disk; without it, WAL
    with ``synchronous=NORMAL`` keeps what was committed from everything but the end of the machine
    (https://www.sqlite.org/pragma.html#pragma_synchronous). OSError: the file cannot be opened, or is no database."""

    def __init__(self, path: Path | None, *, fsync: bool = False) -> None:
        self.path, self.fsync = path, fsync
        self.connection = _opened(path, fsync=fsync)
        self._checkpoints = Checkpoints(path, self.connection) if path else None
        self._is_open = self._has_failed = self.is_closed = False
        self._depth = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop in which a commit is due."""
        self._asked, self._is_crowded = 0, False
        """How many have asked for an early commit in this turn; whether it was more than one in the last."""
        self._before: list[Callable[[], None]] = []
        self._after: list[Callable[[], None]] = []

    def create(self, script: str) -> None:
        """Run statements that make what is not there yet."""
        self.commit()
        self.connection.executescript(script)

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """One statement that changes something and returns no rows: all or nothing."""
        self._join()
        try:
            return self.connection.execute(sql, parameters)
        except sqlite3.Error as error:
            self._check(error)
            raise
        finally:
            self._leave()

    def before_commit(self, call: Callable[[], None]) -> None:
        """Have ``call`` make something else safe, right before what this turn writes is committed. Where that fails,
        the process ends, as where the commit fails."""
        self._before.append(call)
        self._leave()

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All or nothing; what others write in the same turn is theirs. Never await inside: another service would
        write into this transaction."""
        is_first = self._join()
        if not is_first:
            self.connection.execute("SAVEPOINT one")
        self._depth += 1
        try:
            yield self.connection
        except BaseException as error:
            if not is_first:
                self._check(error)
                self.connection.execute("ROLLBACK TO one")
                self.connection.execute("RELEASE one")
            else:
                self._undo()
            raise
        else:
            if not is_first:
                self.connection.execute("RELEASE one")
        finally:
            self._depth -= 1
            self._leave()

    def _join(self) -> bool:
        """Open what is committed after this turn, unless it is open; whether nobody has written into it yet."""
        if self._is_open:
            return False
        self.connection.execute("BEGIN IMMEDIATE")
        self._is_open = True
        return True

    def _undo(self) -> None:
        """Of a turn in which nobody else has written."""
        if self.connection.in_transaction:  # SQLite may have done it by itself
            self.connection.execute("ROLLBACK")
        self._is_open = False

    def _leave(self) -> None:
        """Have it committed: after this turn or, where no loop runs, now."""
        if self._depth:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.commit()
            return
        if self._loop is not loop:
            self._loop = loop
            loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        self._loop = None
        self._is_crowded, self._asked = self._asked > 1, 0
        self.commit()

    def hold(self) -> None:
        """See ``Durable``: so a writer that is alone needs no callback after the turn."""
        self._depth += 1

    def release(self) -> None:
        """See ``Durable``."""
        self._depth -= 1
        if self._is_pending:
            if self._is_open or self.fsync:
                self._leave()
            self.commit_early()

    def commit_early(self) -> None:
        """Commit now, unless others ask for it in the same turns: a lone writer need not wait for the turn to end.
        What costs little, since it is not SQLite's, is committed whenever it is asked for."""
        if not self._is_open and not self.fsync:
            self.commit()
        elif self._is_pending:
            self._asked += 1
            if self._asked == 1 and not self._is_crowded:
                self.commit()

    def commit(self) -> None:
        """Commit what was written. Where that fails, the process ends: nothing of it has been answered."""
        if self._has_failed or not self._is_pending:
            return
        try:
            self._commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, no answer may leave
            self._fail(error)
        self._is_open = False
        after, self._after = self._after, []
        for call in after:
            call()
        if self._checkpoints is not None:
            self._checkpoints.committed()

    def _commit(self) -> None:
        before, self._before = self._before, []
        for call in before:
            call()
        if self._is_open:
            self.connection.execute("COMMIT")

    def _check(self, error: BaseException) -> None:
        """End the process where SQLite gave up the writes of others too."""
        if not self.connection.in_transaction:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._has_failed = True
        message = f"The database cannot be written: {error}. Nothing that was answered is lost; start again."
        sys.stderr.write(message + "\n")
        raise SystemExit(message) from error

    @property
    def _is_pending(self) -> bool:
        """Whether something is to be committed; what failed is for ever, so that nothing leaves that says it was."""
        return self._is_open or bool(self._before) or self._has_failed

    def after_commit(self, call: Callable[[], None]) -> bool:
        """Whether something is not committed yet; then ``call`` is called once it is."""
        if self._is_pending:
            self._after.append(call)
            return True
        return False

    async def settled(self) -> None:
        """Return when all that was written so far is committed."""
        if self._is_pending:
            over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._after.append(lambda: None if over.done() else over.set_result(None))
            await over

    def close(self) -> None:
        """What was written is committed first."""
        self.commit()
        self.is_closed = True
        if self._checkpoints is not None:
            self._checkpoints.close()
        self.connection.close()


def _opened(path: Path | None, *, fsync: bool) -> sqlite3.Connection:
    settings = (
        "journal_mode=WAL",
        f"synchronous={'FULL' if fsync else 'NORMAL'}",
        "temp_store=MEMORY",
        "cache_size=-65536",
        f"journal_size_limit={_LARGEST_LOG}",
    )
    try:
        connection = sqlite3.connect(str(path) if path else ":memory:", isolation_level=None, cached_statements=512)
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error as error:
        raise OSError(f"The database {path} cannot be opened: {error}") from error
    return connection
