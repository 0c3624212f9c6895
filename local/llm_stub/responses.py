"""What does the stub make of a request of the Responses API, and what does it answer?

It answers as over Chat Completions (``chat``), and is as strict with a conversation as OpenAI where that matters to
those who hold it themselves (``store: false``): calls and results in pairs, thoughts only as they were given, and
each before what came of it (https://developers.openai.com/api/docs/guides/reasoning).
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from local.llm_stub import chat
from local.llm_stub.chat import Reply

MIN_TOKENS = 16
THINKING_TOKENS = 8
"""That every thought takes."""

_ELSEWHERE = {"messages": "input", "response_format": "text.format", "max_tokens": "max_output_tokens"}
_NAMESPACE = uuid.UUID("5f1d7f0e-6a55-4f0a-9d4e-3c1b8a2f7c11")


class Refused(Exception):
    """Status, code and message of an answer that says no."""

    def __init__(self, message: str, *, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def as_chat(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same question to Chat Completions. Refused: OpenAI would not take it."""
    for name, instead in _ELSEWHERE.items():
        if name in body:
            raise Refused(f"Unsupported parameter: '{name}'. In the Responses API it is '{instead}'.")
    limit = body.get("max_output_tokens")
    if limit is not None and limit < MIN_TOKENS:
        message = f"Invalid 'max_output_tokens': Expected a value >= {MIN_TOKENS}, but got {limit} instead."
        raise Refused(message, code="integer_below_min_value")
    form = (body.get("text") or {}).get("format") or {}
    schema = {"type": "json_schema", "json_schema": {"schema": form.get("schema")}}
    return {
        "model": body["model"],
        "messages": _messages(body),
        "tools": [_function(tool, index) for index, tool in enumerate(body.get("tools") or ())],
        "tool_choice": body.get("tool_choice"),
        "parallel_tool_calls": body.get("parallel_tool_calls"),
        "max_tokens": limit,
        "response_format": schema if form.get("type") == "json_schema" else form,
    }


def _function(tool: Mapping[str, Any], index: int) -> dict[str, Any]:
    if tool.get("type") == "function" and not tool.get("name"):
        raise Refused(f"Missing required parameter: 'tools[{index}].name'.", code="missing_required_parameter")
    return {"type": tool.get("type"), "function": tool}


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise Refused("'input' must be a text, or a list of at least one item")
    _check_thoughts(items)
    _check_pairs(items)
    instructions = body.get("instructions")
    messages = [{"role": "developer", "content": instructions}] if instructions else []
    for item in items:
        _add(messages, item)
    return messages


def _add(messages: list[dict[str, Any]], item: Mapping[str, Any]) -> None:
    """An item as a message, or as a part of the turn before it."""
    match item.get("type", "message"):
        case "message":
            messages.append({"role": item.get("role"), "content": item.get("content")})
        case "function_call":
            call = {"id": item["call_id"], "type": "function", "function": dict(item)}
            if not messages or messages[-1]["role"] != "assistant":
                messages.append({"role": "assistant", "content": None})
            messages[-1].setdefault("tool_calls", []).append(call)
        case "function_call_output":
            messages.append({"role": "tool", "tool_call_id": item["call_id"], "content": item.get("output")})
        case "reasoning":
            pass
        case kind:
            raise Refused(f"Invalid value: '{kind}'.", code="invalid_value")


def _check_thoughts(items: Sequence[Mapping[str, Any]]) -> None:
    for item, following in zip(items, [*items[1:], {}], strict=True):
        if item.get("type") != "reasoning":
            continue
        sealed = item.get("encrypted_content")
        if not sealed:
            message = f"Item with id '{item.get('id')}' not found. Items are not persisted when `store` is false."
            raise Refused(message, status=404)
        if sealed != _sealed(str(item.get("id"))):
            raise Refused("The encrypted content could not be verified.", code="invalid_encrypted_content")
        if following.get("type") not in ("reasoning", "function_call") and following.get("role") != "assistant":
            raise Refused(
                f"Item '{item['id']}' of type 'reasoning' was provided without its required following item."
            )


def _check_pairs(items: Sequence[Mapping[str, Any]]) -> None:
    called: set[Any] = set()
    for item in items:
        if item.get("type") == "function_call":
            called.add(item.get("call_id"))
        elif item.get("type") == "function_call_output":
            if item.get("call_id") not in called:
                raise Refused(f"No tool call found for function call output with call_id {item.get('call_id')}.")
            called.discard(item.get("call_id"))
    if called:
        raise Refused(f"No tool output found for function call {min(map(str, called))}.")


def _sealed(id_: str) -> str:
    """What stands for the thought of that id: nobody else can write it, and nobody can read anything in it."""
    return f"stub-{uuid.uuid5(_NAMESPACE, id_).hex}"


def response(body: Mapping[str, Any], reply: Reply, created: int) -> dict[str, Any]:
    """The response that says the same as ``reply``."""
    asked = {name: value for name, value in body.items() if name != "stream"}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]
    thinks = "reasoning.encrypted_content" in (body.get("include") or ())
    is_cut = reply.finish_reason == "length"
    output = [_thought(digest)] if thinks else []
    output += [_message(digest, reply.text, is_cut)] if reply.text is not None else []
    output += [_called(digest, index, call) for index, call in enumerate(reply.tool_calls)]
    thought = THINKING_TOKENS if thinks else 0
    return {
        "id": f"resp_stub_{digest}",
        "object": "response",
        "created_at": created,
        "status": "incomplete" if is_cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
        "model": body["model"],
        "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "store": body.get("store") is not False,
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "usage": _usage(reply, thought),
    }


def _thought(digest: str) -> dict[str, Any]:
    id_ = f"rs_stub_{digest}"
    return {"id": id_, "type": "reasoning", "summary": [], "encrypted_content": _sealed(id_)}


def _message(digest: str, text: str, is_cut: bool) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    status = "incomplete" if is_cut else "completed"
    head = {"id": f"msg_stub_{digest}", "type": "message", "role": "assistant", "status": status}
    return {**head, "phase": "final_answer", "content": [part]}


def _called(digest: str, index: int, call: Mapping[str, Any]) -> dict[str, Any]:
    head = {"id": f"fc_stub_{digest}_{index}", "type": "function_call", "status": "completed"}
    return {**head, "call_id": call["id"], **call["function"]}


def _usage(reply: Reply, thought: int) -> dict[str, Any]:
    given, made = reply.prompt_tokens, reply.completion_tokens + thought
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": given + made,
    }


def answer(body: Mapping[str, Any], created: int) -> dict[str, Any]:
    """The response to a request. Refused; KeyError, TypeError, AttributeError: it has another shape than one."""
    return response(body, chat.reply_to(as_chat(body)), created)
