"""Are the pages current, and does what they point at exist?"""

import ast
import json
import re
from pathlib import Path

import pytest
from repository import ROOT, name, pages

from docs import generate

PAGES = list(pages())
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[a-z][\w/{}-]*)")
_PATH = re.compile(r"`((?:functions|shared|local|tests|docs|terraform|examples)/[\w./-]+)`")

DOCUMENT = json.loads((ROOT / "functions" / "openapi.json").read_bytes())
UNDESCRIBED = {("POST", "/graphs/import"), ("GET", "/graphs/{}/export")}
"""Which take and give files of other platforms as they are."""


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_generated_page_is_current(page: str) -> None:
    assert (generate.FOLDER / page).read_text(encoding="utf-8") == generate.PAGES[page](), (
        "run: python -m docs.generate"
    )


def test_no_page_of_blocks_is_left_over() -> None:
    assert generate.leftovers() == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_prose(page)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)}: {link}"
        if anchor and target.suffix == ".md":
            assert anchor in _anchors(target), f"{name(page)}: {link}"


def _unnamed(path: str) -> str:
    """Whatever an id in it is called."""
    return re.sub(r"\{\w+\}", "{}", path)


ROUTES = UNDESCRIBED | {
    (method.upper(), _unnamed(path.removeprefix("/api/v1")))
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_routes_that_a_page_names_exist(page: Path) -> None:
    for method, path in _ROUTE.findall(page.read_text(encoding="utf-8")):
        assert (method, _unnamed(path.removeprefix("/api/v1"))) in ROUTES, f"{name(page)}: {method} {path}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_and_tests_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path, test in _TEST.findall(text):
        assert (ROOT / path).is_file(), f"{name(page)}: {path}"
        assert not test or test in _functions(ROOT / path), f"{name(page)}: {path}::{test}"
    for path in _PATH.findall(text):
        assert (ROOT / path).exists(), f"{name(page)}: {path}"


def test_sections_that_the_code_names_are_in_the_architecture() -> None:
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    named = {
        " ".join(section.split())
        for path in [*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")]
        for section in re.findall(r'docs/ARCHITECTURE\.md,\s+"([^"]+)"', path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= set(headings)


def test_decisions_have_numbers_of_their_own_and_say_all_that_a_decision_says() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert len(set(numbers)) == len(numbers)
    parts = ["Context", "Options", "Decision", "Consequences", "When to revisit"]
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.findall(r"(?m)^## (.+)$", text) == parts, record.name
        assert re.search(r"(?m)^\*\*Status\*\*: \w+, \d{4}-\d\d-\d\d$", text), record.name


def _prose(page: Path) -> str:
    return re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", _prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
