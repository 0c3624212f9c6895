"""The local Firestore answers random sequences of operations as Google's emulator does.

``DIFFERENTIAL_SEQUENCES`` says how many (the long run: 5000) and ``DIFFERENTIAL_SEED`` where to begin. A sequence
that differs is printed as short as it can be made; ``python -m tests.differential --seed N`` finds it again.
"""

import asyncio
import os
import uuid

import grpc.aio
import pytest

from local.database import Database
from local.firestore.service import FirestoreService
from tests.differential import comparison
from tests.differential.comparison import Comparison
from tests.differential.emulator import emulating

SEQUENCES = int(os.environ.get("DIFFERENTIAL_SEQUENCES", "200"))
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "0"))
_AT_ONCE = 4


@pytest.fixture
async def compared():
    database = Database(None)
    service = FirestoreService(database)
    with emulating() as googles:
        if googles is None:
            pytest.skip("Google's Firestore emulator needs gcloud with its component, and Java")
        ours = f"127.0.0.1:{await service.start(0)}"
        async with grpc.aio.insecure_channel(ours) as our, grpc.aio.insecure_channel(googles) as google:
            yield Comparison(our, google, f"d-{uuid.uuid4().hex[:8]}")
    await service.stop()
    database.close()


@pytest.mark.emulator
@pytest.mark.timeout(120 + SEQUENCES)
async def test_random_sequences_are_answered_alike(compared):
    seeds = iter(range(SEED, SEED + SEQUENCES))
    different: list[int] = []

    async def work():
        different.extend([seed for seed in seeds if await compared.difference(comparison.sequence(seed))])

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    told = [await told_shortly(compared, seed) for seed in sorted(different)[:5]]
    print(f"{compared.sequences} sequences, {compared.operations} operations; accepted: {dict(compared.passed_over)}")
    assert not any(told), "\n\n".join(filter(None, told))
    assert len(different) <= 1 + SEQUENCES // 100, f"{different} differ, each only once"
    assert compared.operations >= 15 * SEQUENCES, "most operations are not compared any more"


async def told_shortly(compared, seed):
    """How a sequence differs; nothing if it does not do so again, as when a lock timed out on a loaded machine."""
    shortest = await compared.shortest(comparison.sequence(seed))
    if shortest is None:
        return None
    sequence, difference = shortest
    return "\n".join((f"seed {seed}:", *map(str, sequence), str(difference)))
