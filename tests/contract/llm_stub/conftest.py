"""The stub on a free port, and OpenAI's client of it."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from local.llm_stub import LlmStubService

if TYPE_CHECKING:  # its models take nearly a second of CPU, which only the process of these tests pays
    import openai


@pytest.fixture
async def port() -> AsyncIterator[int]:
    service = LlmStubService()
    yield await service.start(0)
    await service.stop()


@pytest.fixture
async def client(port: int) -> "AsyncIterator[openai.AsyncOpenAI]":
    import openai

    async with openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0) as client:
        yield client
