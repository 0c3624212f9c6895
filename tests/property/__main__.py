"""``python -m tests.property SEED``: run one graph again and say what differs. ``… FIRST LAST``: many, in short."""

import asyncio
import logging
import sys
from collections import Counter

from tests.property import checking, graphs, running


def _say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def _one(seed: int) -> int:
    async with running.theatre() as channel:
        found = await checking.check(channel, seed)
        _say(checking.described(graphs.case(seed)))
        _say(await checking.report(channel, found) if isinstance(found, checking.Found) else found or "no difference")
        return isinstance(found, checking.Found)


async def _many(first: int, last: int) -> int:
    counts: Counter[str] = Counter()
    async with running.theatre() as channel:
        for seed in range(first, last):
            match await checking.check(channel, seed):
                case checking.Skipped(why):
                    counts[f"skipped: {why}"] += 1
                case checking.Found(_, text):
                    counts["differ"] += 1
                    _say(f"{seed}: {text.splitlines()[0][:200]}")
                case None:
                    counts["as they should be"] += 1
    _say(", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    return counts["differ"] > 0


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    seeds = [int(text) for text in sys.argv[1:]]
    sys.exit(asyncio.run(_one(*seeds) if len(seeds) == 1 else _many(*seeds)))
