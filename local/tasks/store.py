"""What is on disk of the queues and their tasks, and which steps change it? Each step is all or nothing."""

from collections.abc import Iterator
from typing import Any

from local.database import Database
from local.tasks import wire

# How long a name stays taken after its task is gone; the service may give it free sooner:
# https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#createtaskrequest
TOMBSTONE_SECONDS = 86400.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks_queues (name TEXT PRIMARY KEY, proto BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tasks_tasks (
    name TEXT PRIMARY KEY, queue TEXT NOT NULL, due REAL NOT NULL, named INTEGER NOT NULL, proto BLOB NOT
    NULL);
CREATE INDEX IF NOT EXISTS tasks_tasks_by_queue ON tasks_tasks (queue, name);
CREATE TABLE IF NOT EXISTS tasks_tombstones (name TEXT PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_tombstones_by_expiry ON tasks_tombstones (expires);
CREATE TABLE IF NOT EXISTS tasks_deleted_queues (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class TaskStore:
    """The named steps on the tables; no rule of the service lives here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection
        database.create(_SCHEMA)

    def find_queue(self, name: str) -> Any | None:
        """The queue's message, or None."""
        row = self._sql.execute("SELECT proto FROM tasks_queues WHERE name = ?", (name,)).fetchone()
        return wire.Queue.FromString(row[0]) if row else None

    def list_queues(self, parent: str, after: str) -> Iterator[Any]:
        """Queues of a location by name, from the one behind ``after``."""
        rows = self._sql.execute(
            "SELECT proto FROM tasks_queues WHERE name > ? AND name < ? ORDER BY name",
            (max(after, f"{parent}/queues/"), f"{parent}/queues0"),
        )
        return (wire.Queue.FromString(row[0]) for row in rows)

    def all_queues(self) -> list[Any]:
        """Every queue of every location."""
        return [wire.Queue.FromString(row[0]) for row in self._sql.execute("SELECT proto FROM tasks_queues")]

    def put_queue(self, queue: Any) -> None:
        """Create or replace."""
        self._database.write(
            "INSERT OR REPLACE INTO tasks_queues VALUES (?, ?)", (queue.name, queue.SerializeToString())
        )

    def delete_queue(self, name: str) -> bool:
        """Delete the queue with its tasks; False: there was none."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM tasks_tasks WHERE queue = ?", (name,))
            is_deleted = sql.execute("DELETE FROM tasks_queues WHERE name = ?", (name,)).rowcount > 0
            if is_deleted:
                sql.execute("INSERT OR REPLACE INTO tasks_deleted_queues VALUES (?)", (name,))
            return is_deleted

    def was_queue(self, name: str) -> bool:
        """Whether a queue of this name was deleted."""
        found = self._sql.execute("SELECT 1 FROM tasks_deleted_queues WHERE name = ?", (name,)).fetchone()
        return found is not None

    def add_task(self, queue: str, task: Any, due: float, named: bool) -> None:
        """Accept a task. sqlite3.IntegrityError: a task of this name is there."""
        self._database.write(
            "INSERT INTO tasks_tasks VALUES (?, ?, ?, ?, ?)",
            (task.name, queue, due, int(named), task.SerializeToString()),
        )

    def has_tombstone(self, name: str, now: float) -> bool:
        """Whether a task of this name was there until a short while ago."""
        row = self._sql.execute("SELECT expires FROM tasks_tombstones WHERE name = ?", (name,)).fetchone()
        return row is not None and row[0] > now

    def find_task(self, name: str) -> Any | None:
        """The task's message, or None: it never was, is done, or was deleted."""
        row = self._sql.execute("SELECT proto FROM tasks_tasks WHERE name = ?", (name,)).fetchone()
        return wire.Task.FromString(row[0]) if row else None

    def list_tasks(self, queue: str, after: str, limit: int) -> list[Any]:
        """Tasks of a queue by name, from the one behind ``after``."""
        rows = self._sql.execute(
            "SELECT proto FROM tasks_tasks WHERE queue = ? AND name > ? ORDER BY name LIMIT ?",
            (queue, after, limit),
        )
        return [wire.Task.FromString(row[0]) for row in rows]

    def schedule(self, queue: str) -> Iterator[tuple[str, float]]:
        """(name, due) of every task of a queue."""
        return self._sql.execute("SELECT name, due FROM tasks_tasks WHERE queue = ? ORDER BY due", (queue,))

    def save_attempt(self, task: Any) -> None:
        """Record that the task is being dispatched, so that a kill does not lose the count."""
        self._database.write("UPDATE tasks_tasks SET proto = ? WHERE name = ?", (task.SerializeToString(), task.name))

    def reschedule(self, task: Any, due: float) -> bool:
        """The task failed and waits until ``due``. False: it was deleted meanwhile, and stays so."""
        cursor = self._database.write(
            "UPDATE tasks_tasks SET proto = ?, due = ? WHERE name = ?",
            (task.SerializeToString(), due, task.name),
        )
        return cursor.rowcount > 0

    def remove_task(self, name: str, now: float) -> bool:
        """The task is done, given up or deleted; a name the caller chose stays taken. False: it was not
        there."""
        with self._database.transaction() as sql:
            row = sql.execute("DELETE FROM tasks_tasks WHERE name = ? RETURNING named", (name,)).fetchall()
            if row and row[0][0]:
                self._bury(sql, [name], now)
            return bool(row)

    def purge(self, queue: str, now: float) -> None:
        """Remove all tasks of a queue."""
        with self._database.transaction() as sql:
            rows = sql.execute("DELETE FROM tasks_tasks WHERE queue = ? RETURNING name, named", (queue,))
            self._bury(sql, [name for name, named in rows.fetchall() if named], now)

    def _bury(self, sql: Any, names: list[str], now: float) -> None:
        sql.execute("DELETE FROM tasks_tombstones WHERE expires <= ?", (now,))
        sql.executemany(
            "INSERT OR REPLACE INTO tasks_tombstones VALUES (?, ?)",
            [(name, now + TOMBSTONE_SECONDS) for name in names],
        )
