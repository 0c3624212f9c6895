"""On random graphs, under random interleavings, duplicates, delays and deaths, the engine tells what the rules tell.

``GRAPHS`` (2,000) says how many graphs; a failure names the command that replays it.
"""

import logging
import os
import random

import pytest

from tests.conftest import Tell
from tests.property import blocks, checking, graphs, running
from tests.property.interpreter import interpret
from tests.property.telling import Ambiguous, TooLarge

GRAPHS = int(os.environ.get("GRAPHS", "2000"))
CHUNK = 100
MOST_SKIPPED = 0.15

_chunks = pytest.mark.parametrize("first", range(0, GRAPHS, CHUNK), ids=lambda first: f"from-{first}")


@_chunks
@pytest.mark.timeout(600)
async def test_the_engine_tells_what_the_rules_tell(first: int, tell: Tell) -> None:
    logging.disable(logging.CRITICAL)  # of the blocks that fail
    skipped = 0
    try:
        async with running.theatre() as channel:
            for seed in range(first, min(first + CHUNK, GRAPHS)):
                match await checking.check(channel, seed):
                    case checking.Skipped():
                        skipped += 1
                    case checking.Found() as found:
                        pytest.fail(await checking.report(channel, found), pytrace=False)
                    case None:
                        pass
    finally:
        logging.disable(logging.NOTSET)
    tell(f"property: graphs {first} to {first + CHUNK - 1}: {CHUNK - skipped} alike, {skipped} too large or open")
    assert skipped <= MOST_SKIPPED * CHUNK, "too many graphs are skipped to mean anything"


@_chunks
def test_no_order_of_completions_changes_what_the_rules_say(first: int) -> None:
    for seed in range(first, min(first + CHUNK, GRAPHS), 4):
        case = graphs.case(seed)
        try:
            told = interpret(case.graph, blocks.BEHAVIOURS, case.inputs, most=running.MOST)
        except (Ambiguous, TooLarge):
            continue
        for number in range(3):
            pick = random.Random(f"{seed} {number}").randrange
            other = interpret(case.graph, blocks.BEHAVIOURS, case.inputs, most=running.MOST, pick=pick)
            assert other == told, f"seed {seed}"
