"""What does an import make? Graphs as ``POST /graphs`` takes them, the first of which runs the others; a report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.interop.report import Report

IdOf = Callable[[int], str]
"""Position of a graph in the file -> the id that it gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedGraph:
    """``place``: of the graph in the file, empty for the first. ``body``: of ``POST /graphs``. ``field_of`` turns the
    place of a violation in the body into that in the file."""

    id: str
    place: str
    body: Mapping[str, Any]
    field_of: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    graphs: Sequence[ImportedGraph]
    report: Report
