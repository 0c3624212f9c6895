"""Which transactions are open, of which mode is each, and when is it over?

``PESSIMISTIC``, the mode of a read-write transaction that asks for none, reads the present and locks what it reads:
see ``locks``. ``OPTIMISTIC`` reads at one time, that of its first read, and is validated when it commits: had
anything it read changed since, it is ABORTED. ``READ_ONLY`` reads at one time and is never in anybody's way.
https://firebase.google.com/docs/firestore/transaction-data-contention
"""

import itertools
import os
from dataclasses import dataclass
from enum import StrEnum

from local.firestore import errors, messages
from local.firestore.history import History
from local.firestore.locks import Locks, Owner
from local.firestore.messages import Message

IDLE = 60_000_000
LIFE = 270_000_000
"""Microseconds after which an idle and any transaction expires
(https://firebase.google.com/docs/firestore/quotas#writes_and_transactions)."""


SWEEP = 1_000_000
"""Microseconds between two looks for what has expired."""

PAST = 3_600_000_000
"""Microseconds of the past that production can read without point-in-time recovery."""


_OPTIMISTIC = 1
_PREFIX = 8


class Mode(StrEnum):
    """How a transaction is kept apart from others."""

    READ_ONLY = "READ_ONLY"
    OPTIMISTIC = "OPTIMISTIC"
    PESSIMISTIC = "PESSIMISTIC"


@dataclass(slots=True)
class Transaction:
    """An open transaction. ``time``: in µs, the one at which it reads unless it is pessimistic, once it has read.

    ``owner``: what it has read, under locks if it is pessimistic.
    """

    id: bytes
    database: str
    mode: Mode
    owner: Owner
    began: int
    used: int
    time: int | None = None

    def is_over(self, now: int) -> bool:
        """Whether it idled or lived too long."""
        return now - self.used > IDLE or now - self.began > LIFE


class Transactions:
    """The open transactions. An id: what is this process's own, a number, the number of the first attempt."""

    def __init__(self, history: History) -> None:
        self.locks = Locks()
        self._history = history
        self._open: dict[bytes, Transaction] = {}
        self._prefix = os.urandom(_PREFIX)
        self._numbers = itertools.count(1)
        self._last = 0
        self._swept = 0

    def begin(self, database: str, options: Message, now: int) -> Transaction:
        """Open one. INVALID_ARGUMENT or FAILED_PRECONDITION: its read time cannot be read."""
        mode, time, age = Mode.PESSIMISTIC, None, None
        if options.WhichOneof("mode") == "read_only":
            mode, time = Mode.READ_ONLY, self._history.advance(now)
            if options.read_only.HasField("read_time"):
                time = self.check_time(messages.micros(options.read_only.read_time), now)
        else:
            if options.read_write.concurrency_mode == _OPTIMISTIC:
                mode = Mode.OPTIMISTIC
            age = self._age(options.read_write.retry_transaction)
        owner = self.newcomer()
        if age is not None:
            owner.age = age
        id_ = self._prefix + self._last.to_bytes(8, "big") + owner.age.to_bytes(8, "big")
        self._open[id_] = Transaction(id_, database, mode, owner, now, now, time)
        return self._open[id_]

    def newcomer(self) -> Owner:
        """Who begins now: a transaction, or a commit without one."""
        self._last = next(self._numbers)
        return Owner(self._last)

    def _age(self, retried: bytes) -> int | None:
        """When the first attempt of a transaction began that runs again; None: unknown."""
        return int.from_bytes(retried[_PREFIX + 8 :], "big") if self._was(retried) else None

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
        number = int.from_bytes(id_[_PREFIX : _PREFIX + 8], "big")
        return id_[:_PREFIX] == self._prefix and len(id_) == _PREFIX + 16 and number <= self._last

    def _refusal(self, id_: bytes) -> errors.FirestoreError:
        return errors.invalid("Transaction is invalid or closed." if self._was(id_) else "Invalid transaction.")

    def close(self, transaction: Transaction) -> None:
        """Let no more calls use it: its commit is under way. Its locks stay until ``locks.release``."""
        self._open.pop(transaction.id, None)

    def end(self, id_: bytes) -> None:
        """Close a transaction, if it is open, and let go of its locks. INVALID_ARGUMENT: it never was."""
        transaction = self._open.pop(id_, None)
        if transaction is not None:
            self.locks.release(transaction.owner)
        elif not self._was(id_):
            raise errors.invalid("Invalid transaction.")

    def expire(self, now: int) -> None:
        """End what idled or lived too long, and let go of the history that nobody needs any more."""
        if 0 <= now - self._swept < SWEEP:
            return
        self._swept = now
        for transaction in [one for one in self._open.values() if one.is_over(now)]:
            self.end(transaction.id)
        times = [t.time for t in self._open.values() if t.time is not None]
        self._history.trim(min(times, default=self._history.last))

    def read_time(self, transaction: Transaction, now: int) -> int:
        """The time at which it reads, unless it is pessimistic: from its first read on the same."""
        if transaction.time is None:
            transaction.time = self._history.advance(now)
        return transaction.time

    def validate(self, transaction: Transaction) -> None:
        """ABORTED when something that an optimistic transaction read has changed since."""
        time = transaction.time
        if transaction.mode is not Mode.OPTIMISTIC or time is None:
            return
        history, owner = self._history, transaction.owner
        if any(history.changed_since(database, path, time) for database, path in owner.documents):
            raise _conflict()
        for observed in owner.queries:
            if any(observed.is_touched(change) for change in history.since(time)):
                raise _conflict()


def _conflict() -> errors.FirestoreError:
    return errors.aborted(
        "Too much contention on these documents: what the transaction read was changed by another. Please try again."
    )
