"""What does an interpretation take, and what does it tell?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.property.standing import Label


class Failed(Exception):
    """Raised by a block's function: the firing fails with this message; what it has yielded before stays."""


class TooLarge(Exception):
    """More firings than asked for."""


class Ambiguous(Exception):
    """Two firings of one node have the same label: the rules leave open which is which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A block as the rules see it. ``run``: pin -> value in, ``(pin, value)`` out."""

    run: Callable[[Mapping[str, Any]], Iterator[tuple[str, Any]]]
    many: frozenset[str] = frozenset()
    static: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One firing as it went. ``inputs`` are those of the links alone merged with literals, as the block got them."""

    label: Label
    inputs: Mapping[str, Any]
    outputs: list[tuple[str, Any]]
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an execution gives. ``failed_at``: the node whose failure is told."""

    status: str
    failed_at: str | None
    output: dict[str, Any]
    firings: dict[str, list[Firing]]
