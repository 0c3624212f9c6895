"""What do the tests of blocks need? A context, with a clock that stands still and no way to the world."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.blocks import catalog, chat_api, completions, runner
from shared.blocks.block import Context
from shared.blocks.completions import Completion, Model
from shared.blocks.memory import Kept, Near, Scope
from tests.unit.blocks.model_service import ASKED, TOOL, Service

NOON = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)


class NoWorld:
    """Refuses every request: a block that reaches out in a test of what is pure fails it."""

    async def request(self, method: str, url: str, **options: Any) -> Any:
        raise AssertionError(f"an unexpected request: {method} {url}")


class Remembering:
    """A memory in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Scope, str], Any] = {}
        self.learnt: dict[tuple[Scope, str], dict[str, Any]] = {}

    async def find(self, scope: Scope, key: str) -> Kept | None:
        return Kept(value=self.kept[scope, key]) if (scope, key) in self.kept else None

    async def keep(self, scope: Scope, key: str, value: Any) -> None:
        self.kept[scope, key] = value

    async def forget(self, scope: Scope, key: str) -> bool:
        return self.kept.pop((scope, key), self) is not self

    async def learn(self, scope: Scope, collection: str, texts: Any, meanings: Any, metadata: Any) -> None:
        space = self.learnt.setdefault((scope, collection), {})
        space.update({text: (vector, metadata) for text, vector in zip(texts, meanings, strict=True)})

    async def recall(self, scope: Scope, collection: str, vector: Any, limit: int) -> list[Near]:
        near = [
            Near(text=text, metadata=metadata, similarity=sum(a * b for a, b in zip(vector, its, strict=True)))
            for text, (its, metadata) in self.learnt.get((scope, collection), {}).items()
        ]
        return sorted(near, key=lambda one: -one.similarity)[:limit]

    async def unlearn(self, scope: Scope, collection: str) -> int:
        return len(self.learnt.pop((scope, collection), {}))


def _no_time() -> datetime:
    raise AssertionError("a pure block asks for the time")


@pytest.fixture
def context() -> Callable[..., Context]:
    """``pure``: without time, randomness and memory. The random bytes are all the same."""

    def make(http: Any = None, settings: Mapping[str, str] | None = None, pure: bool = False, **more: Any) -> Context:
        rest: dict[str, Any] = (
            {"now": _no_time}
            if pure
            else {
                "now": lambda: NOON,
                "memory": Remembering(),
                "random_bytes": lambda count: b"\x07" * count,
            }
        )
        return Context(**{**rest, "http": http or NoWorld(), "settings": settings or {}, **more})

    return make


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.stop()


@pytest.fixture
async def run(context: Any, service: Service) -> AsyncIterator[Callable[..., Any]]:
    """Runs a block with ``service`` as the deployment's language model."""

    async def go(block_type: str, values: dict[str, Any], **more: Any) -> runner.Outcome:
        block = catalog.get(block_type)
        more.setdefault("settings", {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": service.url})
        return await runner.collect(block, catalog.read_input(block, values), context(**more))

    yield go
    await chat_api.close()


@pytest.fixture
async def ask(context: Any, service: Service) -> AsyncIterator[Callable[..., Any]]:
    """Asks a model of ``service``, which speaks both of OpenAI's APIs, with a tool."""
    settings = {"OPENAI_API_KEY": "sk-of-all", "OPENAI_BASE_URL": service.url, "OPENAI_RESPONSES_API": "true"}

    async def go(
        messages: Any = ASKED, *, model: Model | str = "gpt-6.1-sol", tools: Any = (TOOL,), **more: Any
    ) -> Completion:
        options = {name: more.pop(name) for name in ("parallel", "form", "pin") if name in more}
        asked = Model(name=model) if isinstance(model, str) else model
        made = context(**{"settings": settings, **more})
        return await completions.complete(messages, asked, made, tools=tools, **options)

    yield go
    await chat_api.close()
