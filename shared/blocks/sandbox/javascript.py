"""What does an expression of JavaScript give that a user wrote? As an error of the block, where it gives nothing.

Nothing of the machine is there to be reached: the interpreter (``shared.javascript``) knows values and functions of
its own alone, and counts steps, depth and what is made.
"""

import time
from collections.abc import Mapping
from typing import Any

from shared.domain import cron, errors
from shared.javascript import expressions
from shared.javascript.budget import TooMuch
from shared.javascript.tree import Unsupported
from shared.javascript.values import Thrown

MAX_SECONDS = 10.0


def evaluate(code: str, names: Mapping[str, Any], *, zone: str, forgiving: bool) -> Any:
    """Same names, same value. BlockError: ``CODE_FAILED``, ``LIMIT_EXCEEDED``, ``TIME_INVALID``. It computes:
    call it in a thread."""
    if not cron.is_zone(zone):
        raise errors.BlockError(f"There is no time zone {zone!r}; name one of IANA's", reason="TIME_INVALID")
    deadline = time.monotonic() + MAX_SECONDS
    try:
        return expressions.evaluate(
            code, names, zone=zone, is_late=lambda: time.monotonic() > deadline, forgiving=forgiving
        )
    except Unsupported as error:
        raise errors.BlockError(f"The expression cannot be computed here: {error}", reason="CODE_FAILED") from error
    except Thrown as error:
        raise errors.BlockError(f"The expression failed: {error}", reason="CODE_FAILED") from error
    except TooMuch as error:
        raise errors.BlockError(f"The expression takes too much: {error}", reason="LIMIT_EXCEEDED") from error
