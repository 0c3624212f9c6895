"""Where does a graph come from that its owner did not write?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    STORE = "store"  # added: a frozen copy, which only an update changes
    FORK = "fork"  # copied in order to be changed
    PART = "part"  # what one of the other two runs as a sub-agent, and goes with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """``graph_id``: of a fork the graph that was copied, of a part the one that it belongs to. ``listing_id`` and
    ``title``: of what was added or copied; ``creator_id`` and ``creator_name``: whose work it is. ``version``: of the
    listing, or of the graph where there is none. ``parts``: ids of the graphs that go with it."""

    source: Source
    graph_id: str = ""
    listing_id: str = ""
    version: int = 0
    title: str = ""
    creator_id: str = ""
    creator_name: str = ""
    parts: Sequence[str] = ()


def is_frozen(origin: Origin | None) -> bool:
    """Whether its owner may run it, but not write it."""
    return origin is not None and origin.source is not Source.FORK


def is_listed(origin: Origin | None) -> bool:
    """Whether it is an agent of its own, and no part of one."""
    return origin is None or origin.source is not Source.PART
