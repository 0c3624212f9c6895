"""Is everything small enough to be read, and finished?"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from repository import CODE, ROOT, modules, name

MAX_MODULE = 400
MAX_FUNCTION = 50
MAX_README = 30

MODULES = [*modules(*CODE), *modules("tests")]
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|for now)\b")


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_is_short_and_so_are_its_functions(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or node.lineno) - node.lineno < MAX_FUNCTION, node.name


@pytest.mark.parametrize("path", list(modules(*CODE)), ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_nothing_is_left_for_later() -> None:
    found = [
        f"{name(path)}:{line}: {text.strip()}"
        for path in MODULES
        if path != Path(__file__)
        for line, text in _words(path)
        if _UNFINISHED.search(text)
    ]
    assert found == []


def _words(path: Path) -> Iterator[tuple[int, str]]:
    """Comments and texts, with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.start[0], token.string


@pytest.mark.parametrize("readme", sorted(ROOT.glob("*/README.md")), ids=name)
def test_the_readme_of_a_folder_is_short(readme: Path) -> None:
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= MAX_README


def test_modules_of_tests_that_are_in_no_package_have_names_of_their_own() -> None:
    """pytest would take the second of two for the first."""
    bare = [path.name for path in (ROOT / "tests").rglob("test_*.py") if not (path.parent / "__init__.py").exists()]
    assert sorted({name for name in bare if bare.count(name) > 1}) == []
