"""How is a service asked that speaks OpenAI's API? Chat completions, embeddings, images, by its own client.

https://platform.openai.com/docs/api-reference/chat, and the compatible services of ``providers``.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from shared.blocks import completions, openai_models, thoughts, tls, tokens
from shared.blocks.block import Context
from shared.blocks.completions import Completion, Question
from shared.blocks.prices import Usage
from shared.blocks.providers import Endpoint

if TYPE_CHECKING:
    import openai

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], openai.AsyncOpenAI]]" = (
    WeakKeyDictionary()
)


async def ask(question: Question, at: Endpoint, context: Context) -> Completion:
    """The answer, as ``completions.complete`` says, not charged yet."""
    options = _options(question)
    async with client(at, context) as service, translated(question.model, at, context):
        create: Any = service.chat.completions.create
        if question.tell is None or at.chosen:
            answer = await create(**options)
            return _completion(answer, question.model)
        return await _streamed(create, options, question)


def _options(question: Question) -> dict[str, Any]:
    thinks = openai_models.of(question.model).thinks
    form: Any = question.form
    if form == "json":
        form = {"type": "json_object"}
    elif form is not None:
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(form)}}
    options = {
        "max_completion_tokens" if thinks else "max_tokens": question.max_tokens,
        "reasoning_effort": question.effort if thinks else None,
        "temperature": None if thinks else question.temperature,
        "tools": [dict(tool) for tool in question.tools] or None,
        "parallel_tool_calls": False if question.tools and not question.parallel and not thinks else None,
        "response_format": form,
        "extra_headers": {"Idempotency-Key": question.key} if question.key else None,
    }
    return {
        "model": question.model,
        "messages": [thoughts.without(message) for message in question.messages],
        **{name: value for name, value in options.items() if value is not None},
    }


def _completion(answer: Any, model: str) -> Completion:
    if not getattr(answer, "choices", None):
        raise completions.refused(f"{model} answered without a choice")
    choice = answer.choices[0]
    return Completion(
        text=choice.message.content or "",
        model=answer.model or model,
        usage=usage(answer.usage),
        tool_calls=[_call(call) for call in choice.message.tool_calls or () if call.type == "function"],
        cut=choice.finish_reason == "length",
        reported=_reported(answer.usage),
        refusal=_refusal(choice.finish_reason, getattr(choice.message, "refusal", None)),
    )


def _refusal(ended: str | None, said: str | None) -> str:
    return completions.FILTERED if ended == "content_filter" else said or ""


def _call(call: Any) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}


async def _streamed(create: Any, options: dict[str, Any], question: Question) -> Completion:
    """The answer put together from its pieces, each told as it comes."""
    text: list[str] = []
    refusal: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    model, used, ended = question.model, None, ""
    async with await create(**options, stream=True, stream_options={"include_usage": True}) as stream:
        async for chunk in stream:
            model, used = chunk.model or model, chunk.usage or used
            for choice in chunk.choices[:1]:
                ended = choice.finish_reason or ended
                refusal.append(getattr(choice.delta, "refusal", None) or "")
                if piece := choice.delta.content:
                    text.append(piece)
                    if question.tell is not None:
                        await question.tell(piece)
                for part in choice.delta.tool_calls or ():
                    _add(calls, part)
    if not ended:
        # Every stream says why it ends (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
        if text or calls:
            raise completions.broken_off(question.model)
        raise completions.refused(f"{question.model} answered without a choice")
    counted = usage(used) if used is not None else _estimated(options, "".join(text), calls)
    return Completion(
        text="".join(text),
        model=model,
        usage=counted,
        tool_calls=[calls[index] for index in sorted(calls)],
        cut=ended == "length",
        reported=_reported(used),
        refusal=_refusal(ended, "".join(refusal)),
    )


def _estimated(options: dict[str, Any], text: str, calls: dict[int, dict[str, Any]]) -> Usage:
    """Not every service counts what it streams; a call is not free for that."""
    made = tokens.estimate(text + str([call["function"] for call in calls.values()] if calls else ""))
    return Usage(prompt=tokens.of_messages(options["messages"]), completion=made)


def _add(calls: dict[int, dict[str, Any]], part: Any) -> None:
    call = calls.setdefault(part.index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
    call["id"] = part.id or call["id"]
    if part.function is not None:
        call["function"]["name"] += part.function.name or ""
        call["function"]["arguments"] += part.function.arguments or ""


def usage(counted: Any) -> Usage:
    """Of any of OpenAI's answers; services count more or less of it."""
    if counted is None:
        return Usage()
    details = getattr(counted, "prompt_tokens_details", None)
    return Usage(
        prompt=int(getattr(counted, "prompt_tokens", None) or getattr(counted, "input_tokens", None) or 0),
        completion=int(getattr(counted, "completion_tokens", None) or getattr(counted, "output_tokens", None) or 0),
        cached=int(getattr(details, "cached_tokens", None) or 0),
        written=int(getattr(details, "cache_write_tokens", None) or 0),
    )


def _reported(counted: Any) -> float | None:
    """OpenRouter says what a call cost (https://openrouter.ai/docs/use-cases/usage-accounting)."""
    cost = getattr(counted, "cost", None)
    return float(cost) if isinstance(cost, int | float) else None


@asynccontextmanager
async def client(at: Endpoint, context: Context) -> "AsyncGenerator[openai.AsyncOpenAI]":
    """A client of the service. The deployment's is kept for each event loop, with its connections; one with a user's
    key, or for a host that a user chose, which goes the guarded way, is closed after the call."""
    import openai

    options: dict[str, Any] = {"max_retries": 0, "timeout": completions.TIMEOUT_SECONDS}
    if at.chosen:
        from shared.blocks import guarded_transport

        options["http_client"] = guarded_transport.client(context)
    elif not at.own:
        clients = _clients.setdefault(asyncio.get_running_loop(), {})
        if (at.key, at.url) not in clients:
            clients[at.key, at.url] = openai.AsyncOpenAI(api_key=at.key or "none", base_url=at.url, **options)
        yield clients[at.key, at.url]
        return
    else:
        options["http_client"] = openai.DefaultAsyncHttpxClient(verify=tls.context())
    async with openai.AsyncOpenAI(api_key=at.key or "none", base_url=at.url, **options) as own:
        yield own


@asynccontextmanager
async def translated(model: str, at: Endpoint, context: Context) -> AsyncGenerator[None]:
    """Failures of the client as those of a block."""
    import httpx2
    import openai

    from shared.blocks import guarded_transport

    try:
        yield
    except openai.APITimeoutError as error:
        raise completions.timed_out(model) from error
    except (openai.APIConnectionError, httpx2.TransportError) as error:
        raise guarded_transport.refusal(error) or completions.unreachable(model, error) from error
    except openai.APIStatusError as error:
        raise completions.by_status(
            model, error.status_code, error.message, error.code, error.response.headers, at, context
        ) from error
    except openai.APIError as error:  # within a stream that had begun
        body: Any = error.body
        said = cast(Mapping[str, Any], body) if isinstance(body, Mapping) else {"message": error.message}
        raise completions.by_code(model, said, at, context) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise completions.garbled(model, error) from error
    except openai.OpenAIError as error:
        raise completions.refused(f"The request to {model} failed: {error}") from error


async def close() -> None:
    """Close the clients of this event loop."""
    for kept in _clients.pop(asyncio.get_running_loop(), {}).values():
        await kept.close()
