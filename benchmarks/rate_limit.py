"""Does a rate limit hold across processes, and what does it cost? python -m benchmarks.rate_limit

Four processes, each an instance, ask for one user as fast as they are let, for some minutes; a local Firestore counts
the writes. ``--minutes`` (2), ``--limit`` (60), ``--processes`` (4).
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import grpc.aio

from local.database import Database
from local.firestore.service import FirestoreService

PAUSE = 0.02


class Commits(grpc.aio.ServerInterceptor):
    """Counts the calls that write."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        self.counts[details.method.rsplit("/", 1)[1]] += 1
        return await continuation(details)


async def ask(limit: int, until: float) -> dict[str, Any]:
    """One instance: at what times it allowed a request, and how often it was asked."""
    from shared.services.rate_limits import Limiter

    limiter, asked, allowed = Limiter(), 0, list[float]()
    while time.time() < until:
        decision = await limiter.ask("user", "ann", limit, datetime.now(UTC))
        asked += 1
        if decision.allowed:
            allowed.append(time.time())
        await asyncio.sleep(PAUSE)
    return {"asked": asked, "allowed": allowed}


async def measure(processes: int, limit: int, minutes: float) -> None:
    commits, database = Commits(), Database(None)
    service = FirestoreService(database, interceptors=[commits])
    environment = {**os.environ, "FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{await service.start(0)}"}
    until = time.time() + 60 * minutes - 1
    command = [sys.executable, "-m", "benchmarks.rate_limit", "--worker", str(until), "--limit", str(limit)]
    workers = [
        await asyncio.create_subprocess_exec(*command, env=environment, stdout=subprocess.PIPE)
        for _ in range(processes)
    ]
    said = [json.loads((await worker.communicate())[0]) for worker in workers]
    await service.stop()
    database.close()
    allowed = sorted(moment for one in said for moment in one["allowed"])
    by_minute = Counter(int((moment - allowed[0]) // 60) for moment in allowed)
    print(f"{processes} processes, limit {limit} a minute, asked {sum(one['asked'] for one in said)} times")
    busiest = max(bisect_left(allowed, first + 60) - place for place, first in enumerate(allowed))
    print(f"allowed by minute: {[by_minute[minute] for minute in sorted(by_minute)]}; in the busiest: {busiest}")
    print(f"by process: {[len(one['allowed']) for one in said]}")
    writes, reads = commits.counts["Commit"], commits.counts["BatchGetDocuments"]
    print(f"writes: {writes}, {writes / len(allowed):.3f} for a request that was allowed; reads: {reads}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rate_limit", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--worker", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker is not None:
        print(json.dumps(asyncio.run(ask(given.limit, given.worker))))
    else:
        asyncio.run(measure(given.processes, given.limit, given.minutes))


if __name__ == "__main__":
    main()
