"""What does a language model answer to messages, and what did that cost?

Messages, tools and calls are in OpenAI's form, whichever service answers. One place chooses the service
(``providers``), asks it (``chat_api``, ``responses_api``, ``messages_api``), counts the cost and says which failures
may pass.
"""

import email.utils
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any

from shared import metrics
from shared.blocks import budget, openai_models, prices, providers, retired, thoughts, tokens
from shared.blocks.block import Context
from shared.blocks.prices import Usage
from shared.blocks.providers import Endpoint
from shared.domain import errors

TIMEOUT_SECONDS = 240.0
"""Below the timeout of a node, so that the failure says what was waited for."""

ANSWER_TOKENS = 4_096
"""Held for an answer whose length nobody limits."""

FILTERED = "its content filter stopped the answer"

_SECRET = 8  # a key of fewer characters is none

_STATUSES = {"rate_limit_exceeded": 429, "too_many_requests": 429, "server_error": 500, "overloaded_error": 529}
"""What an error that comes inside of an answer would have been as one of HTTP; what is not here stays wrong."""

Message = Mapping[str, Any]
"""``{"role": "system" | "user" | "assistant" | "tool", "content": text, …}``."""

Tell = Callable[[str], Awaitable[None]]
"""Is handed each piece of text as it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Which model is asked, and how: the pins that blocks share. ``credentials``: what the pin of that name holds."""

    name: str
    credentials: Any = None
    max_tokens: int | None = None
    temperature: float | None = None
    ollama_host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``tools``: functions in OpenAI's form. ``parallel``: whether several calls in one answer are welcome.
    ``form``: ``"json"``, or a JSON Schema of the answer; not every service keeps to it. ``effort``: how much a model
    that thinks first is to think; none: as it does. ``key``: the same for the same call, for services that know calls
    again. ``tell``: hears the text while it comes."""

    messages: Sequence[Message]
    model: str
    max_tokens: int | None = None
    temperature: float | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    parallel: bool = True
    form: str | Mapping[str, Any] | None = None
    effort: str | None = None
    key: str = ""
    tell: Tell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """``tool_calls`` in OpenAI's form. ``cut``: the answer ended at ``max_tokens``. ``reported``: what the service
    itself says that the call cost, in dollars. ``refusal``: why there is no answer, which is paid all the same.
    ``thoughts``: what the service wants to see again of this turn (``thoughts``)."""

    text: str
    model: str
    usage: Usage = field(default_factory=Usage)
    tool_calls: Sequence[Mapping[str, Any]] = ()
    cut: bool = False
    reported: float | None = None
    refusal: str = ""
    thoughts: Mapping[str, Any] | None = None

    @property
    def token_usage(self) -> dict[str, int]:
        total = self.usage.prompt + self.usage.completion
        return {
            "prompt_tokens": self.usage.prompt,
            "completion_tokens": self.usage.completion,
            "total_tokens": total,
        }

    @property
    def message(self) -> dict[str, Any]:
        """The answer as a message of the conversation."""
        calls = [dict(call) for call in self.tool_calls]
        kept = {thoughts.KEY: self.thoughts} if self.thoughts else {}
        return {"role": "assistant", "content": self.text or None} | ({"tool_calls": calls} if calls else {}) | kept

    def first_call_alone(self) -> "Completion":
        """The same with one call at most: not every service keeps to one."""
        return replace(self, tool_calls=self.tool_calls[:1])


async def complete(
    messages: Sequence[Message],
    model: Model,
    context: Context,
    *,
    tools: Sequence[Mapping[str, Any]] = (),
    parallel: bool = True,
    form: str | Mapping[str, Any] | None = None,
    pin: str | None = None,
) -> Completion:
    """The model's answer, charged. ``pin``: on which its text is told to those who watch, while it comes.

    Retryable for 429, 5xx, timeouts and broken connections; BlockError, reason ``INVALID_INPUT`` without a model,
    ``LLM_NOT_CONFIGURED`` without a key, ``LLM_REFUSED`` for what the service does not accept."""
    name = model.name.strip()
    if not name:
        raise errors.BlockError("The model is empty: name one, such as gpt-6-luna", reason="INVALID_INPUT")
    at = await providers.endpoint(name, model.credentials, model.ollama_host, context)
    effort = None
    if providers.is_openais(at.url):
        asked, name = name, retired.answering(name, context.now())
        effort = openai_models.effort(name, successor=name != asked, tools=bool(tools))
    question = Question(
        messages=messages,
        model=name,
        effort=effort,
        max_tokens=model.max_tokens,
        temperature=model.temperature,
        tools=tools,
        parallel=parallel,
        form=form,
        key=call_key(context, name, messages),
        tell=None if pin is None else context.teller(pin),
    )
    if at.api == "anthropic":
        from shared.blocks import messages_api as api
    elif at.responses and openai_models.api(name, tools=bool(tools) or _calls_some(messages)) == "responses":
        from shared.blocks import responses_api as api
    else:
        from shared.blocks import chat_api as api
    most = Usage(prompt=_asked_tokens(question), completion=model.max_tokens or ANSWER_TOKENS)
    async with paying(context, at, name, messages, most) as bill:
        completion = await api.ask(question, at, context)
        bill.dollars = charge(context, at, name, completion.usage, completion.reported)
    if completion.refusal:
        raise refused(f"{name} refused: {completion.refusal[:1_000]}")
    return completion


def _calls_some(messages: Sequence[Message]) -> bool:
    """Whether tools were called, which an agent's last turn may call no more."""
    return any(message.get("tool_calls") or message.get("role") == "tool" for message in messages)


def paying(
    context: Context, at: Endpoint, model: str, asked: Any, most: Usage
) -> AbstractAsyncContextManager[budget.Bill]:
    """Around a call: with the deployment's key it needs the credit of ``most``; with the user's own, none."""
    if at.own:
        return budget.paid(budget.NoBudget(), "", 0.0)
    dollars = prices.cost(_priced_at(at, model), model, most) or 0.0
    return budget.paid(context.budget, call_key(context, model, asked), dollars)


def _priced_at(at: Endpoint, model: str) -> str:
    return providers.of(model) if at.provider == providers.DEPLOYMENT else at.provider


def _asked_tokens(question: Question) -> int:
    tools = json.dumps([list(question.tools), question.form], default=str) if question.tools or question.form else ""
    return tokens.of_messages(question.messages) + tokens.estimate(tools)


def charge(context: Context, at: Endpoint, model: str, usage: Usage, reported: float | None = None) -> float:
    """Count the cost of a call: what the service says, else by the table; nothing where neither knows."""
    provider = _priced_at(at, model)
    metrics.record("llm_tokens_total", usage.prompt, provider=provider, kind="prompt")
    metrics.record("llm_tokens_total", usage.completion, provider=provider, kind="completion")
    dollars = (prices.cost(provider, model, usage) if reported is None else reported) or 0.0
    if dollars:
        context.charge(dollars)
        metrics.record("llm_cost_dollars_total", dollars, provider=provider)
    return dollars


def window(model: Model) -> int | None:
    """Tokens that the model takes at once; None: not known."""
    return prices.window(providers.of(model.name), model.name)


def call_key(context: Context, model: str, messages: Any) -> str:
    """The same for the same call of one node execution: a service that knows calls again answers it once."""
    if not context.idempotency_key:
        return ""
    said = json.dumps([model, messages], sort_keys=True, default=str).encode()
    return f"{context.idempotency_key}-{hashlib.sha256(said).hexdigest()[:16]}"


def timed_out(model: str) -> errors.Retryable:
    return _retryable(f"{model} did not answer within {TIMEOUT_SECONDS:.0f} seconds")


def broken_off(model: str) -> errors.Retryable:
    return _retryable(f"The answer of {model} broke off before its end")


def unreachable(model: str, error: BaseException) -> errors.Retryable:
    return _retryable(f"The service of {model} could not be reached ({error.__cause__ or error})")


def by_status(
    model: str,
    status: int,
    message: str,
    code: str | None,
    headers: Mapping[str, str],
    at: Endpoint,
    context: Context,
) -> errors.BlockError:
    """What an answer with an error means. The key is no part of the message, whatever the service says."""
    shown = message.replace(at.key, "…") if len(at.key) >= _SECRET else message
    what = f"{model} answered {status}: {shown[:1_000]}"
    whose = "the credentials of the node" if at.own else "OPENAI_API_KEY"
    if code == "insufficient_quota" or status == 402:
        return refused(f"{what}; the account behind {whose} has no credit left")
    if status in (401, 403):
        return refused(f"{what}; check {whose}")
    if status in (408, 409, 429) or status >= 500:
        return _retryable(what, after=retry_after(headers, context))
    return refused(what)


def by_code(model: str, error: Mapping[str, Any], at: Endpoint, context: Context) -> errors.BlockError:
    """What an error means that comes inside of an answer, or in a stream: ``{code, message, type}``."""
    code = str(error.get("code") or error.get("type") or "")
    message = f"{code or 'error'}: {error.get('message') or 'it says no more'}"
    return by_status(model, _STATUSES.get(code, 400), message, code, {}, at, context)


def garbled(model: str, error: BaseException) -> errors.Retryable:
    return _retryable(f"{model} answered with what is no JSON ({error})")


def retry_after(headers: Mapping[str, str], context: Context) -> float | None:
    """Seconds to wait by ``Retry-After``, which holds seconds or a date
    (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after); None where it says nothing usable."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - context.now()).total_seconds())


def refused(message: str) -> errors.BlockError:
    return errors.BlockError(message, reason="LLM_REFUSED")


def _retryable(message: str, after: float | None = None) -> errors.Retryable:
    return errors.Retryable(message, after=after, reason="LLM_UNAVAILABLE")
