"""What happens between a command and its end? One process that holds the stack, and what may end it.

A signal, the end of the parent (if asked for) and the end of an ``exec``'ed command lead to the same clean stop.
"""

import asyncio
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local import event_loop, garbage, summary
from local.data_folder import DataFolder, LockedError
from local.functions_host.process import FunctionsFailedError
from local.manifest import ManifestError
from local.stack import Stack, StackOptions

log = logging.getLogger(__name__)

EXIT_FAILED = 1
STOP_DEADLINE_SECONDS = 10.0
COMMAND_GRACE_SECONDS = 3.0
PARENT_POLL_SECONDS = 0.5
_LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``after``: a command to run once everything answers, while it goes on; ``command``: one to run instead of
    going on, whose exit code becomes ours."""

    data: Path
    stack: StackOptions
    after: str | None = None
    command: Sequence[str] = ()
    die_with_parent: bool = False


def launch(options: Options) -> int:
    """Run until something ends it; the exit code."""
    _open_standard_streams()
    try:
        folder = DataFolder(options.data)
        folder.lock()
    except (LockedError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    folder.log_to_files()
    try:
        return event_loop.run(_run(folder, options))
    finally:
        folder.release()


async def _run(folder: DataFolder, options: Options) -> int:
    return await _Launch(folder, options).run()


class _Launch:
    """One run. ``_signal`` is set by what ends it from outside; ``_up`` once everything has answered."""

    def __init__(self, folder: DataFolder, options: Options) -> None:
        self._folder = folder
        self._options = options
        self._stack = Stack(folder, options.stack)
        self._signal: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._command: asyncio.subprocess.Process | None = None
        self._up = False

    async def run(self) -> int:
        self._handle_signals()
        work = asyncio.create_task(self._work())
        watching = asyncio.create_task(self._watch_parent())
        try:
            await asyncio.wait({work, self._signal}, return_when=asyncio.FIRST_COMPLETED)
            return self._exit_code(work)
        finally:
            for task in (work, watching):
                task.cancel()
            await asyncio.gather(work, watching, return_exceptions=True)
            await self._stop()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._end, number)

    def _end(self, number: int) -> None:
        if not self._signal.done():
            self._signal.set_result(number)

    async def _watch_parent(self) -> None:
        """End when the parent is gone, if asked to. Nothing announces that on every system, so it is polled."""
        if not self._options.die_with_parent:
            return
        parent_pid = os.getppid()
        while os.getppid() == parent_pid:  # noqa: ASYNC110
            await asyncio.sleep(PARENT_POLL_SECONDS)
        self._end(signal.SIGTERM)

    async def _work(self) -> int:
        await self._stack.start()
        garbage.look_seldom()
        self._up = True
        if self._options.command:
            return await self._run_command(self._options.command, keep_sigint=True)
        _say(summary.of_stack(self._stack, self._folder))
        if self._options.after:
            code = await self._run_command(shlex.split(self._options.after), keep_sigint=False)
            if code:
                log.warning("%r ended with exit code %d; everything else goes on.", self._options.after, code)
        _say(summary.of_end(self._stack))
        return await self._signal

    async def _run_command(self, command: Sequence[str], *, keep_sigint: bool) -> int:
        """Run a command with the cloud in its environment; its exit code, 128 + N if signal N ended it."""
        self._command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), str(int(keep_sigint))),
            *command,
            env=self._environment(),
        )
        code = await self._command.wait()
        return 128 - code if code < 0 else code

    def _environment(self) -> dict[str, str]:
        """Ours, the cloud's, where ``endpoints.json`` is, and ``python`` as the one that runs this."""
        python_folder = str(Path(sys.executable).parent)
        path = os.pathsep.join([python_folder, os.environ.get("PATH", os.defpath)])
        own = {"LOCAL_ENDPOINTS": str(self._folder.endpoints), "PATH": path}
        return {**os.environ, **self._stack.environment, **own}

    def _exit_code(self, work: "asyncio.Task[int]") -> int:
        if self._signal.done():
            number = self._signal.result()
            log.info("ended by %s", signal.Signals(number).name)
            return 0 if self._up and not self._options.command else 128 + number
        try:
            return work.result()
        except (ManifestError, FunctionsFailedError, OSError, ValueError) as error:
            log.debug("could not start", exc_info=True)
            _complain(str(error))
            return EXIT_FAILED

    async def _stop(self) -> None:
        """Stop everything, within a deadline: what is left then dies with this process."""
        guard = threading.Timer(STOP_DEADLINE_SECONDS, os._exit, [EXIT_FAILED])
        guard.daemon = True
        guard.start()
        if self._command is not None and self._command.returncode is None:
            await _end_command(self._command)
        await self._stack.stop()
        guard.cancel()


async def _end_command(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), COMMAND_GRACE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _open_standard_streams() -> None:
    """A closed stdin, stdout or stderr becomes the null device: else the next file that is opened gets its number,
    and every child would write into that."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"error: {text}\n")
