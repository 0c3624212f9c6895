"""What does a page of the store cost, and does a search find what is meant? python -m benchmarks.store

The function ``store`` over HTTP, in a process of its own, with ``--listings`` (10000) in a local Firestore whose
reads are counted. Printed: how often a query's agent is among the first ten (``benchmarks/relevance``); time and
documents of pages of filters, orders and searches up to the 1,000th item, asked for the first time and again.
"""

import argparse
import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks import serving
from benchmarks.relevance import corpus, filling
from tests.engine.metering import Calls

LAST_ITEM = 1_000
FILTERS: Sequence[Mapping[str, str]] = (
    {},
    {"featured": "true"},
    {"featured": "false"},
    {"category": "data"},
    {"creator": "Creator 3"},
    {"category": "research", "featured": "false"},
)
ORDERS = ("", "popular", "recent", "rating")
SIZES = (20, 100)
SEARCHES = ("", "forecast", "museum loans for schools", "somebody who keeps track of train delays", "compars batery")


@dataclass(frozen=True)
class Asked:
    """One answer: how long it took, and documents read beyond the size of its page."""

    seconds: float
    beyond: int
    items: int


async def measure(count: int) -> None:
    calls = Calls()
    known, queries = corpus.known()
    async with serving.function("store", [calls]) as served:
        await filling.fill([*known, *corpus.made(count - len(known))])
        url = f"http://127.0.0.1:{served.port}/api/v1"
        async with httpx.AsyncClient(base_url=url, headers=served.headers, timeout=60) as http:
            cold = await ask(http, calls, {"search_query": "anything", "page_size": "1"})
            print(
                f"{count:,} listings; the first search of an instance: {cold.seconds:.1f} s, {cold.beyond} documents"
            )
            await relevance(http, queries)
            for name in ("for the first time", "again"):
                print(f"pages {name}: {summary([await ask(http, calls, params) for params in pages()])}")


async def relevance(http: httpx.AsyncClient, queries: Sequence[corpus.Query]) -> None:
    found, seconds = defaultdict[str, list[bool]](list), list[float]()
    for query in queries:
        begun = time.perf_counter()
        answer = await http.get("/store/agents", params={"search_query": query.text, "page_size": 10})
        seconds.append(time.perf_counter() - begun)
        found[query.kind].append(query.wanted in [one["title"] for one in answer.json()["items"]])
    for kind, hits in found.items():
        print(f"recall@10, {kind}: {sum(hits) / len(hits):.3f} of {len(hits)}")
    print(f"a search that nobody asked before: {percentile(seconds, 0.95) * 1000:.0f} ms (p95)")


def pages() -> Iterator[dict[str, str]]:
    """The first page of each, one within, and the one with the 1,000th item."""
    for wanted, order, search, size in itertools.product(FILTERS, ORDERS, SEARCHES, SIZES):
        last = LAST_ITEM // size
        for page in (1, last // 2, last):
            asked = {"sorted_by": order, "search_query": search, "page_size": str(size), "page": str(page)}
            yield {**wanted, **{name: value for name, value in asked.items() if value}}


async def ask(http: httpx.AsyncClient, calls: Calls, params: Mapping[str, str]) -> Asked:
    before, begun = calls.bill.reads, time.perf_counter()
    answer = await http.get("/store/agents", params=params)
    seconds = time.perf_counter() - begun
    body: dict[str, Any] = answer.json()
    assert answer.status_code == 200, body
    return Asked(seconds, calls.bill.reads - before - int(params["page_size"]), len(body["items"]))


def summary(asked: Sequence[Asked]) -> str:
    seconds = [one.seconds for one in asked]
    median, late = (f"{percentile(seconds, at) * 1000:.0f} ms" for at in (0.5, 0.95))
    beyond = max(one.beyond for one in asked)
    shown = sum(one.items > 0 for one in asked)
    said = f"{median} (median), {late} (p95); at most page_size {beyond:+} documents"
    return f"{said}; {len(asked)} pages, {shown} of them not empty"


def percentile(values: Sequence[float], at: float) -> float:
    return sorted(values)[min(int(len(values) * at), len(values) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--listings", type=int, default=10_000)
    asyncio.run(measure(parser.parse_args().listings))


if __name__ == "__main__":
    main()
