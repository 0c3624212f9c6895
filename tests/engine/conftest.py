"""The stage on which the engine runs: each test has a Firestore of its own, in its own process."""

from collections.abc import AsyncIterator

import pytest

from tests.engine.stage import Stage, staged


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    async with staged(monkeypatch, Stage) as made:
        yield made
