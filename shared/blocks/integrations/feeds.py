"""RSS and Atom feeds.

Read by feedparser (https://feedparser.readthedocs.io/). It takes an address or the name of a file for what they are,
so it gets a stream; it loads no external entities, and expat bounds what a document's own ones make of it.
"""

import asyncio
import calendar
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from shared.blocks import sources
from shared.blocks.block import Block, BlockInput, BlockOutput, Context, Example
from shared.blocks.integrations import api
from shared.domain import errors

FEED = api.Service(name="The feed")


class ReadRSSFeedBlock(Block):
    block_type = "READ_RSS_FEED"
    category = "WEB"
    description = (
        "Gives the entries of an RSS or Atom feed that are not older than a period. It reads once a run: a schedule "
        "of the graph reads again and again."
    )
    max_attempts = 3
    emits_many = frozenset({"entry"})
    examples = [
        Example(
            title="Of the last day",
            input={"rss_url": "https://example.com/feed.xml", "polling_rate": 300, "run_continuously": False},
        ),
        Example(
            title="Not a feed", input={"rss_url": "data:,hello", "polling_rate": 300}, fails="neither RSS nor Atom"
        ),
    ]

    class Input(BlockInput):
        rss_url: str = Field(description="The address of the feed.")
        time_period: int = Field(default=1440, description="How old entries may be, in minutes.")
        polling_rate: int = Field(description="Of no effect: a schedule says when a graph reads again.")
        run_continuously: bool = Field(default=True, description="Of no effect: it reads once a run.")

    class Output(BlockOutput):
        entry: dict[str, Any] = Field(description="Each: title, link, description, pub_date, author, categories.")
        entries: list[dict[str, Any]] = Field(description="All of them.")

    async def run(self, input: Input, context: Context) -> AsyncIterator[tuple[str, Any]]:
        content = await _content(input.rss_url.strip(), context)
        since = context.now() - timedelta(minutes=input.time_period)
        entries = await asyncio.to_thread(parsed, content, since)
        for entry in entries:
            yield "entry", entry
        yield "entries", entries


async def _content(address: str, context: Context) -> bytes:
    if not address.lower().startswith(("http://", "https://")):
        return (await sources.read(address, context)).content
    feed = await FEED.open(context)
    return (await feed.request("GET", address)).content


def parsed(content: bytes, since: datetime) -> list[dict[str, Any]]:
    """Entries not older than ``since``; those without a date count as new. BlockError: it is no feed."""
    return [
        _entry(one) for one in _parsed(content).entries if _moment(one) is None or (_moment(one) or since) >= since
    ]


def _parsed(content: bytes) -> Any:
    import feedparser  # pyright: ignore[reportMissingTypeStubs]

    feed: Any = feedparser.parse(io.BytesIO(content))
    if not feed.get("version"):
        raise errors.BlockError("What is at this address is neither RSS nor Atom: check it", reason="FILE_UNREADABLE")
    return feed


def listed(content: bytes, most: int) -> list[tuple[str, dict[str, Any]]]:
    """The first entries in the order of the feed, each with what tells it from others: the id that it says, else its
    link, else what it says at all. BlockError: it is no feed."""
    return [(_id(one), _entry(one)) for one in _parsed(content).entries[:most]]


def _id(entry: Any) -> str:
    said = "\n".join(str(entry.get(name, "")) for name in ("title", "summary", "published"))
    return str(entry.get("id") or entry.get("link") or hashlib.sha256(said.encode("utf-8", "replace")).hexdigest())


def _moment(entry: Any) -> datetime | None:
    parts = entry.get("published_parsed") or entry.get("updated_parsed")
    return datetime.fromtimestamp(calendar.timegm(parts), UTC) if parts else None


def _entry(entry: Any) -> dict[str, Any]:
    moment = _moment(entry)
    return {
        "title": entry.get("title", ""),
        "link": entry.get("link", ""),
        "description": entry.get("summary", ""),
        "pub_date": moment.isoformat() if moment else None,
        "author": entry.get("author", ""),
        "categories": [tag.term for tag in entry.get("tags", []) if tag.get("term")],
    }
