"""What the store costs, whether its figures are exact under a crowd, and whether it finds what is meant.

``LISTINGS`` (250) fill the store; ``RATERS`` (60) rate one listing at once.
"""

import asyncio
import os
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from benchmarks.relevance import corpus, filling
from shared import clock
from shared.domain import permissions
from shared.domain.graph import UserId
from shared.domain.store import ListingStatus
from shared.firestore import catalogue as stored
from shared.firestore import client as firestore
from shared.firestore import commits, listings, opinions
from shared.services import browsing, catalogue, figures, ratings, searching, shelving
from shared.services.catalogue import Filter
from shared.services.world import World
from tests.engine.metering import Bill
from tests.engine.stage import Stage

LISTINGS = int(os.environ.get("LISTINGS", "250"))
RATERS = int(os.environ.get("RATERS", "60"))
SLACK = 50
"""Documents beside those of a page that it may read."""


@pytest.fixture
async def world(stage: Stage) -> World:
    """A store of the agents of the benchmark, published without a review."""
    known, _ = corpus.known()
    agents = [*known, *corpus.made(LISTINGS - len(known))]
    await filling.fill(agents)
    return stage.world


async def _reads(
    stage: Stage, wanted: Filter, order: str | None, query: str, page: int, size: int
) -> tuple[Bill, int]:
    before = stage.calls.bill
    answer = await browsing.page(wanted, order, query, page, size)
    return stage.calls.bill - before, len(answer["items"])


async def test_a_page_of_any_filter_reads_itself_and_little_more(stage: Stage, world: World) -> None:
    await browsing.page(Filter(), None, "", 1, 1)  # warm
    filters = [
        Filter(),
        Filter(featured=True),
        Filter(creator="creator3"),
        Filter(category="data", creator="creator 3"),
    ]
    shown = 0
    for wanted in filters:
        for order in (None, *catalogue.ORDERS):
            for query, page, size in (("", 1, 20), ("", 3, 7), ("invoice lines", 1, 20), ("", LISTINGS // 10, 10)):
                bill, items = await _reads(stage, wanted, order, query, page, size)
                assert bill.reads <= size + SLACK, (wanted, order, query, page)
                assert bill.writes == 0
                shown += items
    assert shown > 200
    bill, items = await _reads(stage, Filter(), "popular", "", 1, 20)
    assert items == 20
    assert bill.reads <= stored.SHELVES, "shelves that have just changed at most: no listing is read again"


async def test_pages_have_every_listing_once_in_its_order(stage: Stage, world: World) -> None:
    for order, key in (
        ("popular", lambda one: (-one["downloads"], -(one["rating"] or 0), -one["rating_count"])),
        ("rating", lambda one: (-(one["rating"] or 0), -one["rating_count"])),
        ("recent", lambda one: -one["updated_at"].timestamp()),
        (None, lambda one: -one["created_at"].timestamp()),
    ):
        pages = [await browsing.page(Filter(), order, "", n + 1, 100) for n in range(-(-LISTINGS // 100) + 1)]
        items = [one for page in pages for one in page["items"]]
        assert len({one["id"] for one in items}) == len(items) == LISTINGS == pages[0]["total"]
        assert items == sorted(items, key=key)


async def test_what_leaves_the_store_is_gone_from_every_instance_at_once(stage: Stage, world: World) -> None:
    other = catalogue.Catalogue()
    assert len((await other.current()).entries) == LISTINGS
    one = await listings.find("listing000000")
    assert one is not None
    gone = replace(one, status=ListingStatus.TAKEN_DOWN)
    await commits.commit(firestore.client(), [listings.write(gone), *shelving.removed(one.id)])
    assert "listing000000" not in {entry.id for entry in (await other.current()).entries}
    assert (await browsing.page(Filter(), None, "", 1, 1))["total"] == LISTINGS - 1


async def test_many_shelves_that_changed_at_once_are_read_once(
    stage: Stage, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, at = catalogue.Catalogue(), clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: at)
    await here.current()
    bills: list[int] = []
    for later in (1, 20, 21):
        at += later
        before = stage.calls.bill.reads
        await here.current()
        bills.append(stage.calls.bill.reads - before)
    assert bills[0] <= bills[1] <= stored.SHELVES, "names alone"
    assert bills[2] == 1, "nothing"
    one = await listings.find("listing000000")
    assert one is not None
    await commits.commit(firestore.client(), shelving.put([(shelving.entry(replace(one, featured=False), ""), None)]))
    assert not next(entry for entry in (await here.current()).entries if entry.id == one.id).featured


async def test_a_crowd_is_counted_exactly_and_heats_no_document(stage: Stage, world: World) -> None:
    raters = [permissions.caller(UserId(f"rater{n}"), "", "user") for n in range(RATERS)]
    before = Counter(stage.calls.written)
    begun = clock.monotonic()
    await asyncio.gather(
        *(ratings.rate(world, one, "listing000001", {"rating": n % 5 + 1}) for n, one in enumerate(raters))
    )
    lasted = clock.monotonic() - begun
    sure = await opinions.figures("listing000001")
    stars = [n % 5 + 1 for n in range(RATERS)]
    assert (sure.rating_count, sure.rating_sum) == (RATERS, sum(stars))
    await figures.count_left(world)
    await figures.count_left(world)
    kept = await listings.find("listing000001")
    assert kept is not None
    assert (kept.figures.rating_count, kept.figures.rating_sum) == (RATERS, sum(stars))
    listed = await browsing.page(Filter(), None, "Line Extractor", 1, 5)
    assert next(one["rating"] for one in listed["items"] if one["id"] == "listing000001") == sum(stars) / RATERS
    written = {path: count - before[path] for path, count in stage.calls.written.items()}
    hottest = max(count for path, count in written.items() if "/listings/" in path or "/shelves/" in path)
    assert hottest <= lasted / figures.EVERY.total_seconds() + 3, "one at once, one by tick, those between 2 s apart"


async def test_a_query_finds_what_it_means(stage: Stage, world: World) -> None:
    """What was reached with ``benchmarks/relevance``, less a query or two (0.91, 0.87 of those unseen); the goal for
    paraphrases is 0.9."""
    snapshot, found = await catalogue.current(), defaultdict[str, list[bool]](list)
    for query in corpus.known()[1]:
        first = [one.title for one in (await searching.search(snapshot, query.text))[:10]]
        found[query.kind].append(query.wanted in first)
    recall = {kind: sum(hits) / len(hits) for kind, hits in found.items()}
    assert recall["typos"] >= 0.95
    assert recall["paraphrase"] >= 0.89
    assert recall["unseen"] >= 0.84
    assert await searching.search(snapshot, "zzzznotfound") == []
