"""Perplexity."""

from double import BEARER, Ask, Case

URL = "https://api.perplexity.ai/v1"
ANSWER = {
    "choices": [{"message": {"role": "assistant", "content": "At six."}}],
    "usage": {"cost": {"total_cost": 0.006}},
    "search_results": [{"title": "Tides", "url": "https://tides.example/brest", "date": "2026-03-14"}],
}
SOURCES = [{"type": "url_citation", "url_citation": {"title": "Tides", "url": "https://tides.example/brest"}}]

CASES = [
    Case(
        block="PERPLEXITY",
        input={"prompt": "When is high water?", "system_prompt": "Be brief.", "max_tokens": 50},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/sonar",
                headers={"authorization": BEARER},
                sent={
                    "model": "sonar",
                    "messages": [
                        {"role": "system", "content": "Be brief."},
                        {"role": "user", "content": "When is high water?"},
                    ],
                    "max_tokens": 50,
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
                url=f"{URL}/async/sonar",
                headers={"authorization": BEARER},
                sent={
                    "request": {
                        "model": "sonar-deep-research",
                        "messages": [{"role": "user", "content": "Why tides?"}],
                    }
                },
                answer={"id": "r1", "status": "CREATED"},
            ),
            Ask(method="GET", url=f"{URL}/async/sonar/r1", answer={"id": "r1", "status": "IN_PROGRESS"}),
            Ask(method="GET", url=f"{URL}/async/sonar/r1", answer={"status": "COMPLETED", "response": ANSWER}),
        ],
        tokens=[("response", "At six."), ("annotations", SOURCES)],
        charged=0.006,
    ),
]
