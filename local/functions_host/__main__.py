"""Serves functions of a manifest in this process, each as its own functions-framework application.

Started by ``local.functions_host.process``: ``python -m local.functions_host --manifest FILE --socket FD
--lifeline FD --parent PID [--name NAME]``. A process with a name serves what can wait, and gives way to others.
"""

import argparse
import importlib
import os
import signal
import socket
import sys
from pathlib import Path

from local import leash
from local.functions_host import lifeline

SLOW_IMPORTS = ("functions_framework.aio", "fastapi", "httpx", "uvicorn")
IMPORTS_OF_CLIENTS = {
    "firestore": ("google.cloud.firestore",),
    "auth": ("firebase_admin.auth",),
    "tasks": ("google.cloud.tasks_v2",),
    "pubsub": ("google.cloud.pubsub_v1",),
    "storage": ("google.cloud.storage",),
}
EXIT_CANNOT_LOAD = 3
NICE = 5
"""A third of what the others get where all want a core: enough to give way, and not to stand still on a machine that
does other work too."""


def main() -> None:
    arguments = _parse_arguments()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leash.die_with_parent(signal.SIGKILL, arguments.parent)
    if arguments.name:
        os.nice(NICE)
    _import_what_is_slow(arguments.manifest, arguments.name)
    os.environ.update(lifeline.read_environment(arguments.lifeline))
    lifeline.watch(arguments.lifeline)
    serving = importlib.import_module("local.functions_host.serving")
    try:
        app = serving.load_functions(arguments.manifest, arguments.name)
    except serving.CannotLoadError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_CANNOT_LOAD)
    serving.serve(app, socket.socket(fileno=arguments.socket))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.functions_host", description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--socket", type=int, required=True, help="descriptor of a listening socket")
    parser.add_argument("--lifeline", type=int, required=True, help="descriptor that ends with the parent")
    parser.add_argument("--parent", type=int, required=True, help="process id of the parent")
    parser.add_argument("--name", default="", help="which of the manifest's functions: their local_process")
    return parser.parse_args()


def _import_what_is_slow(manifest_path: Path, process: str) -> None:
    """Libraries that do not depend on the environment, while the services start beside this process. The
    functions still import what they need; a library that is missing is theirs to report."""
    manifest = importlib.import_module("local.manifest").load(manifest_path)
    sys.path.insert(0, str(manifest.root))
    clients = {client for function in manifest.of_process(process) for client in function.clients}
    of_clients = [name for client in sorted(clients) for name in IMPORTS_OF_CLIENTS.get(client, ())]
    for name in (*SLOW_IMPORTS, *of_clients):
        try:
            importlib.import_module(name)
        except ImportError:
            continue


if __name__ == "__main__":
    main()
