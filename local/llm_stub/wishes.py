"""Which form does a conversation ask for in plain words? A schema in a system message, one word of two, one name."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_ONE_WORD = re.compile(r"one word, (\w+) or (\w+)")
_ONE_OF = re.compile(r"name alone, one of: (.+?)\.\n")
_BREAKS = re.compile(r"stub-breaks-json-(\d+)")


def schema(texts: Sequence[str]) -> Any:
    """The first JSON Schema that begins a line of one of the texts, or None."""
    for text in texts:
        for found in re.finditer(r"^\{", text, re.MULTILINE):
            try:
                value, _ = json.JSONDecoder().raw_decode(text[found.start() :])
            except ValueError:
                continue
            if isinstance(value, Mapping) and ("type" in value or "properties" in value or "$ref" in value):
                return value
    return None


def word(text: str) -> str | None:
    """The first of two words, where one of them is asked for; of several names the one that the rest of the text
    speaks of, or the first."""
    if found := _ONE_WORD.search(text):
        return found[1]
    if found := _ONE_OF.search(text):
        names = found[1].split(", ")
        rest = text[found.end() :].lower()
        return next((name for name in names if name.lower() in rest), names[0])
    return None


def breaks_json(model: str, texts: Sequence[str], answers: int) -> bool:
    """``stub-breaks-json-2``, as the model or in a text, gives broken JSON to a conversation in which it has answered
    less than twice. In a text it leaves the model one that has a price."""
    found = _BREAKS.fullmatch(model) or next((one for text in texts if (one := _BREAKS.search(text))), None)
    return found is not None and answers < int(found[1])
