"""Do files and texts of strangers take no more than their limits, name no file of the machine, and run nowhere?"""

import base64
import csv
import json
from pathlib import Path
from typing import Any

import bs4
import pytest

from shared.blocks.credentials import ApiKey, Need
from shared.blocks.sandbox import isolated
from tests.unit.blocks.attacks import bombs
from tests.unit.blocks.attacks.test_code_attacks import CANARY, outcome

ON_PURPOSE = {
    "LIMIT_EXCEEDED",
    "FILE_UNREADABLE",
    "TEXT_INVALID",
    "SCHEMA_INVALID",
    "QUERY_INVALID",
    "PATTERN_INVALID",
} | {
    *("UNIT_INVALID", "TIME_INVALID", "BLOCK_FAILED"),
}
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file://CANARY_FILE">]><a>&x;</a>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % x SYSTEM "file://CANARY_FILE"> %x;]><a/>'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = (
    f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>'
    "</sheetData></worksheet>"
)

# What takes long to make is made when its test runs, not by each process that collects.
REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("a billion laughs", "XML_PARSER", {"input_xml": bombs.lol() + "<a>&lol11;</a>"}),
    (
        "a quadratic blow-up",
        "XML_PARSER",
        {"input_xml": f"<!DOCTYPE a [<!ENTITY x '{'x' * 50_000}'>]><a>{'&x;' * 50_000}</a>"},
    ),
    ("an entity of a file", "XML_PARSER", {"input_xml": EXTERNAL}),
    ("a parameter entity of a file", "XML_PARSER", {"input_xml": PARAMETER}),
    ("elements too deep", "XML_PARSER", {"input_xml": "<a>" * 100_000}),
    ("elements too deep, closed", "XML_PARSER", {"input_xml": "<a>" * 5_000 + "</a>" * 5_000}),
    ("a name that is markup", "WRITE_XML", {"data": {"a><script": "x"}}),
    ("YAML that doubles", "PARSE_YAML", {"text": bombs.aliases()}),
    ("YAML that merges", "PARSE_YAML", {"text": bombs.aliases(merge=True)}),
    ("YAML that calls", "PARSE_YAML", {"text": "!!python/object/apply:os.system ['id']"}),
    ("YAML that makes an object", "PARSE_YAML", {"text": "!!python/object:subprocess.Popen {}"}),
    ("YAML too deep", "PARSE_YAML", {"text": "[" * 100_000}),
    ("TOML too deep", "PARSE_TOML", {"text": "a = " + "[" * 100_000}),
    ("JSON too deep", "JSON_DECODER", {"json_str": "[" * 1_000_000}),
    ("a schema with a pattern", "JSON_VALIDATE", {"data": "a" * 60 + "!", "json_schema": {"pattern": "^(a|a)*$"}}),
    ("a schema of itself", "JSON_VALIDATE", {"data": 1, "json_schema": {"$ref": "#"}}),
    ("a schema of a file", "JSON_VALIDATE", {"data": 1, "json_schema": {"$ref": "file://CANARY_FILE"}}),
    (
        "a schema of the metadata server",
        "JSON_VALIDATE",
        {"data": 1, "json_schema": {"$ref": "http://169.254.169.254/"}},
    ),
    ("a ZIP of zeros", "UNZIP_FILES", {"archive": lambda: bombs.uri(bombs.zip_of_zeros(60))}),
    ("a ZIP that lies about its size", "UNZIP_FILES", {"archive": lambda: bombs.uri(bombs.zip_that_lies())}),
    ("a ZIP of overlapping files", "UNZIP_FILES", {"archive": lambda: bombs.uri(bombs.zip_of_overlaps())}),
    (
        "a ZIP of many names",
        "UNZIP_FILES",
        {"archive": lambda: bombs.uri(bombs.archive({str(i): b"" for i in range(2_000)}))},
    ),
    ("a workbook of zeros", "READ_WORKBOOK", {"file": lambda: bombs.uri(bombs.zip_of_zeros(120))}),
    (
        "a workbook of zeros, as a table",
        "READ_SPREADSHEET",
        {"file_input": lambda: bombs.uri(bombs.zip_of_zeros(120))},
    ),
    (
        "a workbook with laughs",
        "READ_WORKBOOK",
        {"file": bombs.uri(bombs.workbook((bombs.lol() + SHEET % "&lol11;").encode()))},
    ),
    (
        "a workbook that names a file",
        "READ_WORKBOOK",
        {
            "file": bombs.uri(
                bombs.workbook(
                    (EXTERNAL.replace("CANARY_FILE", "/etc/passwd").partition("<a>")[0] + SHEET % "&x;").encode()
                )
            )
        },
    ),
    ("an image of a billion pixels", "RESIZE_IMAGE", {"image": bombs.uri(bombs.png(60_000, 60_000)), "width": 10}),
    ("an image of more than it has", "RESIZE_IMAGE", {"image": bombs.uri(bombs.png(5_000, 5_000)), "width": 10}),
    (
        "an image that is to grow",
        "RESIZE_IMAGE",
        {"image": bombs.uri(bombs.png(1, 1)), "width": 20_000, "height": 20_000},
    ),
    (
        "an image that is a program",
        "RESIZE_IMAGE",
        {"image": bombs.uri(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run"), "width": 5},
    ),
    ("a PDF whose pages loop", "READ_PDF", {"file": bombs.uri(bombs.pdf_that_loops())}),
    ("a page of tags in tags", "HTML_TO_MARKDOWN", {"html": "<div>" * 200_000}),
    ("a selector too deep", "HTML_EXTRACT", {"html": "<p>a", "selector": ":not(" * 200}),
    ("a unit that computes", "CONVERT_UNITS", {"value": 1, "from_unit": "m**9**9**9**9", "to_unit": "km"}),
    ("a unit that calls", "CONVERT_UNITS", {"value": 1, "from_unit": "__import__('os').getcwd()", "to_unit": "km"}),
    ("a time zone that is a file", "FORMAT_DATE", {"date": "2026-03-14", "timezone": "../../../etc/passwd"}),
    ("a time zone with a null", "FORMAT_DATE", {"date": "2026-03-14", "timezone": "UTC\0x"}),
    ("a date of many digits", "PARSE_DATE", {"date": "9" * 150}),
    ("keys too deep", "UNFLATTEN_DICTIONARY", {"flat": {".".join("a" * 100_000): 1}}),
    ("a file of the machine", "FILE_STORE", {"file_in": "file://CANARY_FILE"}),
    ("a path of the machine", "READ_PDF", {"file": "CANARY_FILE"}),
]


@pytest.fixture(autouse=True)
def tight_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "CPU_SECONDS", 1)


@pytest.fixture
def canary(tmp_path: Path) -> str:
    path = tmp_path / "canary"
    path.write_text(CANARY, encoding="utf-8")
    return str(path)


def put(value: Any, path: str) -> Any:
    """``value``, made, with the path of the file that nobody may read."""
    match value() if callable(value) else value:
        case str(text) if text.startswith("data:application"):
            kind, _, body = text.partition(",")
            content = base64.b64decode(body)
            return text if content[:2] == b"PK" else f"{kind},{body}"
        case str(text):
            return text.replace("CANARY_FILE", path)
        case dict(fields):
            return {key: put(one, path) for key, one in fields.items()}
        case other:
            return other


@pytest.mark.parametrize(("block_type", "values"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
async def test_what_is_hostile_is_refused(block_type: str, values: dict[str, Any], context: Any, canary: str) -> None:
    found = await outcome(block_type, put(values, canary), context())
    assert found.failure is not None
    assert found.failure.reason in ON_PURPOSE, found.failure
    assert CANARY not in json.dumps(found.tokens) + found.failure.message


async def test_a_pdf_that_unpacks_to_too_much_ends(context: Any) -> None:
    found = await outcome("READ_PDF", {"file": bombs.uri(bombs.pdf_of_zeros(300))}, context())
    assert found.failure is None or found.failure.reason in ON_PURPOSE


async def test_names_in_an_archive_lead_nowhere_else(context: Any) -> None:
    names = {"../../etc/cron.d/x": b"1", "/etc/passwd": b"2", "..\\..\\x": b"3", "C:\\x": b"4", "a/./b": b"5"}
    found = await outcome("UNZIP_FILES", {"archive": bombs.uri(bombs.archive(names)), "one_by_one": False}, context())
    made = [one["name"] for one in dict(found.tokens)["files"]]
    assert made == ["etc/cron.d/x", "etc/passwd", "x", "C/x", "a/b"]


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "[a](  java\nscript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<a href='data:text/html,<script>alert(1)</script>'>a</a>",
        "<iframe src='javascript:alert(1)'></iframe>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<style>@import 'x'</style><form action='javascript:alert(1)'><button>a",
    ],
)
@pytest.mark.parametrize("block_type", ["MARKDOWN_TO_HTML", "CLEAN_HTML"])
async def test_no_script_survives(block_type: str, markdown: str, context: Any) -> None:
    pin = "markdown" if block_type == "MARKDOWN_TO_HTML" else "html"
    found = await outcome(block_type, {pin: markdown}, context())
    page = bs4.BeautifulSoup(found.tokens[0][1], "lxml")
    assert not page.find_all(["script", "iframe", "svg", "math", "style", "form", "object", "embed", "button"])
    for element in page.find_all(True):
        assert not [name for name in element.attrs if name.startswith("on")]
        for name in ("href", "src", "action"):
            assert not str(element.get(name, "")).strip().lower().startswith(("javascript:", "data:", "java"))


async def test_a_table_runs_nothing_in_a_spreadsheet(context: Any) -> None:
    rows = [["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(1)", "\t=1", "-5", "1e3"]]
    found = await outcome("CREATE_CSV", {"rows": rows, "header": False}, context())
    cells = next(iter(csv.reader([dict(found.tokens)["csv"]])))
    assert [cell[:1] for cell in cells] == ["'", "'", "'", "'", "'", "-", "1"]
    found = await outcome("CREATE_SPREADSHEET", {"sheets": {"a": rows}}, context())
    read = await outcome("READ_WORKBOOK", {"file": dict(found.tokens)["file"], "has_header": False}, context())
    assert next(iter(dict(read.tokens)["rows"][0].values())) == "=cmd|'/c calc'!A1"  # a text, and no formula


class Wallet:
    async def open(self, need: Need, credentials_id: str) -> ApiKey:
        return ApiKey(api_key="a public key that an attacker knows, of enough bytes")


def token(head: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(head).encode(), b'{"sub": "admin"}', signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize(
    "forged",
    [
        token({"alg": "none"}),
        token({"alg": "NoNe"}),
        token({"alg": "HS256"}),
        token({"alg": "HS512"}, b"x"),
        token({"alg": "RS256"}, b"x"),
        token({"alg": "HS256", "jwk": {"kty": "oct", "k": "eA"}}, b"x"),
        token({"alg": "HS256", "jku": "http://169.254.169.254/"}, b"x"),
        token({"alg": "HS256", "kid": "../../dev/null"}, b""),
        "a.b",
        "",
    ],
)
async def test_a_forged_token_is_not_believed(forged: str, context: Any) -> None:
    values = {"token": forged, "credentials": "c"}
    found = await outcome("VERIFY_JWT", values, context(wallet=Wallet()))
    assert [pin for pin, _ in found.tokens] == ["invalid"]


async def test_a_public_key_signs_nothing(context: Any) -> None:
    """A token that was signed with the public key as if it were a shared secret."""
    import jwt

    key = (await Wallet().open(Need(provider="x", kinds=(), where=""), "c")).api_key
    forged = jwt.encode({"sub": "admin"}, key, "HS256")
    found = await outcome(
        "VERIFY_JWT", {"token": forged, "algorithm": "RS256", "credentials": "c"}, context(wallet=Wallet())
    )
    assert [pin for pin, _ in found.tokens] == ["invalid"]
