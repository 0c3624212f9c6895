"""Perplexity."""

from typing import Any

from double import BEARER, Ask, Case

URL = "https://api.perplexity.ai/v1"
BREST = {"id": 1, "title": "Tides", "url": "https://tides.example/brest", "snippet": "06:12", "source": "web"}
MORE = {"id": 2, "title": "More tides", "url": "https://tides.example/more", "snippet": "", "source": "web"}
ANSWER = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "perplexity/sonar",
    "output": [
        {"type": "search_results", "queries": ["high water"], "results": [BREST, MORE]},
        {"type": "search_results", "queries": ["high water Brest"], "results": [BREST]},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "At six.", "annotations": []}],
        },
    ],
    "usage": {"cost": {"currency": "USD", "total_cost": 0.006}},
}
SOURCES = [
    {"type": "url_citation", "url_citation": {"title": "Tides", "url": "https://tides.example/brest"}},
    {"type": "url_citation", "url_citation": {"title": "More tides", "url": "https://tides.example/more"}},
]
SEARCH = {"type": "web_search"}


def asked(**how: Any) -> dict[str, Any]:
    return {"input": [{"type": "message", "role": "user", "content": "Why tides?"}], **how}


CASES = [
    Case(
        block="PERPLEXITY",
        input={"prompt": "When is high water?", "system_prompt": "Be brief.", "max_tokens": 50},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/agent",
                headers={"authorization": BEARER},
                sent={
                    "model": "perplexity/sonar",
                    "tools": [SEARCH],
                    "tool_choice": SEARCH,
                    "input": [
                        {"type": "message", "role": "system", "content": "Be brief."},
                        {"type": "message", "role": "user", "content": "When is high water?"},
                    ],
                    "max_output_tokens": 50,
                },
                answer=ANSWER,
            )
        ],
        tokens=[("response", "At six."), ("annotations", SOURCES)],
        charged=0.006,
    ),
    Case(
        block="PERPLEXITY",
        title="deep research",
        input={"prompt": "Why tides?", "model": "perplexity/sonar-deep-research"},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/agent",
                headers={"authorization": BEARER},
                sent=asked(preset="medium", background=True),
                answer={"id": "resp_1", "status": "queued", "output": []},
            ),
            Ask(
                method="GET",
                url=f"{URL}/responses/resp_1",
                headers={"authorization": BEARER},
                answer={"id": "resp_1", "status": "in_progress", "output": []},
            ),
            Ask(method="GET", url=f"{URL}/responses/resp_1", answer=ANSWER),
        ],
        tokens=[("response", "At six."), ("annotations", SOURCES)],
        charged=0.006,
    ),
    Case(
        block="PERPLEXITY",
        title="another model, and few words",
        input={"prompt": "Why tides?", "model": "openai/gpt-5.5", "max_tokens": 1},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/agent",
                sent=asked(model="openai/gpt-5.5", tools=[SEARCH], tool_choice=SEARCH, max_output_tokens=16),
                answer={**ANSWER, "status": "incomplete", "output": ANSWER["output"][2:]},
            )
        ],
        tokens=[("response", "At six."), ("annotations", [])],
        charged=0.006,
    ),
    Case(
        block="PERPLEXITY",
        title="failed, which it says with 200",
        input={"prompt": "Why tides?", "model": "sonar-pro"},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/agent",
                sent=asked(preset="low", background=True),
                answer={"id": "resp_1", "status": "failed", "output": [], "error": {"message": "the model is away"}},
            )
        ],
        fails="ended the answer failed: the model is away",
    ),
]
