"""How does a child die with its parent, however that dies?

The parent holds the writing end of a pipe and the child the reading end: when the parent is gone, the kernel
closes its end, and the child reads the end of the file.
The first line through the pipe is the child's environment: the child can import what is slow before its parent
knows it.
"""

import json
import os
import sys
import threading


def read_environment(descriptor: int) -> dict[str, str]:
    """Wait for the parent to send the environment. SystemExit: it ended before."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(descriptor, 65536)
        if not chunk:
            sys.exit(1)
        line += chunk
    return json.loads(line)


def watch(descriptor: int) -> None:
    """From now on, end this process at once when the parent is gone."""

    def wait() -> None:
        while os.read(descriptor, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
