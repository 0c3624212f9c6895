"""How is OpenAI's Responses API asked, over which its newest models alone call tools?

https://developers.openai.com/api/reference/resources/responses. Nothing is stored there: each question holds the
whole conversation, what the model thought before it called tools included (``thoughts``). Answers are read as plain
JSON, whatever they hold: the client's own types take anything without a look.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, cast

from shared.blocks import chat_api, completions, openai_models, responses_items, tokens
from shared.blocks.block import Context
from shared.blocks.completions import Completion, Question
from shared.blocks.prices import Usage
from shared.blocks.providers import Endpoint

if TYPE_CHECKING:
    import openai

MIN_TOKENS = 16
"""Fewer are refused (https://github.com/earendil-works/pi/issues/6265)."""

Body = dict[str, Any]


async def ask(question: Question, at: Endpoint, context: Context) -> Completion:
    """The answer, as ``completions.complete`` says, not charged yet."""
    import openai

    async with chat_api.client(at, context) as service, chat_api.translated(question.model, at, context):
        body = options(question)
        try:
            response = await _asked(service, body, question, question.key)
        except openai.BadRequestError as error:
            # Thoughts that another organisation's key had encrypted, or that were damaged since: think afresh.
            if error.code != "invalid_encrypted_content" or not _holds_thoughts(body):
                raise
            body["input"] = responses_items.from_messages(question.messages, question.model, thinking=False)
            response = await _asked(service, body, question, f"{question.key}-afresh" if question.key else "")
    return _completion(response, question, at, context)


def _holds_thoughts(body: Body) -> bool:
    return any(item.get("type") == "reasoning" for item in body["input"])


def options(question: Question) -> Body:
    """The body of the request."""
    thinks = openai_models.of(question.model).thinks
    limit = question.max_tokens and max(question.max_tokens, MIN_TOKENS)
    more = {
        "max_output_tokens": limit,
        "reasoning": {"effort": question.effort} if thinks and question.effort else None,
        "include": ["reasoning.encrypted_content"] if thinks else None,
        "temperature": None if thinks else question.temperature,
        "tools": [responses_items.from_tool(tool) for tool in question.tools] or None,
        "parallel_tool_calls": False if question.tools and not question.parallel else None,
        "text": {"format": _form(question.form)} if question.form is not None else None,
    }
    return {
        "model": question.model,
        "input": responses_items.from_messages(question.messages, question.model),
        "store": False,
        **{name: value for name, value in more.items() if value is not None},
    }


def _form(form: str | Mapping[str, Any] | None) -> Body:
    if form is None or isinstance(form, str):
        return {"type": "json_object"}
    return {"type": "json_schema", "name": "answer", "schema": dict(form), "strict": False}


async def _asked(service: "openai.AsyncOpenAI", body: Body, question: Question, key: str) -> Any:
    """The response, whichever way it comes; what is told is told on the way."""
    import openai

    headers: Any = {"headers": {"Idempotency-Key": key}} if key else {}
    if question.tell is None:
        return await service.post("/responses", cast_to=object, body=body, options=headers)
    stream = await service.post(
        "/responses",
        cast_to=object,
        body={**body, "stream": True},
        options=headers,
        stream=True,
        stream_cls=openai.AsyncStream[object],
    )
    async with stream:
        return await _heard(stream, question)


async def _heard(stream: Any, question: Question) -> Any:
    """The response at the end of a stream, with the items as they were when each was done: of thoughts, only those
    are whole (``ResponseReasoningItem`` of the ``openai`` library). Retryable: it broke off."""
    done: dict[int, Any] = {}
    aside: set[int] = set()  # what the model says meanwhile is no part of its answer
    async for event in cast(AsyncGenerator[Any], stream):
        match event:
            case {"type": "response.output_text.delta", "delta": str(piece)}:
                if question.tell is not None and cast(Body, event).get("output_index") not in aside:
                    await question.tell(piece)
            case {"type": "response.output_item.added", "output_index": int(at), "item": {"phase": "commentary"}}:
                aside.add(at)
            case {"type": "response.output_item.done", "output_index": int(at), "item": item}:
                done[at] = item
            case {"type": "response.completed" | "response.incomplete" | "response.failed", "response": {**response}}:
                output: Any = response.get("output")
                items = dict(enumerate(cast(list[Any], output))) if isinstance(output, list) else {}
                items |= done
                return {**response, "output": [items[number] for number in sorted(items)]}
            case {"type": "error"}:
                return {"status": "failed", "error": event}
            case _:
                pass
    raise completions.broken_off(question.model)


def _completion(response: Any, question: Question, at: Endpoint, context: Context) -> Completion:
    if not isinstance(response, Mapping):
        raise completions.refused(f"{question.model} answered with what is no response: {response!r:.100}")
    answer = cast(Mapping[str, Any], response)
    match answer.get("status"), answer.get("error"):
        case _, {**error}:
            raise completions.by_code(question.model, error, at, context)
        case "failed" | "cancelled" | "queued" | "in_progress", _:
            raise completions.broken_off(question.model)
        case _:
            pass
    try:
        said = responses_items.turn(answer.get("output"))
    except ValueError as error:
        raise completions.refused(f"{question.model} answered with {error}") from error
    why = _why_incomplete(answer)
    if not said.understood and why is None:
        what = f"with {', '.join(sorted(set(said.strange)))[:200]} alone" if said.strange else "without an item"
        raise completions.refused(f"{question.model} answered {what}")
    return Completion(
        text=said.text,
        model=str(answer.get("model") or question.model),
        usage=_usage(answer.get("usage"), question, said),
        tool_calls=said.calls,
        cut=why == "max_output_tokens",
        refusal=completions.FILTERED if why == "content_filter" else said.refusal,
        thoughts=said.kept(question.model),
    )


def _why_incomplete(answer: Mapping[str, Any]) -> Any:
    details = answer.get("incomplete_details")
    return cast(Body, details).get("reason") if isinstance(details, Mapping) else None


def _usage(counted: Any, question: Question, said: responses_items.Turn) -> Usage:
    """What the response counts, those of thinking among ``completion``; estimated where it does not count."""
    if not isinstance(counted, Mapping):
        made = tokens.estimate(said.text + (str(said.calls) if said.calls else ""))
        return Usage(prompt=tokens.of_messages(question.messages), completion=made)
    used = cast(Mapping[str, Any], counted)
    given: Any = used.get("input_tokens_details")
    details = cast(Mapping[str, Any], given) if isinstance(given, Mapping) else {}
    return Usage(
        prompt=_count(used.get("input_tokens")),
        completion=_count(used.get("output_tokens")),
        cached=_count(details.get("cached_tokens")),
        written=_count(details.get("cache_write_tokens")),
    )


def _count(value: Any) -> int:
    return max(value, 0) if isinstance(value, int) else 0
