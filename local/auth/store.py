"""What is on disk of users, their refresh tokens and the codes mailed to them?"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from local.database import Database

User = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS auth_users (
    project TEXT NOT NULL, local_id TEXT NOT NULL, email TEXT, phone TEXT, record TEXT NOT NULL,
    PRIMARY KEY (project, local_id)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS auth_users_by_email ON auth_users (project, email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS auth_users_by_phone ON auth_users (project, phone) WHERE phone IS NOT NULL;
CREATE TABLE IF NOT EXISTS auth_refresh_tokens (
    digest TEXT PRIMARY KEY, project TEXT NOT NULL, local_id TEXT NOT NULL, session TEXT NOT NULL) WITHOUT
    ROWID;
CREATE INDEX IF NOT EXISTS auth_refresh_tokens_by_user ON auth_refresh_tokens (project, local_id);
CREATE TABLE IF NOT EXISTS auth_codes (code TEXT PRIMARY KEY, project TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS auth_settings (
    project TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (project, name)) WITHOUT ROWID;
"""


class AuthStore:
    """The named steps on the tables; no rule of the service lives here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.connection
        database.create(_SCHEMA)

    def find(self, project: str, local_id: str) -> User | None:
        """The user of this id, or None."""
        return self._one("local_id", project, local_id)

    def find_by_email(self, project: str, email: str) -> User | None:
        """The user of this address in any case, or None."""
        return self._one("email", project, email.lower())

    def find_by_phone(self, project: str, phone: str) -> User | None:
        """The user of this number, or None."""
        return self._one("phone", project, phone)

    def _one(self, column: str, project: str, value: str) -> User | None:
        row = self._sql.execute(
            f"SELECT record FROM auth_users WHERE project = ? AND {column} = ?",  # noqa: S608 - our own names
            (project, value),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def add(self, project: str, user: User) -> None:
        """sqlite3.IntegrityError: the id, the address or the number is taken."""
        self._database.write("INSERT INTO auth_users VALUES (?, ?, ?, ?, ?)", self._row(project, user))

    def replace(self, project: str, user: User) -> None:
        """sqlite3.IntegrityError: the address or the number is another user's."""
        project, local_id, email, phone, record = self._row(project, user)
        self._database.write(
            "UPDATE auth_users SET email = ?, phone = ?, record = ? WHERE project = ? AND local_id = ?",
            (email, phone, record, project, local_id),
        )

    def _row(self, project: str, user: User) -> tuple[Any, ...]:
        email, phone = user.get("email") or None, user.get("phoneNumber") or None
        return (project, user["localId"], email, phone, json.dumps(user))

    def delete(self, project: str, local_id: str) -> bool:
        """Remove the user with all refresh tokens. False: there was none."""
        with self._database.transaction() as sql:
            sql.execute("DELETE FROM auth_refresh_tokens WHERE project = ? AND local_id = ?", (project, local_id))
            cursor = sql.execute("DELETE FROM auth_users WHERE project = ? AND local_id = ?", (project, local_id))
            return cursor.rowcount > 0

    def clear(self, project: str) -> None:
        """Remove every user of the project."""
        with self._database.transaction() as sql:
            for table in ("auth_users", "auth_refresh_tokens", "auth_codes"):
                sql.execute(f"DELETE FROM {table} WHERE project = ?", (project,))  # noqa: S608 - our own names

    def list_page(self, project: str, after: str, limit: int) -> list[User]:
        """Users by id, from the one behind ``after``."""
        rows = self._sql.execute(
            "SELECT record FROM auth_users WHERE project = ? AND local_id > ? ORDER BY local_id LIMIT ?",
            (project, after, limit),
        )
        return [json.loads(row[0]) for row in rows]

    def add_refresh_token(self, token: str, project: str, local_id: str, session: Mapping[str, Any]) -> None:
        """Only the token's hash is kept; ``session`` says how and when the user signed in."""
        self._database.write(
            "INSERT INTO auth_refresh_tokens VALUES (?, ?, ?, ?)",
            (_digest(token), project, local_id, json.dumps(session)),
        )

    def find_refresh_token(self, token: str) -> tuple[str, str, dict[str, Any]] | None:
        """(project, user id, session) of a refresh token, or None."""
        row = self._sql.execute(
            "SELECT project, local_id, session FROM auth_refresh_tokens WHERE digest = ?", (_digest(token),)
        ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def add_code(self, project: str, code: Mapping[str, Any]) -> None:
        """Keep a code that would have been mailed."""
        self._database.write("INSERT INTO auth_codes VALUES (?, ?, ?)", (code["oobCode"], project, json.dumps(code)))

    def find_code(self, project: str, code: str) -> dict[str, Any] | None:
        """The code's record, or None: unknown or used."""
        row = self._sql.execute(
            "SELECT record FROM auth_codes WHERE code = ? AND project = ?", (code, project)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def delete_code(self, code: str) -> None:
        """The code is used."""
        self._database.write("DELETE FROM auth_codes WHERE code = ?", (code,))

    def list_codes(self, project: str) -> list[dict[str, Any]]:
        """All unused codes, oldest first."""
        rows = self._sql.execute("SELECT record FROM auth_codes WHERE project = ? ORDER BY rowid", (project,))
        return [json.loads(row[0]) for row in rows]

    def setting(self, project: str, name: str, default: bool) -> bool:
        """A setting of the project, or the default where it was never set."""
        row = self._sql.execute(
            "SELECT value FROM auth_settings WHERE project = ? AND name = ?", (project, name)
        ).fetchone()
        return bool(row[0]) if row else default

    def put_setting(self, project: str, name: str, value: bool) -> None:
        """Set it."""
        self._database.write("INSERT OR REPLACE INTO auth_settings VALUES (?, ?, ?)", (project, name, int(value)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
