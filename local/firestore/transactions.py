"""Which transactions are open, what has each read, and may it still commit?

A read-write transaction reads at one time, that of its first read, and is validated when it commits: had anything
it read changed since, it is ABORTED and the client runs it again. Of two that conflict the first to commit wins.
Nobody waits. (Production locks by default, https://firebase.google.com/docs/firestore/transaction-data-contention;
both give serializable transactions, and differ in who waits and who runs again.)
"""

import itertools
import os
from dataclasses import dataclass, field

from local.firestore import errors, messages
from local.firestore.history import History
from local.firestore.messages import Message
from local.firestore.names import Path
from local.firestore.ranges import Observed

IDLE = 60_000_000
LIFE = 270_000_000
"""Microseconds after which an idle and any transaction expires
(https://firebase.google.com/docs/firestore/quotas#writes_and_transactions)."""


SWEEP = 1_000_000
"""Microseconds between two looks for what has expired."""

PAST = 3_600_000_000
"""Microseconds of the past that production can read without point-in-time recovery."""


@dataclass(slots=True)
class Transaction:
    """An open transaction. ``time``: the one at which it reads, in µs, once it has read."""

    id: bytes
    database: str
    read_only: bool
    began: int
    used: int
    time: int | None = None
    paths: set[Path] = field(default_factory=set[Path])
    queries: list[Observed] = field(default_factory=list[Observed])

    def is_over(self, now: int) -> bool:
        """Whether it idled or lived too long."""
        return now - self.used > IDLE or now - self.began > LIFE


class Transactions:
    """The open transactions."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._open: dict[bytes, Transaction] = {}
        self._prefix = os.urandom(8)
        self._numbers = itertools.count(1)
        self._last = 0
        self._swept = 0

    def begin(self, database: str, options: Message, now: int) -> Transaction:
        """Open one. INVALID_ARGUMENT or FAILED_PRECONDITION: its read time cannot be read."""
        read_only = options.WhichOneof("mode") == "read_only"
        time = None
        if read_only:
            time = self._history.advance(now)
            if options.read_only.HasField("read_time"):
                time = self.check_time(messages.micros(options.read_only.read_time), now)
        self._last = next(self._numbers)
        id_ = self._prefix + self._last.to_bytes(8, "big")
        self._open[id_] = Transaction(id_, database, read_only, now, now, time)
        return self._open[id_]

    def check_time(self, time: int, now: int) -> int:
        """``time``, if it can be read."""
        if time > self._history.advance(now):
            raise errors.invalid("The requested 'read_time' cannot be in the future.")
        if time < max(self._history.oldest, now - PAST):
            raise errors.failed_precondition("The requested 'read_time' is too old.")
        return time

    def get(self, id_: bytes, database: str, now: int) -> Transaction:
        """The open transaction. INVALID_ARGUMENT: it never was, has ended, or is another database's."""
        self.expire(now)
        transaction = self._open.get(id_)
        if transaction is None or transaction.is_over(now):
            raise self._refusal(id_)
        if transaction.database != database:
            raise errors.invalid(f"The transaction belongs to {transaction.database}, not to {database}.")
        transaction.used = now
        return transaction

    def _was(self, id_: bytes) -> bool:
        return id_[:8] == self._prefix and len(id_) == 16 and int.from_bytes(id_[8:], "big") <= self._last

    def _refusal(self, id_: bytes) -> errors.FirestoreError:
        return errors.invalid("Transaction is invalid or closed." if self._was(id_) else "Invalid transaction.")

    def end(self, id_: bytes) -> None:
        """Close a transaction, if it is open. INVALID_ARGUMENT: it never was."""
        if self._open.pop(id_, None) is None and not self._was(id_):
            raise errors.invalid("Invalid transaction.")

    def expire(self, now: int) -> None:
        """End what idled or lived too long, and let go of the history that nobody needs any more."""
        if 0 <= now - self._swept < SWEEP:
            return
        self._swept = now
        self._open = {id_: transaction for id_, transaction in self._open.items() if not transaction.is_over(now)}
        times = [t.time for t in self._open.values() if t.time is not None]
        self._history.trim(min(times, default=self._history.last))

    def read_time(self, transaction: Transaction, now: int) -> int:
        """The time at which it reads, from its first read on."""
        if transaction.time is None:
            transaction.time = self._history.advance(now)
        return transaction.time

    def validate(self, transaction: Transaction) -> None:
        """ABORTED when something that the transaction read has changed since."""
        time = transaction.time
        if transaction.read_only or time is None:
            return
        history, database = self._history, transaction.database
        if any(history.changed_since(database, path, time) for path in transaction.paths):
            raise _conflict()
        for observed in transaction.queries:
            if any(observed.is_touched(change) for change in history.since(time)):
                raise _conflict()


def _conflict() -> errors.FirestoreError:
    return errors.aborted(
        "Too much contention on these documents: what the transaction read was changed by another. Please try again."
    )
