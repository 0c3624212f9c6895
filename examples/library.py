"""Which examples are there? A folder each: the agent, what to run it on, what must come out.

``graph.json`` is the body of ``POST /api/v1/graphs``. ``input.json`` maps names of inputs to values, where
``{"file": "NAME"}`` stands for the text of a file beside it, without its last line end. ``expected.json``, where
there is one, is the output.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """``expected`` is None where a language model decides."""

    name: str
    graph: Mapping[str, Any]
    input_data: Mapping[str, Any]
    expected: Mapping[str, Any] | None

    @property
    def uses_language_model(self) -> bool:
        return any(node["block_type"] == "LLM" for node in self.graph["nodes"])


def load_all() -> list[Example]:
    """Every example, by name."""
    return [_load(path.parent) for path in sorted(FOLDER.glob("*/graph.json"))]


def _load(folder: Path) -> Example:
    expected = folder / "expected.json"
    values: dict[str, Any] = _read(folder / "input.json")
    return Example(
        name=folder.name,
        graph=_read(folder / "graph.json"),
        input_data={name: _value(folder, value) for name, value in values.items()},
        expected=_read(expected) if expected.exists() else None,
    )


def _value(folder: Path, value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"file"}:
        return (folder / value["file"]).read_text(encoding="utf-8").removesuffix("\n")
    return value


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
