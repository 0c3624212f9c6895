"""Do blocks read files: from addresses and data URIs, as text, CSV and Excel?"""

import base64
import datetime
import io
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import openpyxl
import pytest

from shared.blocks import catalog, runner, sources
from shared.domain import errors


class Web:
    """Web pages by address."""

    def __init__(self, pages: dict[str, httpx.Response]) -> None:
        self._pages = pages

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self._pages[url]


@pytest.fixture
def run(context: Any) -> Callable[..., Any]:
    async def go(block_type: str, values: dict[str, Any], pages: dict[str, httpx.Response] | None = None) -> Any:
        block = catalog.get(block_type)
        read = catalog.read_input(block, values)
        many = block.many_pins(values)
        return await runner.collect(block, read, context(http=Web(pages or {})), many_pins=many)

    return go


def uri(content: bytes) -> str:
    return "data:application/octet-stream;base64," + base64.b64encode(content).decode()


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("é".encode(), "é"),
        ("é".encode("utf-8-sig"), "é"),
        ("é".encode("utf-16"), "é"),
        ("é".encode("cp1252"), "é"),
        (b"", ""),
    ],
)
async def test_a_file_is_read_in_its_encoding(run: Any, content: bytes, text: str) -> None:
    assert (await run("FILE_READ", {"file_input": uri(content)})).tokens == [("content", text)]


async def test_a_file_is_fetched_from_the_web(run: Any) -> None:
    pages = {"https://a.example/f%20g.txt?x=1": httpx.Response(200, text="hello")}
    assert (await run("FILE_READ", {"file_input": "https://a.example/f%20g.txt?x=1"}, pages)).tokens == [
        ("content", "hello")
    ]


@pytest.mark.parametrize(("status", "again"), [(404, False), (429, True), (503, True)])
async def test_a_file_that_is_not_there_fails(run: Any, status: int, again: bool) -> None:
    outcome = await run("FILE_READ", {"file_input": "http://a.example"}, {"http://a.example": httpx.Response(status)})
    assert str(status) in outcome.failure.message
    assert isinstance(outcome.failure, errors.Retryable) is again


async def test_a_name_is_read_from_the_address(context: Any) -> None:
    answer = httpx.Response(200, content=b"x", headers={"content-type": "Text/Plain; charset=utf-8"})
    file = await sources.read(
        "https://a.example/d/f%20g.txt?x=1", context(http=Web({"https://a.example/d/f%20g.txt?x=1": answer}))
    )
    assert (file.name, file.media_type) == ("f g.txt", "text/plain")


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "data:text/plain", "data:;base64,!!", "", "x"])
async def test_what_is_no_file_is_refused(run: Any, reference: str) -> None:
    assert (await run("FILE_READ", {"file_input": reference})).failure.reason == "FILE_UNREADABLE"


async def test_a_file_that_is_too_large_is_refused(run: Any) -> None:
    outcome = await run("FILE_READ", {"file_input": "data:," + "x" * (sources.MAX_FILE_BYTES + 1)})
    assert "10,000,001 bytes" in outcome.failure.message


@pytest.mark.parametrize(
    ("values", "contents"),
    [
        ({"size_limit": 3}, ["abc", "def", "g"]),
        ({"delimiter": "d"}, ["abc", "efg"]),
        ({"delimiter": "d", "size_limit": 2}, ["ab", "c", "ef", "g"]),
        ({"delimiter": "d", "size_limit": 7}, ["abcdefg"]),
        ({"skip_size": 5}, ["fg"]),
        ({"delimiter": "d", "skip_rows": 9}, []),
    ],
)
async def test_a_text_is_read_in_pieces(run: Any, values: dict[str, Any], contents: list[str]) -> None:
    outcome = await run("FILE_READ", {"file_input": "data:,abcdefg", **values})
    assert outcome == runner.Outcome(tokens=[("content", text) for text in contents])


async def test_an_excel_file_is_read_as_texts(run: Any) -> None:
    rows = [
        ["name", "n", "share", "on", "at", "yes", None],
        ["Ada", 3, 0.5, datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, 4), True, None],  # noqa: DTZ001
        [None] * 7,
        ["Konrad", None, None, None, None, False, "x"],
    ]
    outcome = await run("READ_SPREADSHEET", {"file_input": uri(workbook(rows))})
    assert outcome.failure is None
    assert outcome.tokens == [
        (
            "rows",
            [
                {
                    "name": "Ada",
                    "n": "3",
                    "share": "0.5",
                    "on": "2026-01-02",
                    "at": "2026-01-02 03:04:00",
                    "yes": "TRUE",
                    "": "",
                },
                {"name": "Konrad", "n": "", "share": "", "on": "", "at": "", "yes": "FALSE", "": "x"},
            ],
        )
    ]


async def test_a_damaged_excel_file_is_refused(run: Any) -> None:
    for content in (b"PK\x03\x04 and more", workbook([["a"]])[:900]):
        outcome = await run("READ_SPREADSHEET", {"file_input": uri(content)})
        assert outcome.failure.reason == "FILE_UNREADABLE"


async def test_a_zip_that_is_no_workbook_is_refused(run: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "hello")
    assert (await run("READ_SPREADSHEET", {"file_input": uri(packed.getvalue())})).failure.reason == "FILE_UNREADABLE"


async def test_an_excel_file_that_unpacks_to_too_much_is_refused(run: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb", "w") as bomb:
        for _ in range(101):
            bomb.write(bytes(1_000_000))
    outcome = await run("READ_SPREADSHEET", {"file_input": uri(packed.getvalue())})
    assert "unpacks to 101,000,000 bytes" in outcome.failure.message


async def test_an_old_excel_file_says_what_to_do(run: Any) -> None:
    outcome = await run("READ_SPREADSHEET", {"file_input": uri(b"\xd0\xcf\x11\xe0")})
    assert ".xlsx" in outcome.failure.message


@pytest.mark.parametrize(
    ("contents", "values", "rows"),
    [
        ('a,b\n"x, y",2\n', {}, [{"a": "x, y", "b": "2"}]),
        ("a,b\nx\\,y,2", {}, [{"a": "x,y", "b": "2"}]),
        ("a\n1,2,3", {}, [{"a": "1", "1": "2", "2": "3"}]),
        ("a,b\n1", {}, [{"a": "1"}]),
        ("a\n1\n2", {"skip_rows": 1}, [{"a": "2"}]),
        (" a , b \n 1 , 2 ", {"strip": False}, [{" a ": " 1 ", " b ": " 2 "}]),
        ("a\r\n\r\n1\r\n", {}, [{"a": "1"}]),
        ("", {}, []),
        ("a", {}, []),
        ("a\n" + "x" * 200_000, {}, [{"a": "x" * 200_000}]),
    ],
)
async def test_csv_is_read(run: Any, contents: str, values: dict[str, Any], rows: list[dict[str, str]]) -> None:
    outcome = await run("READ_SPREADSHEET", {"contents": contents, **values})
    assert outcome == runner.Outcome(tokens=[("rows", rows)])
