"""How does the event loop wait for the next request?

To sleep until it comes and to be woken can cost more than the request does, on a virtual machine above all, where a
core that has nothing to do is given back (docs/adr/0079). So where requests follow closely the loop looks again and
again for a moment before it sleeps, as kernels do for guests
(https://docs.kernel.org/virt/kvm/halt-polling.html). Where they do not, or the machine is busy, it sleeps at once.
"""

import asyncio
import os
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
_MOMENT = 100e-6
"""Seconds for which it looks before it sleeps."""

_INTERRUPTED = 30e-6
"""Seconds between two looks that say that another program was given the core."""

_MOST, _SLOW, _CROWDED = 8, 2, -64


class Patience:
    """Whether it pays to look: a wait of less than two moments gains one credit, a longer one loses two."""

    def __init__(self) -> None:
        self._credit = 0

    @property
    def pays(self) -> bool:
        """Whether the next request is expected within a moment."""
        return self._credit > 0

    def waited(self, seconds: float) -> None:
        """For the last request."""
        if seconds < 2 * _MOMENT:
            self._credit = min(self._credit + 1, _MOST)
        elif self._credit > 0:
            self._credit = max(self._credit - _SLOW, 0)

    def interrupted(self) -> None:
        """Others need the cores: do not look before many more requests have followed closely."""
        self._credit = _CROWDED


class Selector(selectors.DefaultSelector):
    """Looks before it sleeps, where that pays."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__()
        self._clock = clock
        self._patience = Patience()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As every selector: what is ready, after ``timeout`` seconds at most; None: whenever something is."""
        if timeout is not None and timeout < _MOMENT:
            return super().select(timeout)
        began = self._clock()
        ready = self._look(began) if self._patience.pays else []
        if not ready:
            ready = super().select(timeout)
        self._patience.waited(self._clock() - began)
        return ready

    def _look(self, began: float) -> list[tuple[selectors.SelectorKey, int]]:
        last = began
        while last - began < _MOMENT:
            if ready := super().select(0):
                return ready
            now = self._clock()
            if now - last > _INTERRUPTED:
                self._patience.interrupted()
                break
            last = now
        return []


def _cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def new_event_loop() -> asyncio.AbstractEventLoop:
    """One that looks before it sleeps, unless whoever is waited for needs the one core."""
    return asyncio.SelectorEventLoop(Selector()) if _cores() > 1 else asyncio.new_event_loop()


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """As ``asyncio.run``."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
