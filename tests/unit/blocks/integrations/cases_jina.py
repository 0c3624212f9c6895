"""Jina and pages."""

from double import BEARER, Ask, Case

CASES = [
    Case(
        block="SEARCH_THE_WEB",
        input={"query": "tides & moons"},
        asks=[
            Ask(
                method="GET",
                url="https://s.jina.ai/?q=tides+%26+moons",
                headers={"authorization": BEARER},
                raw=b"[1] Title: Tides",
            )
        ],
        tokens=[("results", "[1] Title: Tides")],
    ),
    Case(
        block="EXTRACT_WEBSITE_CONTENT",
        input={"url": "https://example.com/a?b=c#d"},
        asks=[
            Ask(
                method="POST",
                url="https://r.jina.ai/",
                headers={"authorization": BEARER},
                sent={"url": "https://example.com/a?b=c#d"},
                raw=b"# Example",
            )
        ],
        tokens=[("content", "# Example")],
    ),
    Case(
        block="EXTRACT_WEBSITE_CONTENT",
        title="raw",
        input={"url": "https://example.com/", "raw_content": True},
        asks=[
            Ask(method="GET", url="https://example.com/", headers={"authorization": None}, raw="<p>é</p>".encode())
        ],
        tokens=[("content", "<p>é</p>")],
    ),
]
