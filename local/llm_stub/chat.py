"""What does the stub answer to a conversation? Always the same to the same request, and marked as a stub's.

a tool's result came last -> a sentence that reports it
tools are offered         -> calls of the tools that the message names, or of the one that it fits best
a JSON form is asked for  -> a value of that form; stub-breaks-json-N as model or in a text: the first N times broken
one word is asked for     -> the first of the two; of several names the one that the text speaks of
otherwise                 -> "[stub]" and the first sentences of the last user message
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.llm_stub import schemas, wishes

MARK = "[stub]"
CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_MESSAGE = 3
_MAX_ECHO = 400
_SENTENCES = 2
Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The assistant's turn. ``tool_calls`` in OpenAI's form; then ``text`` is None."""

    text: str | None
    tool_calls: Sequence[Mapping[str, Any]]
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


def count_tokens(text: str) -> int:
    """The stub's rule: four characters make a token."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def text_of(content: Any) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(part.get("text", f"[{part.get('type', 'part')}]") for part in parts if isinstance(part, Mapping))


def reply_to(request: Mapping[str, Any]) -> Reply:
    """The answer to the body of ``/v1/chat/completions``, which has at least one message; of ``/v1/responses`` too,
    in that form."""
    messages: list[Message] = request["messages"]
    prompt_tokens = sum(count_tokens(text_of(m.get("content"))) + _TOKENS_PER_MESSAGE for m in messages)
    tools = _tools_to_call(request, messages)
    if tools:
        calls = [_tool_call(tool, messages) for tool in tools]
        return Reply(
            text=None,
            tool_calls=calls,
            finish_reason="tool_calls",
            prompt_tokens=prompt_tokens,
            completion_tokens=sum(count_tokens(json.dumps(call)) for call in calls),
        )
    text = _text(request, messages)
    limit = request.get("max_completion_tokens") or request.get("max_tokens")
    is_cut = limit is not None and count_tokens(text) > limit
    text = text[: limit * CHARACTERS_PER_TOKEN] if is_cut and limit is not None else text
    return Reply(
        text=text,
        tool_calls=[],
        finish_reason="length" if is_cut else "stop",
        prompt_tokens=prompt_tokens,
        completion_tokens=count_tokens(text),
    )


def _text(request: Mapping[str, Any], messages: list[Message]) -> str:
    said = _first_sentences(_last_of_user(messages))
    if messages[-1].get("role") in ("tool", "function"):
        said = f"The tool answered: {text_of(messages[-1].get('content'))[:_MAX_ECHO]}"
    form = request.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema") if form.get("type") == "json_schema" else None
    if schema is None:
        schema = wishes.schema([text_of(m.get("content")) for m in messages if m.get("role") == "system"])
    if schema is not None or form.get("type") == "json_object":
        value = {"stub": True, "reply": f"{MARK} {said}"}
        value = value if schema is None else schemas.instance(schema, f"{MARK} {said}")
        text = json.dumps(value, ensure_ascii=False)
        answers = sum(message.get("role") == "assistant" for message in messages)
        said_so_far = [text_of(m.get("content")) for m in messages if m.get("role") != "assistant"]
        return text[:-1] if wishes.breaks_json(str(request.get("model")), said_so_far, answers) else text
    return wishes.word(_last_of_user(messages)) or f"{MARK} {said}"


def _last_of_user(messages: list[Message]) -> str:
    texts = [text_of(message.get("content")) for message in messages if message.get("role") == "user"]
    return texts[-1] if texts else text_of(messages[-1].get("content"))


def _first_sentences(text: str) -> str:
    sentences = re.split(r"(?<=[.!?。！？])\s+", text.strip())
    return " ".join(sentences[:_SENTENCES])[:_MAX_ECHO]


def _tools_to_call(request: Mapping[str, Any], messages: list[Message]) -> list[Mapping[str, Any]]:
    """The functions to call: none is offered or wanted, or a result is there already."""
    functions = [tool["function"] for tool in request.get("tools") or () if tool.get("type") == "function"]
    choice = request.get("tool_choice") or "auto"
    if not functions or choice == "none" or messages[-1].get("role") in ("tool", "function"):
        return []
    if isinstance(choice, Mapping):
        name = choice.get("function", {}).get("name")
        return [next((function for function in functions if function["name"] == name), functions[0])]
    text = _last_of_user(messages)
    named = [f for f in functions if f["name"] in text]
    if named:
        return named if request.get("parallel_tool_calls") is not False else named[:1]
    said = _words(text)
    return [max(functions, key=lambda f: len(said & _words(f"{f['name']} {f.get('description') or ''}")))]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]{3,}", text.lower()))


def _tool_call(function: Mapping[str, Any], messages: list[Message]) -> dict[str, Any]:
    text = _first_sentences(_last_of_user(messages))
    arguments = json.dumps(
        schemas.instance(function.get("parameters") or {"type": "object"}, text), ensure_ascii=False
    )
    digest = hashlib.sha256(f"{len(messages)}{function['name']}{arguments}".encode()).hexdigest()
    return {
        "id": f"call_stub_{digest[:16]}",
        "type": "function",
        "function": {"name": function["name"], "arguments": arguments},
    }
