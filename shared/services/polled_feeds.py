"""What is in a feed now? Asked with what the server said last, so that nothing is sent that has not changed
(https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests)."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.blocks.integrations import feeds
from shared.domain import errors
from shared.domain.polling import Found, Item, Trigger
from shared.services.world import World

MAX_ENTRIES = 500
MAX_TEXT = 100_000
"""Characters of an entry's description."""
TOTAL_SECONDS = 20.0
ACCEPTED = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"

_VALIDATORS = (("etag", "If-None-Match"), ("last_modified", "If-Modified-Since"))


async def look(world: World, trigger: Trigger) -> Found:
    """BlockError: it cannot be read."""
    kept = {header: str(trigger.cursor[name]) for name, header in _VALIDATORS if trigger.cursor.get(name)}
    headers = {"Accept": ACCEPTED, "User-Agent": "Weftly/1 (feed trigger)", **kept}
    url = str(trigger.source["url"])
    answer = await world.http.request("GET", url, headers=headers, total_seconds=TOTAL_SECONDS)
    if answer.status_code == 304:
        return Found(items=(), cursor=trigger.cursor)
    if not 200 <= answer.status_code < 300:
        said = f"The feed's server answered {answer.status_code}."
        if answer.status_code == 429 or answer.status_code >= 500:
            raise errors.Retryable(said, after=_seconds(answer.headers), reason="SERVICE_UNAVAILABLE")
        raise errors.BlockError(said, reason="SERVICE_REFUSED")
    entries = await asyncio.to_thread(feeds.listed, answer.content, MAX_ENTRIES)
    cursor = {name: value[:1_000] for name, value in _told(answer.headers).items() if value}
    return Found(items=[_item(id_, entry) for id_, entry in reversed(entries)], cursor=cursor, after=_after(answer))


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    return {"etag": headers.get("etag", ""), "last_modified": headers.get("last-modified", "")}


def _after(answer: Any) -> timedelta | None:
    """How long it asks to be left alone."""
    seconds = _seconds(answer.headers)
    return timedelta(seconds=seconds) if seconds else None


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _item(id_: str, entry: Mapping[str, Any]) -> Item:
    value = {**entry, "description": str(entry["description"])[:MAX_TEXT], "id": id_}
    return Item(id=id_, title=str(entry["title"])[:300], value=value)
