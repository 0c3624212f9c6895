"""What do the tables look like, and what is each for?

``scopes``     what an index range belongs to: one collection (``parent`` is the key of the document above it), or
               all collections of one id (``parent`` is ``GROUP``).
``documents``  the documents. ``content`` is a serialized Document of name and fields, without its times.
``indexes``    numbers for what an index holds: ``a.b ASCENDING``, ``a CONTAINS``, ``a ASCENDING, b DESCENDING``.
``entries``    the indexes themselves. ``value`` is the sort key of the indexed values, ``key`` that of the name:
               of the document's id in a collection, of its whole path in a collection group.
``policies``   which indexes of the index file the entries of a collection id were made for.
``mark``       random bytes, which the files of the journal begin with: so that it is never another database's.
``clock``      the last time given to a commit, so that time never goes back.
"""

import sqlite3

GROUP = b"\xff"

_STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS firestore_scopes (
        scope INTEGER PRIMARY KEY, database TEXT NOT NULL, collection_id TEXT NOT NULL, parent BLOB NOT NULL,
        UNIQUE (database, collection_id, parent))""",
    "CREATE INDEX IF NOT EXISTS firestore_scopes_by_parent ON firestore_scopes (database, parent)",
    """CREATE TABLE IF NOT EXISTS firestore_documents (
        document INTEGER PRIMARY KEY, scope INTEGER NOT NULL, id BLOB NOT NULL, created INTEGER NOT NULL,
        updated INTEGER NOT NULL, content BLOB NOT NULL, UNIQUE (scope, id))""",
    """CREATE TABLE IF NOT EXISTS firestore_indexes (
        number INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE)""",
    """CREATE TABLE IF NOT EXISTS firestore_entries (
        scope INTEGER NOT NULL, number INTEGER NOT NULL, value BLOB NOT NULL, key BLOB NOT NULL,
        document INTEGER NOT NULL, PRIMARY KEY (scope, number, value, key)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS firestore_policies (
        database TEXT NOT NULL, collection_id TEXT NOT NULL, policy TEXT NOT NULL,
        PRIMARY KEY (database, collection_id)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS firestore_mark (one INTEGER PRIMARY KEY, mark BLOB NOT NULL)",
    "INSERT OR IGNORE INTO firestore_mark VALUES (1, randomblob(16))",
    "CREATE TABLE IF NOT EXISTS firestore_clock (one INTEGER PRIMARY KEY, last INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO firestore_clock VALUES (1, 0)",
)


def create(connection: sqlite3.Connection) -> None:
    """Make what is not there yet."""
    for statement in _STATEMENTS:
        connection.execute(statement)
