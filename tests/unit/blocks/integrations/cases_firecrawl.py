"""Firecrawl."""

from double import BEARER, Ask, Case

URL = "https://api.firecrawl.dev/v2"
KEY = {"authorization": BEARER}
PAGES = [
    {"markdown": "# One", "links": ["https://example.com/two"]},
    {"markdown": "# Two", "screenshot": "https://x/y.png"},
]
CHANGED = {"markdown": "# One", "changeTracking": {"changeStatus": "new"}}

CASES = [
    Case(
        block="FIRECRAWL_CRAWL",
        input={"url": "https://example.com/", "formats": ["markdown", "links", "screenshot@fullPage"], "limit": 3},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/crawl",
                headers=KEY,
                sent={
                    "url": "https://example.com/",
                    "limit": 3,
                    "scrapeOptions": {
                        "formats": ["markdown", "links", {"type": "screenshot", "fullPage": True}],
                        "onlyMainContent": True,
                        "maxAge": 3600000,
                        "waitFor": 0,
                    },
                },
                answer={"success": True, "id": "c1", "url": f"{URL}/crawl/c1"},
            ),
            Ask(method="GET", url=f"{URL}/crawl/c1", headers=KEY, answer={"status": "scraping", "data": []}),
            Ask(
                method="GET",
                url=f"{URL}/crawl/c1",
                answer={"status": "completed", "data": PAGES[:1], "next": f"{URL}/crawl/c1?skip=1"},
            ),
            Ask(
                method="GET",
                url=f"{URL}/crawl/c1?skip=1",
                headers=KEY,
                answer={"status": "completed", "data": PAGES[1:]},
            ),
        ],
        tokens=[
            ("data", PAGES),
            ("markdown", "# One"),
            ("links", ["https://example.com/two"]),
            ("markdown", "# Two"),
            ("screenshot_full_page", "https://x/y.png"),
        ],
    ),
    Case(
        block="FIRECRAWL_CRAWL",
        title="failed",
        input={"url": "https://example.com/"},
        asks=[
            Ask(method="POST", url=f"{URL}/crawl", answer={"success": True, "id": "c1"}),
            Ask(method="GET", url=f"{URL}/crawl/c1", answer={"status": "failed", "error": "robots.txt forbids it"}),
        ],
        fails="robots.txt forbids it",
    ),
    Case(
        block="FIRECRAWL_CRAWL",
        title="changes alone, for which the Markdown is needed",
        input={"url": "https://example.com/", "formats": ["changeTracking"]},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/crawl",
                sent={
                    "url": "https://example.com/",
                    "limit": 10,
                    "scrapeOptions": {
                        "formats": [{"type": "changeTracking"}, "markdown"],
                        "onlyMainContent": True,
                        "maxAge": 3600000,
                        "waitFor": 0,
                    },
                },
                answer={"success": True, "id": "c1"},
            ),
            Ask(method="GET", url=f"{URL}/crawl/c1", answer={"status": "completed", "data": [CHANGED]}),
        ],
        tokens=[("data", [CHANGED]), ("change_tracking", {"changeStatus": "new"})],
    ),
    Case(
        block="FIRECRAWL_EXTRACT",
        input={"urls": ["https://example.com/"], "output_schema": {"type": "object"}},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/scrape",
                headers=KEY,
                sent={
                    "url": "https://example.com/",
                    "formats": [{"type": "json", "schema": {"type": "object"}}],
                    "timeout": 120000,
                },
                answer={"success": True, "data": {"json": {"owner": "IANA"}, "metadata": {"statusCode": 200}}},
            )
        ],
        tokens=[("data", {"owner": "IANA"})],
    ),
    Case(
        block="FIRECRAWL_EXTRACT",
        title="nothing found",
        input={"urls": ["https://example.com/"], "prompt": "Who?"},
        asks=[Ask(method="POST", url=f"{URL}/scrape", answer={"success": True, "data": {"metadata": {}}})],
        fails="found no such data",
    ),
    *(
        Case(
            block="FIRECRAWL_EXTRACT",
            title=title,
            input=given,
            asks=[
                Ask(
                    method="POST",
                    url=f"{URL}/agent",
                    headers=KEY,
                    sent=sent,
                    answer={"success": True, "id": "x1"},
                ),
                Ask(
                    method="GET", url=f"{URL}/agent/x1", headers=KEY, answer={"success": True, "status": "processing"}
                ),
                Ask(method="GET", url=f"{URL}/agent/x1", answer={"status": "completed", "data": {"owner": "IANA"}}),
            ],
            tokens=[("data", {"owner": "IANA"})],
        )
        for title, given, sent in (
            (
                "of a site",
                {"urls": ["https://example.com/*"], "prompt": "Who runs it?"},
                {
                    "urls": ["https://example.com/"],
                    "prompt": "Who runs it?\n\nUse no pages but those below these addresses: https://example.com/",
                },
            ),
            (
                "of two pages",
                {"urls": ["https://example.com/a", "https://example.com/b"], "output_schema": {"type": "object"}},
                {
                    "urls": ["https://example.com/a", "https://example.com/b"],
                    "strictConstrainToURLs": True,
                    "schema": {"type": "object"},
                    "prompt": "Gather the data that the schema describes.",
                },
            ),
            (
                "and of the web",
                {"urls": ["https://example.com/"], "prompt": "Who runs it?", "enable_web_search": True},
                {"urls": ["https://example.com/"], "prompt": "Who runs it?"},
            ),
        )
    ),
    Case(
        block="FIRECRAWL_EXTRACT",
        title="failed",
        input={"urls": ["https://example.com/*"], "prompt": "Who?"},
        asks=[
            Ask(method="POST", url=f"{URL}/agent", answer={"success": True, "id": "x1"}),
            Ask(method="GET", url=f"{URL}/agent/x1", answer={"status": "failed", "error": "out of credits"}),
        ],
        fails="out of credits",
    ),
    Case(
        block="FIRECRAWL_MAP_WEBSITE",
        input={"url": "https://example.com/"},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/map",
                headers=KEY,
                sent={"url": "https://example.com/"},
                answer={"success": True, "links": [{"url": "https://example.com/a", "title": "A"}]},
            )
        ],
        tokens=[
            ("links", ["https://example.com/a"]),
            ("results", [{"url": "https://example.com/a", "title": "A"}]),
        ],
    ),
]
