"""Every planted defect is found within a bounded number of graphs.

All of ``plants.py`` are caught by ``test_the_engine_tells_what_the_rules_tell``, on the same graphs; here each is
planted, and the graphs are run until one shows it. ``PLANTS=1`` runs them; they are part of the long target.
"""

import logging
import os

import pytest

from tests.property import checking, running
from tests.property.plants import PLANTS

MOST_GRAPHS = 600

pytestmark = pytest.mark.skipif(not os.environ.get("PLANTS"), reason="they take minutes: PLANTS=1 runs them")


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.timeout(600)
async def test_a_planted_defect_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.disable(logging.CRITICAL)
    PLANTS[name].plant(monkeypatch)
    try:
        async with running.theatre() as channel:
            for seed in range(MOST_GRAPHS):
                how = checking.how_of(seed, crash=PLANTS[name].crash)
                found = await checking.check(channel, seed, how)
                if isinstance(found, checking.Found):
                    with capsys.disabled():
                        print(f"\n{name}: found by graph {seed}: {found.text.splitlines()[0][:100]}")
                    return
    finally:
        logging.disable(logging.NOTSET)
    pytest.fail(f"{name} shows in none of {MOST_GRAPHS} graphs")
