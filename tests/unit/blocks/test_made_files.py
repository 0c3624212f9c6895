"""Do files that blocks make read as what they are: workbooks, archives, pictures, documents?"""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from shared.blocks import catalog, runner
from tests.unit.blocks.attacks import bombs


@pytest.fixture
def run(context: Any) -> Callable[..., Any]:
    async def go(block_type: str, values: dict[str, Any]) -> runner.Outcome:
        block = catalog.get(block_type)
        return await runner.collect(block, catalog.read_input(block, values), context())

    return go


async def test_a_workbook_is_read_as_it_was_written(run: Any) -> None:
    rows = [{"a": 1, "b": "x", "c": True}, {"a": 2.5, "d": None, "b": [1]}]
    made = dict((await run("CREATE_SPREADSHEET", {"sheets": {"One/Two": rows, "Lists": [[1, "=1"], []]}})).tokens)
    assert made["sheet_names"] == ["One Two", "Lists"]
    read = dict((await run("READ_WORKBOOK", {"file": made["file"]})).tokens)
    assert read["sheet_names"] == ["One Two", "Lists"]
    assert read["rows"] == [
        {"a": "1", "b": "x", "c": "TRUE", "d": ""},
        {"a": "2.5", "b": "[1]", "c": "", "d": ""},
    ]
    for sheet in ("Lists", "2"):
        read = dict((await run("READ_WORKBOOK", {"file": made["file"], "sheet": sheet, "has_header": False})).tokens)
        assert read["rows"] == [{"0": "1", "1": "=1"}]
    missing = await run("READ_WORKBOOK", {"file": made["file"], "sheet": "Three"})
    assert "it has no sheet 'Three'; it has One Two, Lists" in missing.failure.message


async def test_what_is_packed_is_unpacked(run: Any) -> None:
    files = {"a.txt": "data:,hi", "b/c.json": "data:application/json,{}", "../d": "data:,x"}
    first, second = [dict((await run("ZIP_FILES", {"files": files})).tokens) for _ in range(2)]
    assert first == second  # the same files are the same archive
    found = await run("UNZIP_FILES", {"archive": first["archive"]})
    assert [one["name"] for one in dict(found.tokens[:1])["files"]] == ["a.txt", "b/c.json", "d"]
    assert [pin for pin, _ in found.tokens] == ["files", "file", "file", "file"]
    chosen = await run("UNZIP_FILES", {"archive": first["archive"], "pattern": "*.json", "one_by_one": False})
    assert [one["file"] for one in dict(chosen.tokens)["files"]] == ["data:application/json;base64,e30="]


def picture(width: int, height: int, **more: Any) -> str:
    made = io.BytesIO()
    Image.new("RGBA", (width, height), (255, 0, 0, 128)).save(made, "PNG", **more)
    return bombs.uri(made.getvalue(), "image/png")


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({"width": 20}, (20, 10)),
        ({"height": 5}, (10, 5)),
        ({"width": 10, "height": 10}, (10, 5)),
        ({"width": 10, "height": 10, "fit": "cover"}, (10, 10)),
        ({"width": 7, "height": 9, "fit": "stretch"}, (7, 9)),
        ({}, (40, 20)),
    ],
)
async def test_an_image_gets_its_size(run: Any, values: dict[str, Any], size: tuple[int, int]) -> None:
    made = dict((await run("RESIZE_IMAGE", {"image": picture(40, 20), **values})).tokens)["image"]
    assert made.startswith("data:image/png;")
    with opened(made) as image:
        assert image.size == size


@pytest.mark.parametrize("format", ["jpeg", "webp", "png"])
async def test_an_image_gets_its_format_and_says_nothing_of_its_maker(run: Any, format: str) -> None:
    from PIL import PngImagePlugin

    said = PngImagePlugin.PngInfo()
    said.add_text("Author", "Ada")
    made = dict((await run("RESIZE_IMAGE", {"image": picture(4, 4, pnginfo=said), "format": format})).tokens)["image"]
    assert made.startswith(f"data:image/{format};")
    with opened(made) as image:
        assert (image.format or "").lower() == format
        assert "Author" not in image.info


async def test_a_qr_code_is_a_picture(run: Any) -> None:
    made = dict((await run("QR_CODE", {"text": "https://example.com/", "scale": 2})).tokens)["image"]
    with opened(made) as image:
        assert image.size == (66, 66)  # 25 squares and a margin of 4 on each side
    vector = dict((await run("QR_CODE", {"text": "x", "format": "svg"})).tokens)["image"]
    assert b"<svg" in base64.b64decode(vector.partition(",")[2])


async def test_a_qr_code_has_its_limit(run: Any) -> None:
    found = await run("QR_CODE", {"text": "a" * 4_000})
    assert "too long for a QR code" in found.failure.message


def pdf(*pages: str) -> str:
    """A document with a text on each page."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{' '.join(f'{4 + 2 * i} 0 R' for i in range(len(pages)))}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 20 50 Td ({text}) Tj ET"
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents {5 + 2 * number} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>"
        )
        objects.append(f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream")
    body = "".join(f"{number} 0 obj\n{text}\nendobj\n" for number, text in enumerate(objects, 1))
    return bombs.uri(f"%PDF-1.4\n{body}trailer<</Root 1 0 R/Size {len(objects) + 1}>>\nstartxref\n0\n%%EOF".encode())


async def test_a_document_is_read_page_by_page(run: Any) -> None:
    found = dict((await run("READ_PDF", {"file": pdf("Hello", "World")})).tokens)
    assert (found["text"], found["pages"], found["page_count"]) == ("Hello\n\nWorld", ["Hello", "World"], 2)
    second = dict((await run("READ_PDF", {"file": pdf("Hello", "World"), "first_page": 2, "last_page": 9})).tokens)
    assert second["pages"] == ["World"]
