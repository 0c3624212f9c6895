"""What is on a page of HTML, and how does it read as Markdown? Called through ``isolated``."""

from typing import Any, cast
from urllib import parse

import bs4
import markdown_it
import markdownify
import nh3
import soupsieve

from shared.domain import errors

MAX_FOUND = 10_000
_NOT_CONTENT = [
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "svg",
    "canvas",
    "form",
    "nav",
    "header",
    "footer",
]
_MAIN = ["main", "article", "[role=main]", "#content", "#main", "body"]


def to_markdown(content: bytes, *, base_url: str = "", main_only: bool = False, links: bool = True) -> dict[str, Any]:
    """``{title, description, markdown, text, links}`` of a page."""
    page = bs4.BeautifulSoup(content, "lxml")
    title = page.title.get_text(strip=True) if page.title else ""
    found = page.find("meta", attrs={"name": "description"})
    description = str(found.get("content") or "") if isinstance(found, bs4.Tag) else ""
    for name in ("href", "src") if base_url else ():
        for one in page.select(f"[{name}]"):
            one[name] = _absolute(str(one[name]), base_url)
    urls = [str(one["href"]) for one in page.find_all("a", href=True)]
    body = _content(page, main_only)
    strip = [] if links else ["a", "img"]
    markdown = markdownify.MarkdownConverter(heading_style="ATX", strip=strip, bullets="-").convert_soup(body)
    return {
        "title": title,
        "description": description,
        "markdown": _squeezed(str(markdown)),
        "text": _squeezed(body.get_text("\n", strip=True)),
        "links": list(dict.fromkeys(url for url in urls if url)),
    }


def select(content: bytes, *, selector: str, attribute: str, base_url: str = "") -> list[str]:
    """The texts of the elements that a CSS selector matches; their HTML for ``html``, or an attribute.
    BlockError, reason ``PATTERN_INVALID``, for what is no selector."""
    page = bs4.BeautifulSoup(content, "lxml")
    try:
        found = page.select(selector, limit=MAX_FOUND)
    except (soupsieve.SelectorSyntaxError, NotImplementedError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise errors.BlockError(
            f"{selector[:200]!r} is not a CSS selector: {said}", reason="PATTERN_INVALID"
        ) from error
    return [value for one in found if (value := _value(one, attribute, base_url)) is not None]


def tables(content: bytes) -> list[list[list[str]]]:
    """Every table, its rows, their cells as texts."""
    page = bs4.BeautifulSoup(content, "lxml")
    return [
        [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
        for table in page.find_all("table")
    ]


def from_markdown(content: bytes) -> str:
    """HTML of Markdown (CommonMark with tables and strikethrough), without what could run in a browser."""
    made = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return nh3.clean(made.render(content.decode("utf-8", "replace")))


def clean(content: bytes, *, tags: list[str] | None = None) -> str:
    """HTML without what could run in a browser; with ``tags``, of these alone."""
    text = content.decode("utf-8", "replace")
    return nh3.clean(text) if tags is None else nh3.clean(text, tags=set(tags))


def _content(page: bs4.BeautifulSoup, main_only: bool) -> bs4.Tag:
    for one in page.find_all(_NOT_CONTENT if main_only else _NOT_CONTENT[:7]):
        one.decompose()
    for selector in _MAIN if main_only else ["body"]:
        if found := page.select_one(selector):
            return found
    return page


def _value(element: bs4.Tag, attribute: str, base_url: str) -> str | None:
    match attribute:
        case "text":
            return element.get_text(" ", strip=True)
        case "html":
            return str(element)
        case _:
            found: Any = element.get(attribute)
            if isinstance(found, list):
                return " ".join(cast(list[str], found))
            if found is not None and attribute in ("href", "src", "action"):
                return _absolute(str(found), base_url)
            return None if found is None else str(found)


def _absolute(url: str, base_url: str) -> str:
    try:
        return parse.urljoin(base_url, url.strip())
    except ValueError:
        return ""


def _squeezed(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(line for i, line in enumerate(lines) if line or (i and lines[i - 1]))
