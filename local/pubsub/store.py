"""What is on disk of topics, subscriptions and the messages they have yet to deliver?"""

from collections.abc import Iterable, Sequence
from typing import Any

from local.database import Database
from local.pubsub import wire

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pubsub_topics (name TEXT PRIMARY KEY, proto BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pubsub_subscriptions (name TEXT PRIMARY KEY, proto BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pubsub_snapshots (name TEXT PRIMARY KEY, taken REAL NOT NULL, proto BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS pubsub_backlog (
    owner TEXT NOT NULL, id INTEGER NOT NULL, published REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    acked INTEGER NOT NULL DEFAULT 0, proto BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS pubsub_backlog_by_owner ON pubsub_backlog (owner, id);
CREATE TABLE IF NOT EXISTS pubsub_policies (resource TEXT PRIMARY KEY, proto BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pubsub_activity (subscription TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""

Row = tuple[int, float, int, Any]


class PubSubStore:
    """The named steps on the tables. A message lies once for each subscription (or snapshot) that owns it, so that
    acknowledging it is one delete."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection
        database.create(_SCHEMA)

    def topics(self) -> list[Any]:
        """Every topic."""
        return [wire.Topic.FromString(row[0]) for row in self._sql.execute("SELECT proto FROM pubsub_topics")]

    def put_topic(self, topic: Any) -> None:
        """Create or replace."""
        self._database.write(
            "INSERT OR REPLACE INTO pubsub_topics VALUES (?, ?)", (topic.name, topic.SerializeToString())
        )

    def delete_topic(self, name: str) -> None:
        """With its policy."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM pubsub_policies WHERE resource = ?", (name,))
            sql.execute("DELETE FROM pubsub_topics WHERE name = ?", (name,))

    def policy(self, resource: str) -> Any:
        """Who may use the resource; an empty policy where none was set."""
        row = self._sql.execute("SELECT proto FROM pubsub_policies WHERE resource = ?", (resource,)).fetchone()
        return wire.Policy.FromString(row[0]) if row else wire.Policy()

    def put_policy(self, resource: str, policy: Any) -> None:
        """Create or replace."""
        row = (resource, policy.SerializeToString())
        self._database.write("INSERT OR REPLACE INTO pubsub_policies VALUES (?, ?)", row)

    def activities(self) -> dict[str, float]:
        """When each subscription was last in use."""
        return dict(self._sql.execute("SELECT subscription, at FROM pubsub_activity").fetchall())

    def put_activity(self, subscription: str, at: float) -> None:
        """It was in use."""
        self._database.write("INSERT OR REPLACE INTO pubsub_activity VALUES (?, ?)", (subscription, at))

    def subscriptions(self) -> list[Any]:
        """Every subscription."""
        rows = self._sql.execute("SELECT proto FROM pubsub_subscriptions")
        return [wire.Subscription.FromString(row[0]) for row in rows]

    def put_subscription(self, subscription: Any) -> None:
        """Create or replace."""
        self._database.write(
            "INSERT OR REPLACE INTO pubsub_subscriptions VALUES (?, ?)",
            (subscription.name, subscription.SerializeToString()),
        )

    def delete_subscription(self, name: str) -> None:
        """With its backlog."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM pubsub_backlog WHERE owner = ?", (name,))
            sql.execute("DELETE FROM pubsub_policies WHERE resource = ?", (name,))
            sql.execute("DELETE FROM pubsub_activity WHERE subscription = ?", (name,))
            sql.execute("DELETE FROM pubsub_subscriptions WHERE name = ?", (name,))

    def add_messages(self, rows: Iterable[tuple[str, int, float, bytes]]) -> None:
        """All of (owner, id, published, proto), or none."""
        with self._database.transaction() as sql:
            sql.executemany("INSERT INTO pubsub_backlog (owner, id, published, proto) VALUES (?, ?, ?, ?)", rows)

    def backlog(self, owner: str) -> list[Row]:
        """(id, published, attempts, message) of what is not acknowledged, oldest first."""
        rows = self._sql.execute(
            "SELECT id, published, attempts, proto FROM pubsub_backlog WHERE owner = ? AND acked = 0 ORDER BY id",
            (owner,),
        )
        return [(row[0], row[1], row[2], wire.PubsubMessage.FromString(row[3])) for row in rows]

    def message(self, owner: str, message_id: int) -> Any | None:
        """One message, or None: it is acknowledged or expired."""
        row = self._sql.execute(
            "SELECT proto FROM pubsub_backlog WHERE owner = ? AND id = ? AND acked = 0", (owner, message_id)
        ).fetchone()
        return wire.PubsubMessage.FromString(row[0]) if row else None

    def save_attempts(self, owner: str, message_id: int, attempts: int) -> None:
        """How often the message has been delivered."""
        self._database.write(
            "UPDATE pubsub_backlog SET attempts = ? WHERE owner = ? AND id = ?", (attempts, owner, message_id)
        )

    def acknowledge(self, owner: str, ids: Sequence[int], retain: bool) -> None:
        """The messages are delivered; ``retain`` keeps them for a later seek."""
        statement = (
            "UPDATE pubsub_backlog SET acked = 1 WHERE owner = ? AND id = ?"
            if retain
            else "DELETE FROM pubsub_backlog WHERE owner = ? AND id = ?"
        )
        if len(ids) == 1:
            self._database.write(statement, (owner, ids[0]))
            return
        with self._database.transaction() as sql:
            sql.executemany(statement, [(owner, message_id) for message_id in ids])

    def expire(self, owner: str, before: float) -> None:
        """Drop what was published before ``before``."""
        self._database.write("DELETE FROM pubsub_backlog WHERE owner = ? AND published < ?", (owner, before))

    def expire_message(self, owner: str, message_id: int) -> None:
        """Drop one message."""
        self._database.write("DELETE FROM pubsub_backlog WHERE owner = ? AND id = ?", (owner, message_id))

    def seek_time(self, owner: str, to: float, retain: bool) -> None:
        """Make everything before ``to`` acknowledged and everything from there on not."""
        with self._database.transaction() as sql:
            if retain:
                sql.execute("UPDATE pubsub_backlog SET acked = (published < ?) WHERE owner = ?", (to, owner))
            else:
                sql.execute("DELETE FROM pubsub_backlog WHERE owner = ? AND published < ?", (owner, to))

    def put_snapshot(self, snapshot: Any, taken: float) -> None:
        """Create or replace the snapshot's description."""
        self._database.write(
            "INSERT OR REPLACE INTO pubsub_snapshots VALUES (?, ?, ?)",
            (snapshot.name, taken, snapshot.SerializeToString()),
        )

    def take_snapshot(self, snapshot: Any, subscription: str, taken: float) -> None:
        """Copy what the subscription has yet to deliver."""
        with self._database.transaction() as sql:
            self.put_snapshot(snapshot, taken)
            self._copy(sql, subscription, snapshot.name)

    def snapshots(self) -> list[tuple[Any, float]]:
        """(snapshot, when taken) of all, by name."""
        rows = self._sql.execute("SELECT proto, taken FROM pubsub_snapshots ORDER BY name")
        return [(wire.Snapshot.FromString(row[0]), row[1]) for row in rows]

    def delete_snapshot(self, name: str) -> None:
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM pubsub_backlog WHERE owner = ?", (name,))
            sql.execute("DELETE FROM pubsub_snapshots WHERE name = ?", (name,))

    def seek_snapshot(self, subscription: str, snapshot: str, taken: float) -> None:
        """Have to deliver what the snapshot had, and everything published since."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM pubsub_backlog WHERE owner = ? AND published < ?", (subscription, taken))
            sql.execute("UPDATE pubsub_backlog SET acked = 0 WHERE owner = ?", (subscription,))
            self._copy(sql, snapshot, subscription)

    def _copy(self, sql: Any, source: str, target: str) -> None:
        sql.execute(
            "INSERT OR IGNORE INTO pubsub_backlog (owner, id, published, proto) "
            "SELECT ?, id, published, proto FROM pubsub_backlog WHERE owner = ? AND acked = 0",
            (target, source),
        )
