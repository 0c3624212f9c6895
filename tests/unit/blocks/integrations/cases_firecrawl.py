"""Firecrawl."""

from double import BEARER, Ask, Case

URL = "https://api.firecrawl.dev/v2"
KEY = {"authorization": BEARER}
PAGES = [
    {"markdown": "# One", "links": ["https://example.com/two"]},
    {"markdown": "# Two", "screenshot": "https://x/y.png"},
]

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
        block="FIRECRAWL_EXTRACT",
        input={"urls": ["https://example.com/*"], "output_schema": {"type": "object"}},
        asks=[
            Ask(
                method="POST",
                url=f"{URL}/extract",
                headers=KEY,
                sent={"urls": ["https://example.com/*"], "schema": {"type": "object"}, "enableWebSearch": False},
                answer={"success": True, "id": "x1"},
            ),
            Ask(method="GET", url=f"{URL}/extract/x1", headers=KEY, answer={"success": True, "status": "processing"}),
            Ask(method="GET", url=f"{URL}/extract/x1", answer={"status": "completed", "data": {"owner": "IANA"}}),
        ],
        tokens=[("data", {"owner": "IANA"})],
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
