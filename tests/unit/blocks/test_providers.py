"""Does a model's call go to whoever has the model, with the key that is for them and no other?"""

from typing import Any

import pytest

from shared.blocks import catalog, providers
from shared.blocks.credentials import ApiKey, Credential, Need
from shared.domain import errors

DEPLOYED = {"OPENAI_API_KEY": "deployed", "OPENAI_BASE_URL": ""}


class Purse:
    """Has one key for each provider, under its name."""

    def __init__(self) -> None:
        self.asked: list[Need] = []

    async def open(self, need: Need, credentials_id: str) -> Credential:
        self.asked.append(need)
        if need.provider != credentials_id:
            raise errors.BlockError("another provider", reason="CREDENTIALS_UNSUITABLE")
        return ApiKey(api_key=f"key of {credentials_id}")


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("gpt-4o-mini", "openai"),
        ("gpt-image-2", "openai"),
        ("o3-2025-04-16", "openai"),
        ("some-new-thing", "openai"),
        ("claude-sonnet-4-5-20250929", "anthropic"),
        ("gemini-2.5-pro", "google"),
        ("llama-3.3-70b-versatile", "groq"),
        ("llama-3.1-8b-instant", "groq"),
        ("mistral-large-latest", "mistral"),
        ("deepseek-chat", "deepseek"),
        ("grok-4", "xai"),
        ("Llama-4-Scout-17B-16E-Instruct-FP8", "llama_api"),
        ("v0-1.5-md", "v0"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "aiml_api"),
        ("meta-llama/llama-4-scout", "open_router"),
        ("google/gemini-2.5-flash", "open_router"),
        ("openai/gpt-oss-120b", "open_router"),
        ("llama3.3", "ollama"),
        ("llama3.1:405b", "ollama"),
        ("dolphin-mistral:latest", "ollama"),
    ],
)
def test_a_model_has_its_provider(model: str, provider: str) -> None:
    assert providers.of(model) == provider


@pytest.mark.parametrize(
    "name", [name for name, at in providers.PROVIDERS.items() if name != "ollama" and not at.ended]
)
async def test_a_users_key_goes_to_its_own_provider_alone(context: Any, name: str) -> None:
    purse = Purse()
    at = await providers.endpoint("any", {"id": name, "provider": name}, "", context(wallet=purse, settings=DEPLOYED))
    assert (at.url, at.key, at.own) == (providers.PROVIDERS[name].url, f"key of {name}", True)
    (need,) = purse.asked
    assert need.hosts == (at.url.split("/")[2],)


async def test_a_users_key_goes_to_its_provider_though_the_deployment_has_an_address(context: Any) -> None:
    settings = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": "deployed"}
    at = await providers.endpoint("claude-opus-5", "anthropic", "", context(wallet=Purse(), settings=settings))
    assert (at.url, at.key, at.api) == ("https://api.anthropic.com", "key of anthropic", "anthropic")


async def test_a_key_of_another_provider_is_not_opened_for_the_model(context: Any) -> None:
    with pytest.raises(errors.BlockError, match="another provider"):
        await providers.endpoint("claude-opus-5", "openai", "", context(wallet=Purse()))


@pytest.mark.parametrize("model", ["gpt-4o", "claude-opus-5", "llama3", "google/gemini-2.5-pro"])
async def test_without_credentials_all_models_go_where_the_deployment_says(context: Any, model: str) -> None:
    settings = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": ""}
    at = await providers.endpoint(model, None, "localhost:11434", context(settings=settings))
    assert (at.url, at.key, at.own, at.chosen) == ("http://127.0.0.1:1/v1", "", False, False)


async def test_the_deployments_key_is_for_openai_alone(context: Any) -> None:
    at = await providers.endpoint("gpt-4o", None, "", context(settings=DEPLOYED))
    assert (at.url, at.key) == ("https://api.openai.com/v1", "deployed")
    with pytest.raises(errors.BlockError, match="credentials for anthropic") as failed:
        await providers.endpoint("claude-opus-5", None, "", context(settings=DEPLOYED))
    assert failed.value.reason == "LLM_NOT_CONFIGURED"


@pytest.mark.parametrize("chosen", [None, "llama_api", {"id": "llama_api", "provider": "llama_api"}])
async def test_a_provider_that_ended_is_not_asked(context: Any, chosen: Any) -> None:
    purse = Purse()
    with pytest.raises(errors.BlockError, match="ended on 6 July 2026; choose a model of another provider") as failed:
        await providers.endpoint("Llama-4-Scout-17B-16E-Instruct-FP8", chosen, "", context(wallet=purse))
    assert (failed.value.reason, purse.asked) == ("LLM_NOT_CONFIGURED", [])


async def test_a_model_whose_provider_ended_goes_to_another_that_is_named(context: Any) -> None:
    chosen = {"id": "open_router", "provider": "open_router"}
    at = await providers.endpoint("Llama-4-Scout-17B-16E-Instruct-FP8", chosen, "", context(wallet=Purse()))
    assert (at.provider, at.key) == ("open_router", "key of open_router")


async def test_ollama_is_reached_the_guarded_way_without_a_key(context: Any) -> None:
    at = await providers.endpoint("llama3.3", None, "ollama.example:11434", context(settings=DEPLOYED))
    assert (at.url, at.key, at.chosen) == ("http://ollama.example:11434/v1", "", True)


@pytest.mark.parametrize(
    ("model", "provider"), [("claude-opus-5", "anthropic"), (..., "openai"), ("llama3", "openai"), (None, "openai")]
)
def test_a_node_says_of_which_provider_its_model_needs_credentials(model: Any, provider: str) -> None:
    spec = catalog.specs()["AI_TEXT_GENERATOR"]
    (pin,) = spec.credentials({"model": model}).values()
    assert (pin.provider, pin.required) == (provider, False)
