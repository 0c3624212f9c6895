"""Is what a creator says of an agent fit for the store? Texts, category, tags, pictures: each checked and cleaned."""

from collections.abc import Mapping
from typing import Any, cast

from shared.domain.fields import Fields, kind
from shared.domain.store import Card
from shared.services import links, texts

MAX_TITLE = 200
MAX_DESCRIPTION = 20_000
MAX_CATEGORY = 50
LIMITS = {"tags": (20, 50), "media_urls": (10, 2_000)}
"""How many items, and of how many characters each."""
OTHER = "other"
"""The category of what names none."""

NAMES = ("title", "description", "category", "tags", "media_urls")


def read(fields: Fields, raw: Mapping[str, Any]) -> Card:
    """The card in a body; what is wrong is noted in ``fields``."""
    title = texts.plain(fields.text(raw, "title", least=1, most=MAX_TITLE))
    if not title and not any(one.field == "title" for one in fields.violations):
        fields.wrong("title", "It is empty, or has nothing but HTML.")
    return Card(
        title=title,
        description=texts.rich(fields.text(raw, "description", most=MAX_DESCRIPTION, lines=True)),
        category=texts.plain(fields.text(raw, "category", most=MAX_CATEGORY)) or OTHER,
        tags=_tags(fields, raw),
        media_urls=[url for place, url in _texts(fields, raw, "media_urls") if _is_media(fields, place, url)],
    )


def _tags(fields: Fields, raw: Mapping[str, Any]) -> list[str]:
    """Each once, whatever its case; empty ones are left out."""
    tags: dict[str, str] = {}
    for _, text in _texts(fields, raw, "tags"):
        if tag := texts.plain(text):
            tags.setdefault(tag.casefold(), tag)
    return list(tags.values())


def _texts(fields: Fields, raw: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """The texts of a list, each with its place."""
    value, (most, longest) = raw.get(name), LIMITS[name]
    if value is None:
        return []
    if not isinstance(value, list):
        fields.wrong(name, f"It must be a list of texts, not {kind(value)}.")
        return []
    items = cast(list[Any], value)
    if len(items) > most:
        fields.wrong(name, f"It must have {most} items at most, not {len(items)}.")
    found = {f"{name}[{position}]": one for position, one in enumerate(items[:most])}
    for place in found:
        fields.text(found, place, least=1, most=longest)
    return [(place, one) for place, one in found.items() if isinstance(one, str) and 1 <= len(one) <= longest]


def _is_media(fields: Fields, place: str, url: str) -> bool:
    if not links.is_public(url, ("https",)):
        fields.wrong(place, "It must be an https URL, such as https://example.com/picture.png.")
        return False
    return True
