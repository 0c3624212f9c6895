"""What does a service want to see again of a model's turn that the message does not say?

OpenAI's Responses API keeps nothing for us: what a model thought before it called a tool comes to us encrypted, and
has to come back with the result (https://developers.openai.com/api/docs/guides/reasoning). So it lies in the
assistant's message, under a name of its own, and is stored and handed on with the conversation; other services never
see it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

KEY: Final = "responses"
"""In the assistant's message: ``{"model": who thought, "items": [those of the turn, in order]}``."""

MAX_CHARACTERS: Final = 1_000_000
"""Of the thoughts of a conversation, the last; so they stay far below what a value may have and a model takes."""

Message = Mapping[str, Any]


def without(message: Message) -> dict[str, Any]:
    """The message as every service knows it."""
    return {name: value for name, value in message.items() if name != KEY}


def bounded(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The conversation, its oldest thoughts forgotten where they are too many."""
    left = MAX_CHARACTERS
    kept: list[dict[str, Any]] = []
    for message in reversed(messages):
        left -= len(str(message[KEY])) if KEY in message else 0
        kept.append(dict(message) if left >= 0 else without(message))
    return kept[::-1]
