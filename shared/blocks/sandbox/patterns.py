"""Where does a pattern of a user match a text?

Some patterns take time exponential in the text; each search has a time limit. Some take memory, up to a gigabyte
within that time, for what they may have to go back to: those that could are searched in a process of its own.
"""

import functools
import math
import re
import time
from dataclasses import dataclass
from typing import Any

import regex

from shared.blocks import bounds
from shared.blocks.sandbox import isolated, threads
from shared.domain import errors

MAX_SECONDS = 2.0
"""Of a search; all searches of a text together may take five times as long."""
MAX_PATTERN = 10_000
"""Characters."""
MAX_WEIGHT = 2_000_000
"""Characters of a text, times the parts of a pattern that may go back: what may take 60 MB, measured."""

_GOING_BACK = re.compile(r"[(*+?{|]")
_CALLS = re.compile(r"\(\?(?:R|[+-]?\d|&|P>|\(DEFINE)")
"""A pattern that calls itself goes as deep as it wants, whatever the text."""
_COUNTS = re.compile(r"\{\d*,?(\d+)\}")
MAX_COUNTS = 10_000
"""All counts of a pattern multiplied: repeats of repeats are written out while it is read."""


_ANY = ("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """``groups``: group number -> its text, the whole match at 0; groups that did not take part are empty."""

    groups: tuple[str, ...]


def find_all(
    pattern: str, text: str, *, case_sensitive: bool = True, dot_all: bool = True, limit: int | None = None
) -> list[Match]:
    """The matches of ``pattern`` in ``text``, from left to right, ``limit`` at most. BlockError, reason
    ``PATTERN_INVALID`` for what is no pattern, ``LIMIT_EXCEEDED`` for one that takes too long. It computes:
    call it in a thread."""
    asked: dict[str, Any] = {"case_sensitive": case_sensitive, "dot_all": dot_all, "limit": limit}
    if not _is_heavy(pattern, text):
        return _find_all(pattern, text, **asked)
    found = threads.wait(
        functools.partial(isolated.call, "patterns.found", text.encode(*_ANY), pattern=pattern, **asked)
    )
    return [Match(groups=tuple(groups)) for groups in found]


def found(content: bytes, *, pattern: str, **asked: Any) -> list[tuple[str, ...]]:
    """In the process: the groups of each match."""
    return [match.groups for match in _find_all(pattern, content.decode(*_ANY), **asked)]


def _is_heavy(pattern: str, text: str) -> bool:
    parts = 1 + sum(1 for _ in _GOING_BACK.finditer(pattern))
    counts = math.prod(1 + int(count[:9]) for count in _COUNTS.findall(pattern))
    return len(text) * parts > MAX_WEIGHT or counts > MAX_COUNTS or _CALLS.search(pattern) is not None


def _find_all(pattern: str, text: str, *, case_sensitive: bool, dot_all: bool, limit: int | None) -> list[Match]:
    deadline = time.monotonic() + 5 * MAX_SECONDS
    matches: list[Match] = []
    taken = characters = 0
    try:
        found = _compiled(pattern, case_sensitive, dot_all).finditer(text, timeout=MAX_SECONDS, concurrent=True)
        for match in found:
            groups = range(len(match.regs))
            taken += len(groups)
            characters += sum(match.end(group) - match.start(group) for group in groups)
            bounds.check_elements(taken, f"What the pattern {pattern[:100]!r} finds")
            bounds.check_characters(characters, f"What the pattern {pattern[:100]!r} finds")
            matches.append(Match(groups=tuple(match[group] or "" for group in groups)))
            if limit is not None and len(matches) >= limit:
                break
            if time.monotonic() > deadline:
                raise TimeoutError
    except TimeoutError as error:
        raise _too_long(pattern) from error
    return matches


def _compiled(pattern: str, case_sensitive: bool, dot_all: bool) -> "regex.Pattern[str]":
    if len(pattern) > MAX_PATTERN:
        raise errors.BlockError(f"A pattern has at most {MAX_PATTERN:,} characters", reason="LIMIT_EXCEEDED")
    flags = (0 if case_sensitive else regex.IGNORECASE) | (regex.DOTALL if dot_all else 0)
    try:
        return regex.compile(pattern, flags)
    except (regex.error, OverflowError, RecursionError) as error:
        raise errors.BlockError(f"{pattern[:100]!r} is not a pattern: {error}", reason="PATTERN_INVALID") from error


def names(pattern: str) -> dict[int, str]:
    """Group number -> its name, of the groups that have one."""
    return {number: name for name, number in _compiled(pattern, True, False).groupindex.items()}


def replace_all(
    pattern: str, text: str, replacement: str, *, case_sensitive: bool = True, limit: int | None = None
) -> tuple[str, int]:
    r"""``text`` with ``replacement`` (``\1``, ``\g<name>``, ``\0``) for what ``pattern`` matches, and how often.
    As ``find_all``; a replacement that names no group: ``PATTERN_INVALID``."""
    asked: dict[str, Any] = {"case_sensitive": case_sensitive, "limit": limit}
    if not _is_heavy(pattern, text):
        return _replace_all(pattern, text, replacement, **asked)
    asked |= {"pattern": pattern, "replacement": replacement}
    made, count = threads.wait(functools.partial(isolated.call, "patterns.replaced", text.encode(*_ANY), **asked))
    return made, count


def replaced(content: bytes, *, pattern: str, replacement: str, **asked: Any) -> tuple[str, int]:
    """In the process: as ``replace_all``."""
    return _replace_all(pattern, content.decode(*_ANY), replacement, **asked)


def _replace_all(
    pattern: str, text: str, replacement: str, *, case_sensitive: bool, limit: int | None
) -> tuple[str, int]:
    compiled = _compiled(pattern, case_sensitive, False)
    template = replacement.replace(r"\0", r"\g<0>")
    references = template.count("\\")
    deadline = time.monotonic() + 5 * MAX_SECONDS
    parts: list[str] = []
    characters = end = count = 0
    try:
        for match in compiled.finditer(text, timeout=MAX_SECONDS, concurrent=True):
            longest = max(finish - begin for begin, finish in match.regs)
            bounds.check_characters(len(template) + references * longest, "A replacement")
            put = match.expand(template)
            parts += [text[end : match.start()], put]
            characters += match.start() - end + len(put)
            bounds.check_characters(characters, "The text with its replacements")
            end, count = match.end(), count + 1
            if count == limit:
                break
            if time.monotonic() > deadline:
                raise TimeoutError
    except TimeoutError as error:
        raise _too_long(pattern) from error
    except (regex.error, IndexError) as error:
        message = f"{replacement[:100]!r} is not a replacement: {error}"
        raise errors.BlockError(message, reason="PATTERN_INVALID") from error
    bounds.check_characters(characters + len(text) - end, "The text with its replacements")
    return "".join([*parts, text[end:]]), count


def _too_long(pattern: str) -> errors.BlockError:
    return errors.BlockError(
        f"The pattern {pattern[:100]!r} takes too long (the limit is {MAX_SECONDS:.0f} seconds); simplify it",
        reason="LIMIT_EXCEEDED",
    )
