"""Which operations does a random sequence consist of?

A sequence begins with a few documents. After them come single calls, and short episodes: a transaction, two that
meet, a client that begins to listen. What a transaction has locked is written by others only as a ``race``: the write
is sent first and waits, then the transaction ends; anything else would wait until a lock times out.
"""

from random import Random
from typing import Any

from tests.differential import random_queries, random_writes
from tests.differential.operations import Operation, Request

RACE = "race"
LISTEN, UNLISTEN, SYNC = "listen", "unlisten", "sync"


class Generator:
    """Makes one sequence. The same seed makes the same one."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._made: list[Operation] = []
        self._commits = 0
        self._transactions = 0
        self._targets: list[int] = []
        self._last_target = 1

    def sequence(self, length: int) -> list[Operation]:
        """About ``length`` operations."""
        self._commit([_whole(self._random, path) for path in random_writes.PATHS[:6]])
        while len(self._made) < length:
            weighted = [
                (self._write, 5),
                (self._one_document, 3),
                (self._query, 6),
                (self._aggregate, 2),
                (self._list, 2),
                (self._read_many, 1),
                (self._transaction, 2),
                (self._race, 1),
                (self._read_only, 1),
                (self._listen, 1),
                (self._sync, 2 if self._targets else 0),
            ]
            steps, weights = zip(*weighted, strict=True)
            self._random.choices(steps, weights)[0]()
        self._sync()
        return self._made

    def _add(self, method: str, request: Request, number: int = 0) -> None:
        self._made.append(Operation(method, request, number))

    def _commit(self, writes: list[Any], **more: Any) -> None:
        self._add("Commit", {"database": "db", "writes": writes, **more})
        self._commits += 1

    def _is(self, probability: float) -> bool:
        return self._random.random() < probability

    def _write(self) -> None:
        writes = random_writes.writes(self._random)
        if self._is(0.2):
            self._add("BatchWrite", {"database": "db", "writes": writes})
        else:
            self._commit(writes)

    def _one_document(self) -> None:
        random, name = self._random, random_writes.path(self._random)
        match random.choice(("get", "get", "create", "update", "delete")):
            case "get":
                request: Request = {"name": f"~/{name}", **self._mask(), **self._at()}
                self._add("GetDocument", request)
            case "create":
                parent, _, id_ = f"~/{name}".rpartition("/")
                above, _, collection = parent.rpartition("/")
                document = {"fields": random_writes.fields(random)}
                request = {"parent": above, "collection_id": collection, "document_id": id_, "document": document}
                self._add("CreateDocument", {**request, **self._mask()})
            case "update":
                request = {"document": random_writes.document(random, name), **self._mask()}
                if self._is(0.4):
                    request["update_mask"] = random_writes.mask(random)
                self._add("UpdateDocument", {**request, **self._precondition(name)})
            case _:
                self._add("DeleteDocument", {"name": f"~/{name}", **self._precondition(name)})

    def _mask(self) -> Request:
        return {"mask": random_writes.mask(self._random)} if self._is(0.2) else {}

    def _precondition(self, name: str) -> Request:
        return {"current_document": random_writes.precondition(self._random, name)} if self._is(0.3) else {}

    def _at(self) -> Request:
        """Sometimes a time of the past to read at."""
        return {"read_time": ("commit", self._random.randrange(self._commits))} if self._is(0.15) else {}

    def _parent(self) -> str:
        return self._random.choice(("~", "~", "~", "~/c/a", "~/d/a"))

    def _query(self) -> None:
        query = random_queries.query(self._random)
        self._add("RunQuery", {"parent": self._parent(), "structured_query": query, **self._at()})

    def _aggregate(self) -> None:
        query = random_queries.query(self._random)
        query.pop("select", None)
        wanted = {"structured_query": query, "aggregations": random_queries.aggregations(self._random)}
        request = {"parent": self._parent(), "structured_aggregation_query": wanted, **self._at()}
        self._add("RunAggregationQuery", request)

    def _list(self) -> None:
        random = self._random
        if self._is(0.3):
            self._add("ListCollectionIds", {"parent": self._parent(), "page_size": random.randrange(3), **self._at()})
            return
        request: Request = {"parent": self._parent(), "collection_id": random.choice(("c", "s", "d"))}
        request["page_size"] = random.randrange(4)
        if self._is(0.3):
            request |= {"show_missing": True, "mask": {}}
        elif self._is(0.3):
            request["order_by"] = random.choice(("n", "n desc", "m asc, n desc", "__name__"))
        self._add("ListDocuments", {**request, **self._mask(), **self._at()})

    def _read_many(self) -> None:
        names = [f"~/{random_writes.path(self._random)}" for _ in range(self._random.randrange(1, 5))]
        self._add("BatchGetDocuments", {"database": "db", "documents": names, **self._mask(), **self._at()})

    def _begin(self, options: Request) -> tuple[str, int]:
        self._transactions += 1
        self._add("BeginTransaction", {"database": "db", "options": options}, self._transactions)
        return "transaction", self._transactions

    def _read_in(self, transaction: tuple[str, int]) -> None:
        random = self._random
        match random.choice(("get", "get", "batch", "query")):
            case "get":
                self._add("GetDocument", {"name": f"~/{random_writes.path(random)}", "transaction": transaction})
            case "batch":
                names = [f"~/{random_writes.path(random)}" for _ in range(2)]
                self._add("BatchGetDocuments", {"database": "db", "documents": names, "transaction": transaction})
            case _:
                query = random_queries.query(random)
                self._add("RunQuery", {"parent": "~", "structured_query": query, "transaction": transaction})

    def _end(self, transaction: tuple[str, int]) -> None:
        if self._is(0.25):
            self._add("Rollback", {"database": "db", "transaction": transaction})
            return
        self._commit(random_writes.writes(self._random), transaction=transaction)
        if self._is(0.2):
            self._random.choice((self._read_in, self._commit_again))(transaction)
        self._add("Rollback", {"database": "db", "transaction": transaction})  # a refused commit may leave it open

    def _commit_again(self, transaction: tuple[str, int]) -> None:
        self._commit(random_writes.writes(self._random), transaction=transaction)

    def _transaction(self) -> None:
        transaction = self._begin({"read_write": {}} if self._is(0.5) else {})
        for _ in range(self._random.randrange(4)):
            self._read_in(transaction)
        self._end(transaction)

    def _race(self) -> None:
        """One waits for what another has read, until that one ends."""
        random, name = self._random, random_writes.path(self._random)
        transaction = self._begin({"read_write": {}})
        self._add("GetDocument", {"name": f"~/{name}", "transaction": transaction})
        waiting: Request = {"database": "db", "writes": [_whole(random, name)]}
        if self._is(0.5):
            other = self._begin({"read_write": {}})
            self._add("GetDocument", {"name": f"~/{name}", "transaction": other})
            waiting["transaction"] = other
        self._add(RACE, waiting)
        self._commits += 1
        if "transaction" not in waiting and self._is(0.5):
            self._commit([_whole(random, name)], transaction=transaction)
        else:
            self._add("Rollback", {"database": "db", "transaction": transaction})

    def _read_only(self) -> None:
        options: Request = {"read_only": self._at()}
        transaction = self._begin(options)
        self._read_in(transaction)
        if self._is(0.5):
            self._write()
        self._read_in(transaction)
        self._end(transaction)

    def _listen(self) -> None:
        random = self._random
        if self._targets and self._is(0.3):
            self._add(UNLISTEN, {}, self._targets.pop(random.randrange(len(self._targets))))
            return
        self._last_target += 1
        if self._is(0.3):
            names = [f"~/{random_writes.path(random)}" for _ in range(random.randrange(1, 3))]
            target: Request = {"documents": {"documents": names}}
        else:
            target = {"query": {"parent": "~", "structured_query": random_queries.query(random, wild=False)}}
        self._add(LISTEN, target, self._last_target)
        self._targets.append(self._last_target)
        self._sync()

    def _sync(self) -> None:
        self._add(SYNC, {})


def _whole(random: Random, name: str) -> Any:
    return {"update": random_writes.document(random, name)}
