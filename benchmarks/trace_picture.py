"""How does a trace look? Spans as bars under each other, each below and right of the one that caused it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.trace import Span

ROW, LEFT, WIDTH, CHARACTER = 20, 480, 1180, 6.6
FONT = 'font-family="monospace" font-size="11"'
COLOURS = {
    "SERVER": "#2563eb",
    "CLIENT": "#0d9488",
    "PRODUCER": "#d97706",
    "CONSUMER": "#9333ea",
    "INTERNAL": "#64748b",
}
MEANS = {
    "SERVER": "a call of a function",
    "CLIENT": "a commit",
    "PRODUCER": "a task or an event is made",
    "CONSUMER": "an event is taken",
    "INTERNAL": "a block",
}


def draw(spans: Sequence[Span]) -> str:
    """An SVG page."""
    rows = list(_under(spans, ""))
    end = max(span.end for span in spans)
    height = ROW * (len(rows) + 3)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *(_row(index, depth, span, end) for index, (depth, span) in enumerate(rows)),
        *_legend(height),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _under(spans: Sequence[Span], parent: str, depth: int = 0) -> Iterator[tuple[int, Span]]:
    for span in spans:
        if span.parent == parent:
            yield depth, span
            yield from _under(spans, span.id, depth + 1)


def _row(index: int, depth: int, span: Span, end: float) -> str:
    scale = (WIDTH - LEFT - 80) / end
    label = f"{span.name} · {span.attributes['node_id']}" if span.attributes.get("node_id") else span.name
    y, x = ROW * index + ROW, LEFT + span.start * scale
    width = max((span.end - span.start) * scale, 1.5)
    return (
        f'<text x="{8 + 12 * depth}" y="{y}" fill="#0f172a">{escape(label)}</text>'
        f'<rect x="{x:.1f}" y="{y - 10}" width="{width:.1f}" height="12" rx="2" fill="{COLOURS[span.kind]}"/>'
        f'<text x="{x + width + 4:.1f}" y="{y}" fill="#475569">{span.end - span.start:.1f} ms</text>'
    )


def _legend(height: int) -> Iterator[str]:
    x = 8.0
    for kind, means in MEANS.items():
        yield f'<rect x="{x:.0f}" y="{height - 22}" width="10" height="10" rx="2" fill="{COLOURS[kind]}"/>'
        yield f'<text x="{x + 15:.0f}" y="{height - 13}" fill="#0f172a">{means}</text>'
        x += 40 + CHARACTER * len(means)
