"""What does a language model answer to messages?

One place speaks to the service, through its own client; the deployment says which service and with which key.
"""

import asyncio
import email.utils
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from shared.blocks.block import Context
from shared.domain import errors

if TYPE_CHECKING:
    import openai

OPENAI_URL = "https://api.openai.com/v1"
TIMEOUT_SECONDS = 240.0
"""Below the timeout of a node, so that the failure says what was waited for."""

Message = Mapping[str, Any]
"""``{"role": "system" | "user" | "assistant", "content": text}``."""

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], openai.AsyncOpenAI]]" = (
    WeakKeyDictionary()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """``usage``: prompt_tokens, completion_tokens, total_tokens."""

    text: str
    model: str
    usage: Mapping[str, int]


async def complete(
    messages: Sequence[Message], *, model: str, max_tokens: int | None, temperature: float | None, context: Context
) -> Completion:
    """The model's answer. Retryable for 429, 5xx, timeouts and broken connections; BlockError, reason
    ``INVALID_INPUT`` without a model, ``LLM_NOT_CONFIGURED`` without a key, ``LLM_REFUSED`` for what the service
    does not accept."""
    if not model.strip():
        raise errors.BlockError("The model is empty: name one, such as gpt-4o-mini", reason="INVALID_INPUT")
    import openai

    options = {"max_tokens": max_tokens, "temperature": temperature}
    headers = {"Idempotency-Key": context.idempotency_key} if context.idempotency_key else None
    create: Any = _client(context.settings).chat.completions.create
    try:
        answer = await create(
            model=model,
            messages=[dict(message) for message in messages],
            extra_headers=headers,
            **{name: value for name, value in options.items() if value is not None},
        )
    except openai.APITimeoutError as error:
        raise _retryable(f"{model} did not answer within {TIMEOUT_SECONDS:.0f} seconds") from error
    except openai.APIConnectionError as error:
        raise _retryable(f"The service of {model} could not be reached ({error.__cause__ or error})") from error
    except openai.APIStatusError as error:
        raise _by_status(model, error, context) from error
    except openai.OpenAIError as error:
        raise _refused(f"The request to {model} failed: {error}") from error
    return _completion(answer, model)


async def close() -> None:
    """Close the clients of this event loop."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()


def _client(settings: Mapping[str, str]) -> "openai.AsyncOpenAI":
    """One client for each service and key of an event loop: it keeps connections open."""
    import openai

    key, url = settings.get("OPENAI_API_KEY", ""), settings.get("OPENAI_BASE_URL", "")
    if not key and not url:
        raise errors.BlockError(
            "No language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL for a service without keys",
            reason="LLM_NOT_CONFIGURED",
        )
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if (key, url) not in clients:
        clients[key, url] = openai.AsyncOpenAI(
            api_key=key or "none", base_url=url or OPENAI_URL, max_retries=0, timeout=TIMEOUT_SECONDS
        )
    return clients[key, url]


def _completion(answer: Any, model: str) -> Completion:
    if not getattr(answer, "choices", None):
        raise _refused(f"{model} answered without a choice")
    counts = {
        name: int(getattr(answer.usage, name, 0) or 0)
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    }
    return Completion(text=answer.choices[0].message.content or "", model=answer.model or model, usage=counts)


def _by_status(model: str, error: "openai.APIStatusError", context: Context) -> errors.BlockError:
    what = f"{model} answered {error.status_code}: {error.message}"
    if error.code == "insufficient_quota":
        return _refused(f"{what}; the account behind OPENAI_API_KEY has no credit left")
    if error.status_code in (408, 409, 429) or error.status_code >= 500:
        return _retryable(what, after=retry_after(error.response.headers, context))
    return _refused(what)


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


def _retryable(message: str, after: float | None = None) -> errors.Retryable:
    return errors.Retryable(message, after=after, reason="LLM_UNAVAILABLE")


def _refused(message: str) -> errors.BlockError:
    return errors.BlockError(message, reason="LLM_REFUSED")
