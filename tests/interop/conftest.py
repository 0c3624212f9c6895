"""The stage on which imported agents run."""

from collections.abc import AsyncIterator

import pytest

from local.llm_stub import LlmStubService
from tests.engine.stage import Stage, staged


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    async with staged(monkeypatch, Stage) as made:
        yield made


@pytest.fixture
async def model_port() -> AsyncIterator[int]:
    """The stub of a language model, as a laptop has it."""
    service = LlmStubService()
    yield await service.start(0)
    await service.stop()
