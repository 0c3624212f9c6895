"""Where does a token stand in its execution, and what does it pair with?

A label is a path of components ``(number, kind)``:

- ``(k, LIST)``: the k-th token on a pin that may emit many;
- ``(n, cycle)``: the n-th time round that cycle (cycles are numbered from 0);
- ``(i, WAY)``: which of several links into one pin it came by.

Two tokens pair when their **keys** are equal: the label without ways and without trailing zeros, so that the two
branches of a condition meet again in one place and the first of a list stands where the list stood. Key, then
label, then the position of the link order everything; arrival orders nothing.
"""

from typing import NewType

LIST = -1
WAY = -2

Component = tuple[int, int]
Label = tuple[Component, ...]
Key = NewType("Key", tuple[Component, ...])

ROOT: Label = ()


def append(label: Label, number: int, kind: int) -> Label:
    """The label one component further."""
    return (*label, (number, kind))


def without_ways(label: Label) -> Label:
    """The label as ``key`` and the prefixes of lists see it, zeros kept."""
    return tuple(c for c in label if c[1] != WAY)


def key(label: Label) -> Key:
    """What pairs."""
    components = without_ways(label)
    while components and components[-1][0] == 0:
        components = components[:-1]
    return Key(components)


def next_turn(label: Label, cycle: int) -> Label:
    """The label of a token that goes back to the start of ``cycle``: turns are counted in place, and the ways of
    the last turn are over. Those by which it came into the cycle stay: they tell apart what entered together."""
    before = label
    while before and before[-1][1] == WAY:
        before = before[:-1]
    if before and before[-1][1] == cycle:
        return append(before[:-1], before[-1][0] + 1, cycle)
    return append(label, 1, cycle)


def widest(labels: list[Label]) -> Label:
    """The label of a firing: that of its tokens with the greatest key, then the longest, then the greatest."""
    return max(labels, key=lambda label: (key(label), len(label), label))


def encode(label: Label) -> str:
    """Text that sorts as labels do, and of which the text of a prefix is a prefix. Every number is preceded by the
    count of its digits (``a``: one, ``b``: two, …), every kind by its own kind of letter."""
    return "".join(f"{_number(number)}{_kind(kind)}" for number, kind in label)


def _number(number: int) -> str:
    digits = str(number)
    return f"{chr(ord('a') + len(digits) - 1)}{digits}"


def _kind(kind: int) -> str:
    """WAY before LIST before cycles, as their numbers are."""
    return {WAY: "A", LIST: "B"}.get(kind) or f"C{_number(kind)}"
