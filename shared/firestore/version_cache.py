"""Which versions has this instance read? They never change, so they are kept, the least used going first."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = tuple[str, int]
"""Graph id, number."""


Held = TypeVar("Held")


class VersionCache(Generic[Held]):
    """Bounded by the size of what it holds."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[Key, tuple[Held, int]] = OrderedDict()
        self._bytes = 0

    def find(self, key: Key) -> Held | None:
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[0]

    def keep(self, key: Key, version: Held, size: int) -> None:
        if key in self._held:
            return
        self._held[key] = (version, size)
        self._bytes += size
        while self._bytes > self._max_bytes and len(self._held) > 1:
            _, (_, dropped) = self._held.popitem(last=False)
            self._bytes -= dropped
