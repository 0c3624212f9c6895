"""What may a firing still send, by its label: which keys, and into which lists?"""

from shared.domain import labels
from shared.domain.labels import Key, Label


def can_make(label: Label, wanted: Key) -> bool:
    """Can a firing with this label send a token of this key, now or through others?"""
    components = labels.without_ways(label)
    if any(kind != labels.LIST for _, kind in components):
        return True
    return all(c == wanted[i] if i < len(wanted) else c[0] == 0 for i, c in enumerate(components))


def can_make_later(label: Label, wanted: Key, cycle: int) -> bool:
    """The same, where all that it sends comes there in a later turn of this cycle, and no list lies between."""
    start = labels.key(label)
    turn = start[-1][0] if start and start[-1][1] == cycle else 0
    before = start[:-1] if turn else start
    if not wanted or wanted[-1][1] != cycle:
        return False
    return wanted[-1][0] > turn and labels.key(wanted[:-1]) == labels.key(before)


def group(label: Label) -> Label:
    """The list that a token was emitted into: all up to its last ordinal of a list."""
    lists = [i for i, (_, kind) in enumerate(label) if kind == labels.LIST]
    return label[: lists[-1]] if lists else ()


def may_enter(label: Label, prefix: Label) -> bool:
    """Can a firing with this label send into the list that was opened under ``prefix``?"""
    return all(a == b for a, b in zip(label, prefix, strict=False)) or any(kind != labels.LIST for _, kind in label)
