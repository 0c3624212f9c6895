"""The blocks that ask a model get along with the stub, as they do under ``make run``."""

import base64
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local.llm_stub import LlmStubService
from shared.blocks import catalog, chat_api, embeddings, memory, runner
from shared.blocks.block import Context
from shared.gcp import outgoing
from tests.unit.blocks.conftest import Remembering


class Watching:
    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    async def tell(self, pin: str, piece: str) -> None:
        self.heard.append((pin, piece))


@pytest.fixture
async def run() -> AsyncIterator[Callable[..., Any]]:
    service = LlmStubService()
    port = await service.start(0)

    async def go(block_type: str, values: dict[str, Any], **more: Any) -> runner.Outcome:
        block = catalog.get(block_type)
        more.setdefault("settings", {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1"})
        http = outgoing.Client(allow=f"127.0.0.1:{port}")
        context = Context(now=lambda: datetime(2026, 1, 1, tzinfo=UTC), http=http, **more)
        return await runner.collect(block, catalog.read_input(block, {**values}), context)

    go.port = port  # type: ignore[attr-defined]
    yield go
    await chat_api.close()
    await service.stop()


async def test_data_come_out_of_a_stub_that_answers_broken_json_twice_and_all_calls_are_paid(run: Any) -> None:
    charges: list[float] = []
    values = {"prompt": "Ada is 36.", "expected_format": {"name": "first name", "age": "in years"}}
    outcome = await run(
        "AI_STRUCTURED_RESPONSE_GENERATOR", {**values, "model": "stub-breaks-json-2"}, charges=charges
    )
    assert outcome.failure is None
    assert set(outcome.tokens[0][1]) == {"name", "age"}
    assert charges == []  # the stub's model is in no price list
    priced = {**values, "prompt": "Ada is 36. (stub-breaks-json-2)", "model": "gpt-4o-mini"}
    assert (await run("AI_STRUCTURED_RESPONSE_GENERATOR", priced, charges=charges)).failure is None
    assert len(charges) == 3
    assert min(charges) > 0
    twice = await run("AI_STRUCTURED_RESPONSE_GENERATOR", {**values, "model": "stub-breaks-json-3", "retry": 3})
    assert twice.failure.reason == "LLM_ANSWER_UNUSABLE"


async def test_text_comes_in_pieces_to_those_who_watch_and_whole_on_the_pin(run: Any) -> None:
    watching = Watching()
    heard = await run("LLM", {"prompt": "Tell me of ships."}, listeners=watching)
    unheard = await run("LLM", {"prompt": "Tell me of ships."})
    assert heard.tokens == unheard.tokens
    assert "".join(piece for _, piece in watching.heard) == heard.tokens[0][1] == "[stub] Tell me of ships."
    assert {pin for pin, _ in watching.heard} == {"response"}
    assert len(watching.heard) > 3
    assert heard.tokens[1][1]["total_tokens"] > 0


@pytest.mark.parametrize(
    ("block_type", "values", "pin"),
    [
        ("AI_TEXT_GENERATOR", {"prompt": "Hi {{ a }}", "prompt_values": {"a": "b"}}, "response"),
        ("AI_CONVERSATION", {"messages": ["Hi"]}, "response"),
        ("AI_LIST_GENERATOR", {"focus": "ships"}, "generated_list"),
        ("AI_CONDITION", {"input_value": 1, "condition": "is a number"}, "result"),
        ("AI_TEXT_SUMMARIZER", {"text": "A ship. " * 400, "max_tokens": 300}, "summary"),
        ("AI_EXTRACT_DATA", {"text": "7 ships", "json_schema": {"type": "object"}}, "data"),
        ("AI_CLASSIFIER", {"text": "A parcel", "categories": ["mail", "parcel"]}, "category"),
        ("AI_EMBEDDINGS", {"texts": ["a", "b"], "dimensions": 4}, "embeddings"),
        ("AI_DRAW_IMAGE", {"prompt": "A ship"}, "image"),
    ],
)
async def test_a_block_gives_what_it_promises(run: Any, block_type: str, values: dict[str, Any], pin: str) -> None:
    outcome = await run(block_type, values)
    assert outcome.failure is None
    assert dict(outcome.tokens)[pin] not in (None, "", [])


async def test_an_image_is_a_png_and_is_paid_by_its_tokens(run: Any) -> None:
    charges: list[float] = []
    outcome = await run("AI_DRAW_IMAGE", {"prompt": "ship", "model": "gpt-image-2"}, charges=charges)
    kind, _, data = outcome.tokens[0][1].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert charges == pytest.approx([(1 * 5 + 16 * 30) / 1_000_000])


async def test_embeddings_are_paid_by_their_tokens(run: Any) -> None:
    charges: list[float] = []
    await run("AI_EMBEDDINGS", {"texts": ["a ship at sea"]}, charges=charges)
    assert charges == pytest.approx([4 * 0.02 / 1_000_000])


async def test_what_was_learnt_is_found_by_its_meaning(run: Any) -> None:
    remembering, charges = Remembering(), list[float]()
    more: Any = {"memory": remembering, "charges": charges}
    texts = ["The ship sails at noon.", "Tea is at four.", "Tea is at four."]
    learnt = await run("VECTOR_MEMORY_ADD", {"texts": texts, "metadata": {"day": 1}}, **more)
    assert learnt.tokens == [("count", 2)]
    found = await run("VECTOR_MEMORY_SEARCH", {"query": "when does the ship sail?", "limit": 1}, **more)
    (best,) = dict(found.tokens)["results"]
    assert (best["text"], best["metadata"]) == (texts[0], {"day": 1})
    assert dict(found.tokens)["best"] == texts[0]
    assert len(charges) == 2
    none = await run("VECTOR_MEMORY_SEARCH", {"query": "tea", "min_similarity": 1}, **more)
    assert none.tokens == [("results", []), ("texts", [])]
    elsewhere = await run("VECTOR_MEMORY_SEARCH", {"query": "tea", "collection": "other"}, **more)
    assert dict(elsewhere.tokens)["texts"] == []
    assert (await run("VECTOR_MEMORY_CLEAR", {}, **more)).tokens == [("count", 2)]


async def test_vectors_of_another_length_are_not_kept(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "DIMENSIONS", 5)
    remembering = Remembering()
    monkeypatch.setattr(embeddings, "embed", _short)
    refused = await run("VECTOR_MEMORY_ADD", {"texts": ["a"]}, memory=remembering)
    assert "vectors of 3 numbers, and the memory holds 5" in refused.failure.message
    assert remembering.learnt == {}


async def _short(texts: Any, *_: Any, **__: Any) -> Any:
    return [[0.0, 1.0, 0.0] for _ in texts], None


async def test_ollama_is_reached_the_guarded_way(run: Any) -> None:
    asked = {"prompt": "Hi", "model": "llama3.2"}
    opened = await run("AI_TEXT_GENERATOR", {**asked, "ollama_host": f"127.0.0.1:{run.port}"}, settings={})
    assert opened.tokens[0] == ("response", "[stub] Hi")
    for host in ("127.0.0.1:1", "http://169.254.169.254"):
        refused = await run("AI_TEXT_GENERATOR", {**asked, "ollama_host": host}, settings={})
        assert refused.failure.reason == "REQUEST_REFUSED"
        assert "OUTGOING_ALLOW" in refused.failure.message


async def test_a_long_text_is_summarised_part_by_part(run: Any) -> None:
    watching = Watching()
    text = " ".join(f"Sentence {i} speaks of a ship." for i in range(120))
    outcome = await run(
        "AI_TEXT_SUMMARIZER", {"text": text, "max_tokens": 200, "chunk_overlap": 20}, listeners=watching
    )
    assert outcome.failure is None
    assert len(outcome.tokens[1][1][0]["content"]) < len(text)
    few = await run("AI_TEXT_SUMMARIZER", {"text": text * 50, "max_tokens": 20})
    assert few.failure.reason == "LIMIT_EXCEEDED"
