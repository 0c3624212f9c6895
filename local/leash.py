"""Runs a command that ends when its parent does: ``python leash.py PARENT_PID KEEP_SIGINT COMMAND…``.

It prepares itself and becomes the command, so the command is the parent's own child. Standard library only: it
is run by path, without the site packages, to be quick.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
EXIT_NOT_FOUND = 127


def die_with_parent(death_signal: signal.Signals, parent_pid: int) -> None:
    """Have ``death_signal`` sent to this process when its parent ends; at once if it already has. Only Linux can
    (https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html); it holds for what is exec'ed too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), death_signal)


def main() -> None:
    parent_pid, keep_sigint, command = int(sys.argv[1]), sys.argv[2] == "1", sys.argv[3:]
    if not keep_sigint:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(signal.SIGTERM, parent_pid)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"{command[0]}: cannot be run: {error.strerror}\n")
        sys.exit(EXIT_NOT_FOUND)


if __name__ == "__main__":
    main()
