"""Is every reason that the code can give on the page of errors, and none besides?"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from repository import ROOT, modules

from shared.domain import errors

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
REASON = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def _classes() -> list[type[errors.WeftlyError]]:
    return errors.WeftlyError.__subclasses__()


def _reasons(path: Path) -> Iterator[str]:
    """Texts that are given or defaulted as ``reason``, and what ``default_reason`` is set to."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "reason":
            yield from _texts(node.value)
        elif isinstance(node, ast.arguments):
            for argument, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                if argument.arg == "reason" and default is not None:
                    yield from _texts(default)


def _texts(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and REASON.fullmatch(part.value):
            yield part.value


def _section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def _first_cells(text: str) -> list[str]:
    return re.findall(r"(?m)^\| `([A-Za-z_]+)` \|", text)


def test_every_reason_in_the_code_is_on_the_page_and_the_other_way_round() -> None:
    in_code = {reason for path in modules("shared", "functions") for reason in _reasons(path)}
    defaults = {kind.default_reason for kind in _classes()}
    sections = ("Reasons of requests", "Reasons of node executions", "Reasons of warnings")
    on_page = {reason for title in sections for reason in _first_cells(_section(title))}
    assert in_code - defaults == on_page


def test_every_class_is_on_the_page_as_it_is() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| (\d+) \| (\w+) \| `(\w+)` \| (yes|no) \|", _section("Classes"))
    assert rows == [
        (kind.__name__, str(kind.code), kind.status, kind.default_reason, "yes" if kind.retryable else "no")
        for kind in _classes()
    ]


def test_reasons_are_listed_in_order_of_their_code() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| (\d+) \|", _section("Reasons of requests"))
    assert [int(code) for _, code in rows] == sorted(int(code) for _, code in rows)
