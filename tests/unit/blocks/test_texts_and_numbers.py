"""Are numbers, dates and texts read and written as people do?"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.blocks import catalog, moments, runner
from shared.domain import errors


@pytest.fixture
def run(context: Any) -> Callable[..., Any]:
    async def go(block_type: str, values: dict[str, Any]) -> Any:
        block = catalog.get(block_type)
        found = await runner.collect(block, catalog.read_input(block, values), context())
        assert found.failure is None, found.failure
        return found.tokens[0][1]

    return go


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12), ("-3.5", -3.5), ("(1,234)", -1234), ("1,234,567", 1234567), ("1.234.567", 1234567),
        ("1.234,5", 1234.5), ("1,5", 1.5), ("0,125", 125), ("1 234,50 €", 1234.5), ("1’234.50", 1234.5),
        ("€ 9", 9), ("50 %", 0.5), ("1.5e3", 1500), ("v2.", 2), ("3.14.", 3.14),
    ],
)  # fmt: skip
async def test_a_number_is_read(run: Any, text: str, number: float) -> None:
    assert await run("PARSE_NUMBER", {"text": text}) == number


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"number": 1234.5}, "1,234.5"),
        ({"number": -1234.5, "prefix": "$", "decimals": 2}, "-$1,234.50"),
        ({"number": 0.5, "style": "percent"}, "50%"),
        ({"number": 1536, "style": "bytes"}, "1.5 KiB"),
        ({"number": 999, "style": "compact"}, "999"),
        ({"number": 5e15, "style": "compact", "decimals": 0}, "5,000T"),
        ({"number": 11, "style": "ordinal"}, "11th"),
        ({"number": 22, "style": "ordinal"}, "22nd"),
        ({"number": 1e20}, "100,000,000,000,000,000,000"),
    ],
)
async def test_a_number_is_written(run: Any, values: dict[str, Any], text: str) -> None:
    assert await run("FORMAT_NUMBER", values) == text


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"number": 2.5}, 3), ({"number": -2.5}, -3), ({"number": 1.005, "decimals": 2}, 1.01),
        ({"number": 1234, "decimals": -2}, 1200), ({"number": -1.2, "direction": "up"}, -1),
        ({"number": -1.2, "direction": "down"}, -2), ({"number": 0.37, "step": 0.05}, 0.35),
    ],
)  # fmt: skip
async def test_a_number_is_rounded(run: Any, values: dict[str, Any], result: float) -> None:
    assert await run("ROUND_NUMBER", values) == result


NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14T12:00:00Z",
        "2026-03-14 13:00:00+01:00",
        "14 March 2026 12:00",
        "Sat, 14 Mar 2026 12:00:00 GMT",
        "1773489600",
        "1773489600000",
        "20260314T120000",
    ],
)
def test_a_moment_is_read(text: str) -> None:
    assert moments.read(text) == NOON


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "99999999999999999999", "32/1/2026", "x" * 300])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(errors.BlockError) as failure:
        moments.read(text)
    assert failure.value.reason == "TIME_INVALID"


@pytest.mark.parametrize(
    ("values", "moment"),
    [
        ({"date": "2026-03-31T00:00:00Z", "amount": 1, "unit": "months"}, "2026-04-30T00:00:00Z"),
        ({"date": "2024-02-29", "amount": 1, "unit": "years"}, "2025-02-28T00:00:00Z"),
        ({"date": "2026-10-24T12:00", "amount": 1, "timezone": "Europe/Zurich"}, "2026-10-25T12:00:00+01:00"),
        (
            {"date": "2026-10-24T12:00", "amount": 24, "unit": "hours", "timezone": "Europe/Zurich"},
            "2026-10-25T11:00:00+01:00",
        ),
        ({"date": "2026-03-14", "amount": -1.5}, "2026-03-12T12:00:00Z"),
    ],
)
async def test_a_date_is_moved(run: Any, values: dict[str, Any], moment: str) -> None:
    assert await run("ADD_TO_DATE", values) == moment


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("hour", "2026-10-25T02:00:00+02:00", "2026-10-25T02:59:59.999999+02:00"),
        ("day", "2026-10-25T00:00:00+02:00", "2026-10-25T23:59:59.999999+01:00"),
        ("week", "2026-10-19T00:00:00+02:00", "2026-10-25T23:59:59.999999+01:00"),
        ("month", "2026-10-01T00:00:00+02:00", "2026-10-31T23:59:59.999999+01:00"),
        ("quarter", "2026-10-01T00:00:00+02:00", "2026-12-31T23:59:59.999999+01:00"),
        ("year", "2026-01-01T00:00:00+01:00", "2026-12-31T23:59:59.999999+01:00"),
    ],
)
async def test_a_period_has_its_bounds_when_the_clocks_change(run: Any, period: str, start: str, end: str) -> None:
    values = {"date": "2026-10-25T02:30:00", "timezone": "Europe/Zurich", "period": period}
    assert await run("ROUND_DATE", values) == start
    assert await run("ROUND_DATE", {**values, "bound": "end"}) == end


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("upper", "XML HTTP REQUEST 2"), ("title", "Xml Http Request 2"), ("camel", "xmlHttpRequest2"),
        ("pascal", "XmlHttpRequest2"), ("snake", "xml_http_request_2"), ("kebab", "xml-http-request-2"),
        ("constant", "XML_HTTP_REQUEST_2"), ("sentence", "Xml http request 2"),
    ],
)  # fmt: skip
async def test_a_name_has_every_case(run: Any, case: str, text: str) -> None:
    assert await run("CHANGE_CASE", {"text": "XML http Request 2", "case": case}) == text


@settings(deadline=None)
@given(st.text("abc .\n", max_size=300), st.integers(5, 60), st.integers(0, 2))
def test_chunks_have_their_size_and_lose_no_word(text: str, size: int, part: int) -> None:
    block: Any = catalog.get("SPLIT_TEXT_INTO_CHUNKS")
    overlap = size // 5 * part
    chunks = dict(block.run(catalog.read_input(block, {"text": text, "size": size, "overlap": overlap}), None))[
        "chunks"
    ]
    assert all(0 < len(chunk) <= size for chunk in chunks)
    if not overlap:
        assert "".join("".join(chunks).split()) == "".join(text.split())
    else:
        assert set("".join(text.split())) <= set("".join(chunks))


@settings(deadline=None)
@given(st.text(max_size=100), st.integers(1, 50), st.booleans())
def test_a_shortened_text_is_no_longer_than_asked(text: str, length: int, whole: bool) -> None:
    block: Any = catalog.get("TRUNCATE_TEXT")
    found = dict(block.run(catalog.read_input(block, {"text": text, "length": length, "whole_words": whole}), None))
    assert len(found["text"]) <= length
    assert found["truncated"] == (found["text"] != text)
