"""What does a program of a user give? It runs in Monty, an interpreter of Python made for code nobody trusts.

No file, network, environment, process or module of the machine is there to be reached; time, memory and depth are
limited by the interpreter, and it runs in a process of its own for each call, so that its crash is a failure of the
block and nothing else (https://github.com/pydantic/monty, docs/adr/0031-code-in-monty.md). What a program gives
leaves as JSON text that is written inside: no object of the interpreter gets out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pydantic_monty as monty

from shared.domain import errors

MAX_SECONDS = 30.0
MAX_MEMORY = 100_000_000
"""Bytes, of all that a program holds."""
MAX_CODE = 100_000
MAX_PRINTED = 100_000
"""Characters; what is printed beyond is dropped."""
_GRACE_SECONDS = 10.0
"""For a worker that does not keep its own limit, before it is killed."""
_DEPTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What a program may know of the time, and the seed of its random numbers. Without one it has neither."""

    now: datetime
    seed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    result: Any
    printed: str


class _Printed:
    """What a program prints, up to the limit."""

    def __init__(self) -> None:
        self.text = ""

    def __call__(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        self.text += text[: MAX_PRINTED - len(self.text)]


def evaluate(expression: str, names: Mapping[str, Any], *, seconds: float) -> Any:
    """The value of an expression. Same names, same value: neither time nor chance are there. As ``run``."""
    return _run([f"import json\njson.dumps((\n{expression}\n))"], names, seconds=seconds, chance=None).result


def run(code: str, names: Mapping[str, Any], *, seconds: float, chance: Chance) -> Ran:
    """What ``code`` assigned to ``result``, null if nothing. BlockError, reason ``CODE_FAILED``: it raised, or is no
    program, or its result is not JSON; ``LIMIT_EXCEEDED``: it takes too much. It waits: call it in a thread."""
    parts = [f"result = None\n{code}\nNone", "import json\njson.dumps(result)"]
    return _run(parts, names, seconds=seconds, chance=chance)


def _run(parts: list[str], names: Mapping[str, Any], *, seconds: float, chance: Chance | None) -> Ran:
    if sum(map(len, parts)) > MAX_CODE:
        raise _limit(f"it has more than {MAX_CODE:,} characters")
    printed = _Printed()
    answer: Any = None
    limits = monty.ResourceLimits(
        max_feed_duration_secs=min(seconds, MAX_SECONDS),
        max_memory=MAX_MEMORY,
        max_recursion_depth=_DEPTH,
        max_suspensions=10,
        max_total_sleep_secs=0,
    )
    try:
        with (
            monty.Monty(max_processes=1, request_timeout=MAX_SECONDS + _GRACE_SECONDS) as pool,
            pool.checkout(limits=limits, os_policy=_policy(chance)) as session,
        ):
            for part in parts:
                answer = session.feed_run(part, inputs=dict(names), print_callback=printed)
                names = {}
    except monty.MontyCrashedError as error:
        raise _limit("its process ended") from error
    except monty.MontyError as error:
        raise _failure(error) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.BlockError(f"The data cannot be handed to the code: {error}", reason="CODE_FAILED") from error
    return Ran(result=_read(answer), printed=printed.text)


def _policy(chance: Chance | None) -> monty.OSPolicy:
    """``call_host`` without a host that answers: the call fails."""
    if chance is None:
        return monty.OSPolicy(datetime="call_host", random_start="call_host", sleep="zero")
    return monty.OSPolicy(datetime=chance.now, random_start={"seed": chance.seed}, sleep="zero")


def _failure(error: monty.MontyError) -> errors.BlockError:
    said = str(error)[:1_000]
    if said.startswith(("TimeoutError: feed time limit", "MemoryError", "RecursionError")):
        return _limit(said)
    return errors.BlockError(f"The code failed: {said}", reason="CODE_FAILED")


def _read(answer: Any) -> Any:
    try:
        return json.loads(answer)
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.BlockError(
            "The code gave no JSON: give numbers, texts, lists and dictionaries", reason="CODE_FAILED"
        ) from error


def _limit(what: str) -> errors.BlockError:
    return errors.BlockError(f"The code takes too much: {what}; do less at once", reason="LIMIT_EXCEEDED")
