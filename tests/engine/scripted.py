"""A language model that says what a test has written down: it answers by what was asked, and keeps all questions."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from shared.blocks import completions
from shared.blocks.completions import Completion
from shared.blocks.prices import Usage
from shared.domain import errors

PRICE = 0.25
"""Dollars of an answer."""

Answer = Callable[[Sequence[dict[str, Any]]], Any]


class Scripted:
    """``answers``: after so many of the model's own turns in a conversation, this is its next: a text, or calls
    ``(name, arguments)``. So it says the same when it is asked again after a crash. ``asked``: each time the messages
    and the names of the tools."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.asked: list[tuple[list[dict[str, Any]], list[str]]] = []
        self.fails: list[errors.BlockError] = []

    async def complete(
        self, messages: Any, model: Any, context: Any, *, tools: Any = (), **options: Any
    ) -> Completion:
        said = [dict(message) for message in messages]
        self.asked.append((said, [tool["function"]["name"] for tool in tools]))
        if self.fails:
            raise self.fails.pop(0)
        context.charge(PRICE)
        turn = sum(message["role"] == "assistant" for message in said)
        answer = self.answers[turn]
        if callable(answer):
            answer = answer(said)
        if isinstance(answer, str):
            return Completion(text=answer, model="scripted", usage=Usage(prompt=10, completion=1))
        calls = [_call(turn, number, *call) for number, call in enumerate(answer)]
        return Completion(text="", model="scripted", usage=Usage(prompt=10, completion=1), tool_calls=calls)


def _call(turn: int, number: int, name: str, arguments: Any) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": f"call{turn}x{number}", "type": "function", "function": {"name": name, "arguments": text}}


def results(messages: Sequence[dict[str, Any]]) -> list[str]:
    """What the tools gave, in order."""
    return [message["content"] for message in messages if message["role"] == "tool"]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    scripted = Scripted()
    monkeypatch.setattr(completions, "complete", scripted.complete)
    return scripted
