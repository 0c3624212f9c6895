"""What is in the repository? Its files, as the style tests read them."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

CODE = ("functions", "shared", "local", "examples", "benchmarks", "docs", "deploy")
"""Folders of code that is shipped."""


def modules(*folders: str) -> Iterator[Path]:
    """The Python files in these folders, in order."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def pages() -> Iterator[Path]:
    """Every Markdown page that is ours: at the top, in the docs, and the READMEs of the top folders."""
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))
    yield from sorted(ROOT.glob("*/README.md"))


def name(path: Path) -> str:
    """As one says it: relative to the repository."""
    return path.relative_to(ROOT).as_posix()
