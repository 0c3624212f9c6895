"""Whether a page stays small, goes on where it ends, and is never empty for nothing."""

import pytest

from shared.services import paging


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 1_000)


@pytest.mark.parametrize(
    ("sizes", "fits"),
    [([], 0), ([5_000], 1), ([5_000, 1], 1), ([1, 5_000], 1), ([500, 500], 2), ([500, 501], 1), ([1] * 100, 100)],
)
def test_a_page_holds_what_fits_and_one_at_least(sizes: list[int], fits: int) -> None:
    assert paging.fitting(sizes) == fits


async def _pages(sizes: list[int], most: int) -> tuple[list[list[int]], int]:
    """The items on each page, by number, and how many were made in all."""
    made = 0

    async def view(number: int) -> paging.Resource:
        nonlocal made
        made += 1
        return {"n": number, "text": "x" * sizes[number]}

    pages: list[list[int]] = []
    after: int | None = -1
    while after is not None:
        found = list(range(after + 1, len(sizes)))[: most + 1]
        items, after = await paging.fill(found, most, view, lambda number: number)
        pages.append([item["n"] for item in items])
    return pages, made


@pytest.mark.parametrize("sizes", [[], [0] * 23, [300] * 23, [2_000] * 5, [0, 2_000, 0, 0, 2_000], [900, 200] * 6])
async def test_every_item_is_on_one_page_in_order(sizes: list[int]) -> None:
    pages, _ = await _pages(sizes, 10)
    assert [number for page in pages for number in page] == list(range(len(sizes)))
    assert all(len(page) <= 10 for page in pages)
    assert all(len(page) == 1 or sum(sizes[number] for number in page) <= paging.PAGE_BYTES for page in pages)


async def test_what_cannot_fit_is_not_even_made() -> None:
    async def view(number: int) -> paging.Resource:
        made.append(number)
        return {"text": "x" * 600}

    made: list[int] = []
    items, after = await paging.fill(range(100), 100, view, lambda number: number)
    assert (len(items), after) == (1, 0)
    assert len(made) == paging.BATCH


async def test_values_that_json_hardly_writes_are_measured_too() -> None:
    async def view(value: object) -> paging.Resource:
        return {"value": value}

    items, after = await paging.fill([10**400, "\ud800", float("nan"), {1: 2}], 4, view, str)
    assert (len(items), after) == (4, None)
