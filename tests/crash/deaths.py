"""Dying on purpose: every effect of the engine is counted, and one of them kills the call that makes it."""

import os
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

import pytest

from shared.firestore import commits
from shared.gcp import pubsub, tasks


class Mode(StrEnum):
    BEFORE = "before"  # the process dies; nothing was applied
    AFTER = "after"  # the process dies; it was applied
    LOST = "lost"  # it was applied, the answer was lost, and the client called again


EVERY_WAY = os.environ.get("DEATHS") == "all"


def ways(at: int, *, every: bool) -> list[Mode]:
    """In which an effect dies: all, or the one whose turn it is (the rest with ``DEATHS=all``)."""
    return list(Mode) if every or EVERY_WAY else [list(Mode)[at % len(Mode)]]


class Died(BaseException):
    """The process is gone: nothing may catch this."""


class Deaths:
    """Counts effects, and makes number ``at`` go wrong in ``mode``. Effects: commits, tasks, messages."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.at = -1
        self.mode = Mode.BEFORE
        for module, name in ((commits, "commit"), (tasks, "create"), (pubsub, "publish")):
            patch.setattr(module, name, self._deadly(getattr(module, name)))

    def _deadly(self, effect: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **options: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number != self.at:
                return await effect(*args, **options)
            if self.mode is Mode.BEFORE:
                raise Died
            await effect(*args, **options)
            if self.mode is Mode.AFTER:
                raise Died
            return await effect(*args, **options)

        return call

    def arm(self, at: int, mode: Mode) -> None:
        self.count, self.at, self.mode = 0, at, mode
