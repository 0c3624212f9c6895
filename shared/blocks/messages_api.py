"""How is Anthropic's API asked? In its own form, by its own client: https://platform.claude.com/docs/en/api/messages.

Messages and tools come and go in OpenAI's form. A schema of the answer is left to the prompt, and the temperature to
the model: the client knows none any more.
"""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from shared.blocks import completions, tls
from shared.blocks.block import Context
from shared.blocks.completions import Completion, Message, Question
from shared.blocks.prices import Usage
from shared.blocks.providers import Endpoint
from shared.domain import errors

MAX_TOKENS = 4096
"""Of an answer, where nobody said how many: the API wants to be told, and every model gives so many."""


async def ask(question: Question, at: Endpoint, context: Context) -> Completion:
    """The answer, as ``completions.complete`` says, not charged yet."""
    import anthropic

    certificates = anthropic.DefaultAsyncHttpxClient(verify=tls.context())
    options: dict[str, Any] = {"api_key": at.key, "base_url": at.url, "max_retries": 0, "http_client": certificates}
    async with (
        anthropic.AsyncAnthropic(**options, timeout=completions.TIMEOUT_SECONDS) as service,
        _translated(question.model, at, context),
        service.messages.stream(**_options(question)) as stream,
    ):
        async for piece in stream.text_stream:
            if question.tell is not None:
                await question.tell(piece)
        return _completion(await stream.get_final_message(), question.model)


def _options(question: Question) -> dict[str, Any]:
    system, messages = translate(question.messages)
    choice = {"type": "auto", "disable_parallel_tool_use": not question.parallel}
    options = {
        "system": system or None,
        "tools": [_tool(tool["function"]) for tool in question.tools] or None,
        "tool_choice": choice if question.tools else None,
        "extra_headers": {"Idempotency-Key": question.key} if question.key else None,
    }
    return {
        "model": question.model,
        "messages": messages,
        "max_tokens": question.max_tokens or MAX_TOKENS,
        **{name: value for name, value in options.items() if value is not None},
    }


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": function["name"],
        "description": function.get("description", ""),
        "input_schema": function.get("parameters") or {"type": "object", "properties": {}},
    }


def translate(messages: Sequence[Message]) -> tuple[str, list[dict[str, Any]]]:
    """The system prompt, and the rest in Anthropic's form: turns alternate, so neighbours of one role are joined."""
    system = "\n\n".join(str(m.get("content") or "") for m in messages if m.get("role") in ("system", "developer"))
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.get("role") in ("system", "developer"):
            continue
        role, blocks = _blocks(message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return system, turns


def _blocks(message: Message) -> tuple[str, list[dict[str, Any]]]:
    content = message.get("content")
    if message.get("role") == "tool":
        result = {"type": "tool_result", "tool_use_id": message.get("tool_call_id", ""), "content": str(content)}
        return "user", [result]
    parts = cast(list[Any], content) if isinstance(content, list) else [content] if content else []
    blocks = [_part(part) for part in parts]
    for call in cast(Sequence[Mapping[str, Any]], message.get("tool_calls") or ()):
        function = call["function"]
        given = _arguments(function.get("arguments"))
        blocks.append({"type": "tool_use", "id": call["id"], "name": function["name"], "input": given})
    return ("assistant" if message.get("role") == "assistant" else "user"), blocks


def _part(part: Any) -> dict[str, Any]:
    """A part of a message; an image goes by its address or its data."""
    if isinstance(part, Mapping) and part.get("type") == "image_url":
        url = str(cast(Mapping[str, Any], part["image_url"]).get("url", ""))
        if url.startswith("data:"):
            kind, _, data = url.removeprefix("data:").partition(";base64,")
            return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
        return {"type": "image", "source": {"type": "url", "url": url}}
    if isinstance(part, Mapping):
        return dict(cast(Mapping[str, Any], part))
    return {"type": "text", "text": str(part)}


def _arguments(text: Any) -> dict[str, Any]:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        given = {"arguments": text}
    return given if isinstance(given, dict) else {"arguments": given}


def _completion(answer: Any, model: str) -> Completion:
    used = answer.usage
    cached, written = used.cache_read_input_tokens or 0, used.cache_creation_input_tokens or 0
    return Completion(
        text="".join(block.text for block in answer.content if block.type == "text"),
        model=answer.model or model,
        usage=Usage(
            prompt=used.input_tokens + cached + written,
            completion=used.output_tokens,
            cached=cached,
            written=written,
        ),
        tool_calls=[_call(block) for block in answer.content if block.type == "tool_use"],
        cut=answer.stop_reason == "max_tokens",
        refusal="it does not say why" if answer.stop_reason == "refusal" else "",
    )


def _call(block: Any) -> dict[str, Any]:
    function = {"name": block.name, "arguments": json.dumps(block.input, ensure_ascii=False)}
    return {"id": block.id, "type": "function", "function": function}


@asynccontextmanager
async def _translated(model: str, at: Endpoint, context: Context) -> AsyncGenerator[None]:
    """Failures of the client as those of a block."""
    import anthropic
    import httpx2

    try:
        yield
    except errors.BlockError:
        raise
    except anthropic.APITimeoutError as error:
        raise completions.timed_out(model) from error
    except (anthropic.APIConnectionError, httpx2.TransportError) as error:
        raise completions.unreachable(model, error) from error
    except anthropic.APIStatusError as error:
        status, headers = error.status_code, error.response.headers
        raise completions.by_status(model, status, error.message, None, headers, at, context) from error
    except anthropic.AnthropicError as error:
        raise completions.refused(f"The request to {model} failed: {error}") from error
