"""What does the engine ask of Firestore, and what would Google bill for it? Counted at the server.

https://cloud.google.com/firestore/pricing (Standard edition): a read for each document that a lookup or a query
answers with, one at least for a query; for an aggregation one for each batch of up to 1,000 index entries, one at
least; a write or delete for each document. Index entries are billed only for queries with several range fields, which
the engine has none of.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import grpc.aio

ENTRIES_A_READ = 1_000


@dataclass(frozen=True, slots=True)
class Bill:
    """Billed operations on documents, and the calls that made them."""

    calls: int = 0
    reads: int = 0
    writes: int = 0
    deletes: int = 0

    def __sub__(self, other: "Bill") -> "Bill":
        return Bill(
            self.calls - other.calls,
            self.reads - other.reads,
            self.writes - other.writes,
            self.deletes - other.deletes,
        )


class Calls(grpc.aio.ServerInterceptor):
    """``counts``: calls by method. ``written``: writes by the path of the document. ``bill``: all so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.written: Counter[str] = Counter()
        self.bill = Bill()

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        method = handler_call_details.method.rpartition("/")[2]
        self.counts[method] += 1
        self.bill = replace(self.bill, calls=self.bill.calls + 1)
        handler = await continuation(handler_call_details)
        if method == "Commit":
            return handler._replace(unary_unary=self._metered_commit(handler.unary_unary))
        if handler.unary_stream is not None:
            return handler._replace(unary_stream=self._metered_reads(method, handler.unary_stream))
        return handler

    def _metered_commit(self, call: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def commit(request: Any, context: Any) -> Any:
            answer = await call(request, context)  # a commit that is refused writes nothing, and raises
            deletes = sum(bool(write.delete) for write in request.writes)
            self.written.update(write.update.name for write in request.writes if write.update.name)
            writes = len(request.writes) - deletes
            self.bill = replace(self.bill, writes=self.bill.writes + writes, deletes=self.bill.deletes + deletes)
            return answer

        return commit

    def _metered_reads(
        self, method: str, call: Callable[[Any, Any], AsyncIterator[Any]]
    ) -> Callable[[Any, Any], AsyncIterator[Any]]:
        async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
            reads = 0
            async for answer in call(request, context):
                reads += _reads(method, answer)
                yield answer
            self.bill = replace(self.bill, reads=self.bill.reads + max(reads, 1))

        return stream


def _reads(method: str, answer: Any) -> int:
    if method == "RunAggregationQuery":
        counted = max((field.integer_value for field in answer.result.aggregate_fields.values()), default=0)
        return -(-counted // ENTRIES_A_READ)
    if method == "RunQuery":
        return int(bool(answer.document.name))
    return 1  # of BatchGetDocuments: found or missing
