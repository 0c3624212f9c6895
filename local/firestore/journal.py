"""How is what a commit writes safe before its documents are in their tables?

It is a row here, at the end of one small table: that is all that an answer waits for. ``store`` keeps the documents
in memory, moves them to their tables in batches, with their index entries, and then drops the rows. A document that
is written again and again is so moved once. After a kill the rows that are left are read, in order: each is the
document as it was after one commit, so those that are in their tables already do no harm. See docs/adr/0069.
"""

from local import database as local_database


class Journal:
    """The rows of the database. What is added in one turn of the loop is written together, before its commit."""

    def __init__(self, database: local_database.Database) -> None:
        self._database = database
        self._unwritten: list[tuple[int, str, int, int, bytes | None]] = []
        self._last = 0

    def entries(self) -> list[tuple[str, int, int, bytes | None]]:
        """What was written, in order: the name of a document, when it was created and changed in µs, and what it
        became; None: it was deleted."""
        select = "SELECT number, name, created, updated, content FROM firestore_journal ORDER BY number"
        found = self._database.connection.execute(select).fetchall()
        self._last = found[-1][0] if found else 0
        return [entry[1:] for entry in found]

    def add(self, name: str, created: int, updated: int, content: bytes | None) -> int:
        """Write down what a document becomes; its number in the journal."""
        self._last += 1
        self._unwritten.append((self._last, name, created, updated, content))
        if len(self._unwritten) == 1:
            self._database.before_commit(self._take)
        return self._last

    def _take(self) -> local_database.Rows:
        rows, self._unwritten = self._unwritten, []
        return "INSERT INTO firestore_journal (number, name, created, updated, content) VALUES (?, ?, ?, ?, ?)", rows

    def drop(self, before: int | None) -> None:
        """Forget what has a number below this one, None: all of it, since it is in the tables."""
        last = self._last + 1 if before is None else before
        self._unwritten = [entry for entry in self._unwritten if entry[0] >= last]
        self._database.write("DELETE FROM firestore_journal WHERE number < ?", (last,))
