"""What is taken is handed out as what no browser runs, and a client may be wrong only where it does no harm."""

import pytest

from shared.domain import file_types
from shared.domain.file_types import OPAQUE, TYPES, Family

SHOWN_OR_RUN = ("text/html", "image/svg+xml", "application/xml", "text/xml", "application/xhtml+xml", "javascript")


@pytest.mark.parametrize("type_", list(TYPES.values()), ids=list(TYPES))
def test_nothing_is_handed_out_as_what_a_browser_runs(type_):
    assert not type_.served_as.startswith(SHOWN_OR_RUN)
    assert (type_.family is Family.TEXT) == (type_.served_as == "text/plain; charset=utf-8")


def test_no_extension_is_of_what_a_system_runs():
    run = {
        "exe",
        "bat",
        "cmd",
        "com",
        "js",
        "vbs",
        "ps1",
        "sh",
        "hta",
        "scr",
        "lnk",
        "url",
        "html",
        "htm",
        "jar",
        "py",
    }
    assert run & {extension for one in TYPES.values() for extension in one.extensions} == set()


def test_a_type_is_found_by_its_names():
    found = file_types.find("Image/JPG; q=1")
    assert found is not None
    assert found.media_type == "image/jpeg"
    assert file_types.find("text/html") is None


@pytest.mark.parametrize(
    ("declared", "found", "agree"),
    [
        ("", "image/png", True),
        (OPAQUE, "image/png", True),
        ("image/png", "image/png", True),
        ("image/jpg", "image/jpeg", True),
        ("image/png", "image/jpeg", False),
        ("text/csv", "text/plain", True),
        ("text/plain", "application/json", True),
        ("text/plain", "application/pdf", False),
        ("application/zip", "application/vnd.oasis.opendocument.text", True),
        ("application/zip", "application/gzip", False),
        ("image/png", "image/svg+xml", False),
        ("text/html", "text/plain", False),
        ("image/png", "text/html", False),
    ],
)
def test_a_declared_type_agrees_where_it_does_no_harm(declared, found, agree):
    assert file_types.agree(declared, found) == agree
