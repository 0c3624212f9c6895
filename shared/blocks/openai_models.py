"""How does each of OpenAI's models want to be asked: over which of its two APIs, and thinking how much?

Those that think know ``max_completion_tokens`` and one temperature
(https://developers.openai.com/api/docs/guides/reasoning). From GPT-5.4 on Chat Completions calls functions only for
models that are told not to think, and for some never (https://developers.openai.com/api/docs/guides/deployment-checklist,
https://developers.openai.com/api/docs/models/gpt-6.1-terra, …/gpt-6.2-astra); some models the Responses API alone has
(``ResponsesModel`` of the ``openai`` library).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Api = Literal["chat", "responses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``thinks``: before it answers. ``texts``: the API that it answers over; ``tools``: the one over which it calls
    tools. ``thoughtless``: it calls them only when told not to think."""

    thinks: bool = True
    texts: Api = "chat"
    tools: Api = "chat"
    thoughtless: bool = False


_RESPONSES_ALONE: Final = Kind(texts="responses", tools="responses")

_KINDS: Final[Sequence[tuple[str, Kind]]] = (
    (r"gpt-.*chat.*", Kind(thinks=False)),
    (r"(o\d|gpt-[5-9]).*-(pro|codex|deep-research|cyber|rosalind)(-.*)?", _RESPONSES_ALONE),
    (r"gpt-(daybreak|rosalind)-.*", _RESPONSES_ALONE),
    (r"o\d.*|gpt-5(\.[0-3])?(-.*)?", Kind()),
    (r"gpt-5\.[4-6](-.*)?|gpt-6-(sol|luna)(-.*)?", Kind(thoughtless=True)),
    (r"gpt-([5-9]|\d\d).*", Kind(tools="responses")),
)
"""The first whose pattern a name matches. The last row has gpt-6-astra, gpt-6.1-sol, gpt-6.1-terra and gpt-6.2-…, and
whatever comes after them: every model of OpenAI's can be asked over the Responses API."""

_PATTERNS = [(re.compile(pattern), kind) for pattern, kind in _KINDS]


def of(model: str) -> Kind:
    """Of a model by the name that OpenAI gives it, or OpenRouter."""
    name = model.removeprefix("openai/")
    return next((kind for pattern, kind in _PATTERNS if pattern.fullmatch(name)), Kind(thinks=False))


def api(model: str, *, tools: bool) -> Api:
    """The one to ask it over. ``tools``: whether the conversation has any, or calls of some."""
    kind = of(model)
    return kind.tools if tools else kind.texts


def effort(model: str, *, successor: bool, tools: bool) -> str | None:
    """How much to let it think, at OpenAI; None: as much as it does by itself. ``successor``: it answers for one that
    did not think."""
    if tools and of(model).thoughtless:
        return "none"
    return "low" if successor else None
