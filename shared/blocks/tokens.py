"""About how many tokens does a text take, and how is it made to fit?

An estimate that needs no vocabulary, and rather too high than too low: vocabularies differ from model to model, and
none of them ships with this. Latin text takes a token for about four characters in the models of today
(https://platform.openai.com/tokenizer), other scripts one for about two or three bytes; three and two are counted.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.blocks import thoughts

ASCII_A_TOKEN: Final = 3
BYTES_A_TOKEN: Final = 2
A_MESSAGE: Final = 4
"""What a message takes beside its text."""

CUT: Final = "\n[… shortened …]\n"


def estimate(text: str) -> int:
    """Tokens of a text, in all likelihood at most."""
    plain = len(text.encode("ascii", "ignore"))
    other = len(text.encode("utf-8", "replace")) - plain
    return math.ceil(plain / ASCII_A_TOKEN) + math.ceil(other / BYTES_A_TOKEN)


def of_messages(messages: Sequence[Mapping[str, Any]]) -> int:
    return sum(A_MESSAGE + estimate(_text(message)) for message in messages)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    more = [message[name] for name in ("tool_calls", thoughts.KEY) if message.get(name)]
    return f"{content if content is not None else ''}{''.join(map(str, more))}"


def split(text: str, size: int, overlap: int) -> list[str]:
    """Parts of at most about ``size`` tokens, cut at line ends or blanks where there are some; each begins with about
    ``overlap`` tokens of the one before. Parts grow anyway: ``overlap`` is held below half of ``size``."""
    overlap = min(overlap, size // 2)
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = _end(text, start, size)
        parts.append(text[start:end])
        if end >= len(text):
            break
        start = max(_start(text, end, overlap), start + 1)
    return parts


def _end(text: str, start: int, size: int) -> int:
    """How far a part may reach that starts there, moved back to where words end."""
    end = min(len(text), start + size * ASCII_A_TOKEN)
    while end - start > 1 and estimate(text[start:end]) > size:
        end = start + max(1, (end - start) * size // estimate(text[start:end]))
    if end < len(text):
        nice = max(text.rfind(mark, start + (end - start) // 2, end) for mark in ("\n", " ", "。"))
        end = nice + 1 if nice >= 0 else end
    return end


def _start(text: str, end: int, overlap: int) -> int:
    start = max(0, end - overlap * ASCII_A_TOKEN)
    while start < end and estimate(text[start:end]) > overlap:
        start += max(1, (end - start) // 8)
    return start


def fit(messages: Sequence[Mapping[str, Any]], budget: int) -> list[dict[str, Any]]:
    """The messages within ``budget`` tokens: the longest texts lose their middle, the longest first. Those that are
    short already stay as they are, even where that is too much."""
    fitted = [dict(message) for message in messages]
    while of_messages(fitted) > budget:
        longest = max(
            (message for message in fitted if isinstance(message.get("content"), str)),
            key=lambda message: len(message["content"]),
            default=None,
        )
        if longest is None or len(longest["content"]) < 20 * len(CUT):
            break
        longest["content"] = _shorter(longest["content"], of_messages(fitted) - budget)
    return fitted


def _shorter(text: str, tokens: int) -> str:
    """Without its middle: by about so many tokens, at most by half."""
    keep = max(len(text) // 2, len(text) - (tokens + estimate(CUT)) * ASCII_A_TOKEN) - len(CUT)
    head = keep * 2 // 3
    return f"{text[:head]}{CUT}{text[len(text) - (keep - head) :]}"
