"""What do the tests of blocks need? A context, with a clock that stands still and no way to the world."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.blocks.block import Context

NOON = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)


class NoWorld:
    """Refuses every request: a block that reaches out in a test of what is pure fails it."""

    async def request(self, method: str, url: str, **options: Any) -> Any:
        raise AssertionError(f"an unexpected request: {method} {url}")


@pytest.fixture
def context() -> Callable[..., Context]:
    def make(http: Any = None, settings: Mapping[str, str] | None = None, **more: Any) -> Context:
        return Context(now=lambda: NOON, http=http or NoWorld(), settings=settings or {}, **more)

    return make
