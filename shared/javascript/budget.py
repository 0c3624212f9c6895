"""How much may an expression take? Steps, depth, and what it makes; and a moment after which it ends in any case."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

MAX_STEPS = 500_000
MAX_DEPTH = 100
MAX_TEXT = 1_000_000
"""Characters of one text."""
MAX_LIST = 200_000
"""Elements of one list or object."""
MAX_MADE = 50_000_000
"""Characters of all texts that are made on the way; an element counts as so many as it may take bytes."""
_ELEMENT = 50
_LOOKS_AT_THE_CLOCK = 4_096


class TooMuch(Exception):
    """An expression went over a limit."""


@dataclass(slots=True)
class Budget:
    """``is_late``: whether the time is over; it is asked now and then."""

    is_late: Callable[[], bool] = field(default=lambda: False)
    steps: int = 0
    depth: int = 0
    made_so_far: int = 0
    looked: int = 0

    def step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > MAX_STEPS:
            raise TooMuch(f"it takes more than {MAX_STEPS:,} steps")
        if self.steps - self.looked > _LOOKS_AT_THE_CLOCK:
            self.looked = self.steps
            if self.is_late():
                raise TooMuch("it takes too long")

    @contextmanager
    def deeper(self) -> Generator[None, None, None]:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooMuch("it nests too deep")
        try:
            yield
        finally:
            self.depth -= 1

    def sized(self, size: int) -> None:
        """Before a text of this size is made."""
        if size > MAX_TEXT:
            raise TooMuch(f"one text would have more than {MAX_TEXT:,} characters")

    def made(self, text: str) -> str:
        self.sized(len(text))
        self._charge(len(text))
        return text

    def grown(self, count: int) -> None:
        """A list or object of so many elements is made."""
        if count > MAX_LIST:
            raise TooMuch(f"one list would have more than {MAX_LIST:,} elements")
        self._charge(count * _ELEMENT)

    def _charge(self, size: int) -> None:
        self.step(1 + size // 200)
        self.made_so_far += size
        if self.made_so_far > MAX_MADE:
            raise TooMuch("it makes too many texts and lists on the way")
