"""How much do OpenAI's models think before they answer?

Those that think know ``max_completion_tokens`` and one temperature
(https://platform.openai.com/docs/guides/reasoning). From GPT-5.4 on they call functions over Chat Completions only
when told not to think (https://developers.openai.com/api/docs/models/gpt-6-luna); some cannot be told so.
"""

import re

from shared.domain import errors

_THINK = re.compile(r"(openai/)?(o\d|gpt-([5-9]|\d\d))(?!.*chat)")
_CALL_WITHOUT = re.compile(r"gpt-(5\.([4-9]|\d\d)|[6-9]|\d\d)(?!.*chat)")
_ALWAYS_THINK = re.compile(r"gpt-(6-astra|6\.1-sol)")


def thinks(model: str) -> bool:
    return _THINK.match(model) is not None


def effort(model: str, *, successor: bool, tools: bool) -> str | None:
    """What to ask OpenAI's own API for; None: the model's default. ``successor``: it answers for one that did not
    think. BlockError, reason ``INVALID_INPUT``: the model calls no tools there."""
    if tools and _ALWAYS_THINK.match(model):
        raise errors.BlockError(
            f"{model} calls tools over OpenAI's Responses API only: choose gpt-6-sol or gpt-6-luna",
            reason="INVALID_INPUT",
        )
    if tools and _CALL_WITHOUT.match(model):
        return "none"
    return "low" if successor else None
