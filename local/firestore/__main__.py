"""Serve Firestore alone: ``python -m local.firestore --port 8200 --data DIR``."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from local import event_loop, garbage
from local.data_folder import DataFolder, LockedError
from local.database import Database
from local.firestore.index_file import IndexFile
from local.firestore.journal import ForeignError
from local.firestore.service import FirestoreService


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.firestore", description=__doc__)
    parser.add_argument("--port", type=int, default=8200, help="of 127.0.0.1; 0: any free one")
    parser.add_argument("--data", type=Path, help="folder of the database; without it, nothing is kept")
    parser.add_argument("--fsync", action="store_true", help="answer writes once the disk has them")
    parser.add_argument("--indexes", type=Path, help="firestore.indexes.json, to require its indexes")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    path = arguments.data / "firestore.sqlite3" if arguments.data else None
    database = Database(path, fsync=arguments.fsync)
    indexes = IndexFile.load(arguments.indexes) if arguments.indexes else None
    service = FirestoreService(database, indexes=indexes)
    port = await service.start(arguments.port)
    garbage.look_seldom()
    sys.stdout.write(f"Firestore listens on 127.0.0.1:{port}\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await service.stop()
    database.close()


def main() -> None:
    """SystemExit: the folder is in use, or cannot be used."""
    arguments = _arguments()
    try:
        folder = DataFolder(arguments.data) if arguments.data else None
        if folder is not None:
            folder.lock()  # until the process ends
        event_loop.run(_serve(arguments))
    except (LockedError, ForeignError, OSError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
