"""Which service has a language model, where is it, and whose key opens it?

All but Anthropic's speak OpenAI's API. A key goes only to the service that it is for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

from shared.blocks import credentials
from shared.blocks.block import Context
from shared.blocks.credentials import ApiKey, Kind, Need
from shared.domain import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """``models``: a pattern of the names that it has. ``where``: where a person gets a key. ``responses``: whether it
    is asked over the Responses API where a model needs that. ``ended``: when it stopped answering."""

    url: str
    where: str
    models: str
    api: Literal["openai", "anthropic"] = "openai"
    responses: bool = False
    ended: str = ""


PROVIDERS: Final[Mapping[str, Provider]] = {
    "openai": Provider(
        url="https://api.openai.com/v1",
        where="https://platform.openai.com/api-keys",
        models=r"gpt-(\d|image-).*|o\d.*|chatgpt-.*|text-embedding-.*",
        responses=True,
    ),
    "anthropic": Provider(
        url="https://api.anthropic.com",
        where="https://platform.claude.com/settings/keys",
        models=r"claude-.*",
        api="anthropic",
    ),
    "google": Provider(
        url="https://generativelanguage.googleapis.com/v1beta/openai/",
        where="https://aistudio.google.com/apikey",
        models=r"gemini-.*",
    ),
    "groq": Provider(
        url="https://api.groq.com/openai/v1",
        where="https://console.groq.com/keys",
        models=r"llama-3\.\d-.*|llama3-.*-8192|gemma2-.*|mixtral-.*",
    ),
    "mistral": Provider(
        url="https://api.mistral.ai/v1",
        where="https://console.mistral.ai/api-keys",
        models=r"(mistral|ministral|codestral|magistral)-[^:]*",
    ),
    "deepseek": Provider(
        url="https://api.deepseek.com", where="https://platform.deepseek.com/api_keys", models=r"deepseek-[^:]*"
    ),
    "xai": Provider(url="https://api.x.ai/v1", where="https://console.x.ai", models=r"grok-.*"),
    "llama_api": Provider(
        url="https://api.llama.com/compat/v1",
        where="https://llama.developer.meta.com",
        models=r"Llama-\d.*",
        ended="6 July 2026",
    ),
    "v0": Provider(url="https://api.v0.dev/v1", where="https://v0.dev/chat/settings/keys", models=r"v0-.*"),
    "aiml_api": Provider(
        url="https://api.aimlapi.com/v1",
        where="https://aimlapi.com/app/keys",
        models=r"(Qwen/|nvidia/|meta-llama/(Meta-)?Llama-).*",
    ),
    "open_router": Provider(
        url="https://openrouter.ai/api/v1", where="https://openrouter.ai/settings/keys", models=r"[^/:]+/.+"
    ),
    "ollama": Provider(
        url="", where="https://ollama.com/download", models=r"(llama\d|dolphin|phi|qwen|gemma|mistral)[^/]*|[^/]+:.+"
    ),
}
"""In this order: the first whose pattern a name matches has it; what nobody has is taken to OpenAI.
https://platform.openai.com/docs/api-reference, https://ai.google.dev/gemini-api/docs/openai,
https://console.groq.com/docs/openai, https://docs.mistral.ai/api, https://api-docs.deepseek.com,
https://docs.x.ai/docs/api-reference, https://v0.app/docs/v0-model-api, https://docs.aimlapi.com,
https://openrouter.ai/docs/api-reference/overview, https://docs.ollama.com/openai. Meta's ended: https://docs.haystack.deepset.ai/docs/3.2/metallamachatgenerator"""

DEPLOYMENT: Final = "deployment"
"""The provider where the deployment says where to go."""

_MODELS = [(name, re.compile(provider.models)) for name, provider in PROVIDERS.items()]


def _host(provider: Provider) -> str:
    return urlsplit(provider.url).hostname or ""


def need(provider: str) -> Need:
    """What a block needs that asks a model of this provider; the deployment may have a key too."""
    name = "openai" if provider == "ollama" else provider
    at = PROVIDERS[name]
    return Need(provider=name, kinds=(Kind.API_KEY,), where=at.where, hosts=(_host(at),), required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a call goes. ``responses``: it speaks the Responses API too. ``chosen``: a user chose the host, so that
    the way there has to be guarded; ``own``: with the user's key."""

    provider: str
    url: str
    key: str
    api: Literal["openai", "anthropic"] = "openai"
    responses: bool = False
    chosen: bool = False
    own: bool = False


def is_openais(url: str) -> bool:
    """Whether OpenAI itself is there, in whichever region
    (https://developers.openai.com/api/docs/guides/your-data#data-residency-controls)."""
    host = urlsplit(url).hostname or ""
    return url == PROVIDERS["openai"].url or f".{host}".endswith(".api.openai.com")


def of(model: str) -> str:
    """The provider that has a model of this name."""
    return next((name for name, pattern in _MODELS if pattern.fullmatch(model)), "openai")


async def endpoint(model: str, chosen: Any, ollama_host: str, context: Context) -> Endpoint:
    """With the user's credential where one is chosen, else the deployment's. BlockError ``LLM_NOT_CONFIGURED`` says
    what to set; what the wallet raises."""
    provider = of(model)
    if credentials.chosen_id(chosen):
        return await _own(asked(model, chosen), chosen, context)
    url, key = context.settings.get("OPENAI_BASE_URL", ""), context.settings.get("OPENAI_API_KEY", "")
    if url:
        speaks = is_openais(url) or bool(context.settings.get("OPENAI_RESPONSES_API"))
        return Endpoint(provider=DEPLOYMENT, url=url, key=key, responses=speaks)
    if provider == "ollama":
        return Endpoint(provider=provider, url=_ollama(ollama_host), key="", chosen=True)
    if not key:
        raise _not_configured(f"No language model is configured for {model}", provider)
    if provider != "openai":
        raise _not_configured(f"{model} is a model of {provider}, for which OPENAI_API_KEY is no key", provider)
    return Endpoint(provider=provider, url=PROVIDERS[provider].url, key=key, responses=True)


def asked(model: str, chosen: Any) -> str:
    """The provider that a model is asked for at, with these credentials; the deployment's own service, if it has one,
    comes before it where none are chosen."""
    return (_named(chosen) if credentials.chosen_id(chosen) else None) or of(model)


def _named(chosen: Any) -> str | None:
    """The provider that exports put beside the id of a credential; the wallet says whether it is true."""
    name = cast(Mapping[str, Any], chosen).get("provider") if isinstance(chosen, Mapping) else None
    return name if name in PROVIDERS and name != "ollama" else None


async def _own(provider: str, chosen: Any, context: Context) -> Endpoint:
    if PROVIDERS[provider].ended:
        raise _not_configured("No service has the model", provider)
    needed = need(provider)
    credential = await context.credential(needed, chosen)
    if not isinstance(credential, ApiKey):
        raise errors.BlockError(f"An api_key of {needed.provider} is needed.", reason="CREDENTIALS_UNSUITABLE")
    at = PROVIDERS[needed.provider]
    return Endpoint(
        provider=needed.provider, url=at.url, key=credential.api_key, api=at.api, responses=at.responses, own=True
    )


def _ollama(host: str) -> str:
    base = host.strip().rstrip("/") or "localhost:11434"
    return f"{base if '://' in base else f'http://{base}'}/v1"


def _not_configured(what: str, provider: str) -> errors.BlockError:
    at = PROVIDERS[provider]
    way = f"name credentials for {provider} on the node ({at.where}), or have the operator set OPENAI_API_KEY, or"
    if at.ended:
        way = f"{provider} ended on {at.ended}; choose a model of another provider, or have the operator set"
    return errors.BlockError(
        f"{what}: {way} OPENAI_BASE_URL for a service that has the model", reason="LLM_NOT_CONFIGURED"
    )
