"""How does a library read what a stranger wrote, without taking the function down? In a process of its own.

Documents, images, pages and queries may be made to take for ever, to fill the memory or to break a parser. The
process knows nothing (no environment, no secrets), has limits that the kernel holds it to, and speaks JSON and bytes
through two files, never pickles. It costs the start of an interpreter, some hundredths of a second.
"""

import contextlib
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from typing import Any, BinaryIO

from shared.domain import errors

CPU_SECONDS = 5
WALL_SECONDS = 60.0
"""It may have to wait for the processor."""
MEMORY_BYTES = 400_000_000
"""Of address space: what the libraries map counts too."""
OUTPUT_BYTES = 50_000_000


def call(function: str, content: bytes = b"", **options: Any) -> Any:
    """What ``module.function(content, **options)`` of this package gives: JSON, or bytes. BlockError as it raises,
    or ``LIMIT_EXCEEDED`` where the process had to be ended. It waits: call it in a thread (``threads``)."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made:
        given.write(json.dumps([function, options, CPU_SECONDS, MEMORY_BYTES]).encode() + b"\n" + content)
        given.seek(0)
        try:
            done = subprocess.run(
                [sys.executable, "-s", "-P", "-m", "shared.blocks.sandbox.isolated"],
                stdin=given,
                stdout=made,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8"},
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _limit() from error
        if done.returncode != 0:
            raise _limit()
        made.seek(0)
        return _read(made)


def _read(made: BinaryIO) -> Any:
    kind, *said = json.loads(made.readline())
    match kind:
        case "value":
            return said[0]
        case "bytes":
            return made.read()
        case "failed":
            raise errors.BlockError(said[0], reason=said[1])
        case _:
            raise RuntimeError(said[0])


def _limit() -> errors.BlockError:
    return errors.BlockError(
        f"This takes more than {CPU_SECONDS} s of computing or {MEMORY_BYTES // 1_000_000} MB of memory: give less "
        "at once",
        reason="LIMIT_EXCEEDED",
    )


def _main() -> None:
    """In the process: its limits first, then the libraries, then what a stranger wrote. (The options may be of a
    stranger too: JSON is read by the interpreter's own reader.)"""
    function, options, seconds, memory = json.loads(sys.stdin.buffer.readline())
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # some systems do not know all of them
            resource.setrlimit(what, (most, most))
    head, body = _answer(function, sys.stdin.buffer.read(), options)
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)
    sys.stdout.buffer.flush()


def _answer(function: str, content: bytes, options: dict[str, Any]) -> tuple[list[Any], bytes]:
    module, _, name = function.partition(".")
    try:
        value = getattr(importlib.import_module(f"shared.blocks.sandbox.{module}"), name)(content, **options)
        if isinstance(value, bytes):
            return ["bytes"], value
        json.dumps(value)
    except errors.BlockError as error:
        return ["failed", error.message, error.reason], b""
    except RecursionError:
        return ["failed", "This nests too deep: give what is flatter", "LIMIT_EXCEEDED"], b""
    except MemoryError:
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - a library may raise anything; the caller records it
        return ["crashed", f"{type(error).__name__}: {error}"[:1_000]], b""
    return ["value", value], b""


if __name__ == "__main__":
    _main()
