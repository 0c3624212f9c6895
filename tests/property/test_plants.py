"""Every planted defect is found within a bounded number of graphs.

All of ``plants.py`` are caught by ``test_the_engine_tells_what_the_rules_tell``, on the same graphs; here each is
planted, and the graphs are run until one shows it. Four are always planted; ``PLANTS=1`` plants them all, which takes
minutes and is part of ``make long``.
"""

import logging
import os

import pytest

from tests.conftest import Tell
from tests.property import checking, running
from tests.property.plants import PLANTS

MOST_GRAPHS = 600

ALWAYS = ("keys_ignored", "commits_without_fence", "not_dispatched_again", "settling_not_asked")
NAMES = tuple(PLANTS) if os.environ.get("PLANTS") else ALWAYS


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.timeout(600)
async def test_a_planted_defect_is_found(name: str, monkeypatch: pytest.MonkeyPatch, tell: Tell) -> None:
    logging.disable(logging.CRITICAL)
    PLANTS[name].plant(monkeypatch)
    try:
        async with running.theatre() as channel:
            for seed in range(MOST_GRAPHS):
                how = checking.how_of(seed, crash=PLANTS[name].crash)
                found = await checking.check(channel, seed, how)
                if isinstance(found, checking.Found):
                    tell(f"plant: {name}: found by graph {seed}: {found.text.splitlines()[0][:100]}")
                    return
    finally:
        logging.disable(logging.NOTSET)
    pytest.fail(f"{name} shows in none of {MOST_GRAPHS} graphs")
