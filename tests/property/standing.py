"""The rules of docs/ARCHITECTURE.md, "Pairing", on where a token stands: labels, keys, orders."""

from dataclasses import dataclass
from typing import Any

from tests.property.lay import LIST, WAY

Label = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    label: Label
    link: int
    value: Any


def key(label: Label) -> Label:
    """What pairs: the label without ways and without trailing zeros."""
    label = tuple(c for c in label if c[1] != WAY)
    while label and label[-1][0] == 0:
        label = label[:-1]
    return label


def order(token: Token) -> tuple[Label, Label, int]:
    return key(token.label), token.label, token.link


def widest(labels: list[Label]) -> Label:
    """The greatest key, then the longest, then the greatest."""
    return max(labels, key=lambda label: (key(label), len(label), label))


def next_turn(label: Label, cycle: int) -> Label:
    """Turns are counted in place; the ways of the last turn are over, those by which it came in stay."""
    turned = label
    while turned and turned[-1][1] == WAY:
        turned = turned[:-1]
    if turned and turned[-1][1] == cycle:
        return (*turned[:-1], (turned[-1][0] + 1, cycle))
    return (*label, (1, cycle))


def can_make(label: Label, wanted: Label) -> bool:
    """Can a firing with this label send a token of this key, now or through others?"""
    parts = [c for c in label if c[1] != WAY]
    return any(c[1] != LIST for c in parts) or all(
        c == wanted[i] if i < len(wanted) else c[0] == 0 for i, c in enumerate(parts)
    )


def can_make_later(label: Label, wanted: Label, cycle: int) -> bool:
    """The same, where it has to go round this cycle first, once or more often, without a list on the way."""
    label = tuple(c for c in label if c[1] != WAY)
    for _ in range(wanted[-1][0] if wanted and wanted[-1][1] == cycle else 0):
        label = next_turn(label, cycle)
        if (key(label[:-1]), label[-1]) == (key(wanted[:-1]), wanted[-1]):
            return True
    return False


def group(label: Label) -> Label:
    """The list that a token was emitted into: all up to its last ordinal of a list."""
    lists = [i for i, c in enumerate(label) if c[1] == LIST]
    return label[: lists[-1]] if lists else ()
