"""A name of a file leads nowhere, hides nothing, and ends in what the content is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import file_names

CASES = {
    "report.pdf": "report.pdf",
    "My report (final).pdf": "My report (final).pdf",
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\system32\\cmd.txt": "cmd.txt",
    "/etc/shadow": "shadow",
    "C:\\Users\\ann\\a.txt": "a.txt",
    "..%2f..%2fetc%2fpasswd": "passwd",
    "..%252f..%255Cboot.ini": "boot.ini",
    "..\uff0f..\u2215x.txt": "x.txt",
    "a.txt/..": "a.txt",
    "....": "file",
    "": "file",
    "   ": "file",
    "\x00\x01": "file",
    "photo.png\x00.exe": "photo.png.exe",
    "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie_ x=1.txt",
    "invoice\u202efdp.exe": "invoicefdp.exe",
    "a\u2066b\u2069\u200b\ufeffc.txt": "abc.txt",
    "CON": "_CON",
    "nul.txt": "_nul.txt",
    "com1.tar.gz": "_com1.tar.gz",
    "lpt\u00b9": "_lpt\u00b9",
    "console.log": "console.log",
    "notes.txt:evil.exe": "notes.txt_evil.exe",
    'a<b>"c|d?.txt': "a_b__c_d_.txt",
    ".htaccess": "htaccess",
    "a.txt. . .": "a.txt",
    "cafe\u0301.txt": "caf\u00e9.txt",
    "a\u00a0\u2003b.txt": "a b.txt",
    "\u062a\u0642\u0631\u064a\u0631.pdf": "\u062a\u0642\u0631\u064a\u0631.pdf",
    "報告.xlsx": "報告.xlsx",
    "\ud800x.txt": "x.txt",
    "\ue000x.txt": "x.txt",
}


@pytest.mark.parametrize(("given_name", "expected"), list(CASES.items()), ids=[ascii(name) for name in CASES])
def test_names_are_cleaned(given_name, expected):
    assert file_names.clean(given_name) == expected


def test_a_long_name_keeps_its_extension():
    cleaned = file_names.clean("ä" * 500 + ".docx")
    assert len(cleaned.encode()) <= file_names.MAX_BYTES
    assert cleaned.endswith("ä.docx")
    assert len(file_names.clean("x" * 500)) == file_names.MAX_BYTES
    assert len(file_names.clean("x." + "y" * 500)) == file_names.MAX_BYTES


@given(st.text(max_size=300))
def test_no_name_leads_anywhere(name):
    cleaned = file_names.clean(name)
    assert 0 < len(cleaned.encode()) <= file_names.MAX_BYTES + 1
    assert not set(cleaned) & set('/\\:<>"|?*')
    assert cleaned not in (".", "..")
    assert not any(unicodedata.category(one) in ("Cc", "Cf") for one in cleaned)
    assert file_names.clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("name", "extensions", "expected"),
    [
        ("a.png", ("png",), "a.png"),
        ("a.JPEG", ("jpg", "jpeg"), "a.JPEG"),
        ("a.png", ("jpg", "jpeg"), "a.png.jpg"),
        ("run.bat", ("txt",), "run.bat.txt"),
        ("README", ("txt",), "README.txt"),
        (".png", ("png",), ".png.png"),
        ("data", (), "data"),
    ],
)
def test_a_copy_ends_in_what_the_content_is(name, extensions, expected):
    assert file_names.with_extension(name, extensions) == expected


def test_a_header_holds_any_clean_name_and_nothing_else():
    header = file_names.attachment(file_names.clean('a"; x=%41\r\nä.txt'))
    assert header == "attachment; filename=\"a__ x=_41_.txt\"; filename*=UTF-8''a_%3B%20x%3D%2541%C3%A4.txt"
