"""What can be asked of ``python -m local``? Its commands and options."""

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

from local import launcher
from local.stack import DEFAULT_GATEWAY_PORT, StackOptions

SERVICES = ("firestore", "auth", "tasks", "pubsub", "storage", "llm", "mail", "fcm")
PROFILES = ("gcp",)

_DESCRIPTION = """\
Google Cloud on a laptop: Firestore, Cloud Tasks, Pub/Sub, Firebase Auth, Cloud Storage, Cloud Scheduler, Cloud
Messaging, a mail server and an OpenAI stub, as small servers that Google's own clients talk to, and in front of them
the functions of a manifest behind a gateway. Everything is kept in the data folder and goes on where it stopped."""

_EPILOG = """\
examples:
  python -m local start --functions functions/manifest.yaml
  python -m local start                                   the services alone
  python -m local exec --functions functions/manifest.yaml -- pytest tests/e2e
  python -m local start --profile gcp --faults "seed=7; *: delay=0.1@300ms; tasks.Dispatch: duplicate=0.1, lose=0.05"

Once everything answers, DATA/endpoints.json says where: gateway, auth and storage as URLs, firestore, pubsub and
tasks as host:port. It is removed at a clean end. DATA/logs holds what everything had to say.

--faults: parts behind semicolons, "seed=N" or "WHAT: KIND=PROBABILITY, ...". WHAT is a service (firestore, auth,
storage, llm, fcm, pubsub, tasks, scheduler), one of its methods (firestore.Commit, storage.PUT; tasks.Dispatch,
pubsub.Push and scheduler.Call are the calls of functions) or *. KIND: drop, delay (@300ms: at most), abort (@STATUS),
lose (applied, but the answer is lost), duplicate, reorder. The n-th call of a method meets the same in each run of a
seed.

The functions, and the command of --after or exec, inherit the environment; added are FIRESTORE_EMULATOR_HOST,
PUBSUB_EMULATOR_HOST, FIREBASE_AUTH_EMULATOR_HOST, STORAGE_EMULATOR_HOST, CLOUD_TASKS_EMULATOR_HOST,
GOOGLE_CLOUD_PROJECT, OIDC_CERTS_URL, unless they are set MAIL_URL (with MAIL_TO_UNVERIFIED) and FCM_URL, and, unless
OPENAI_API_KEY or OPENAI_BASE_URL is set, both of these for the stub. The command also finds
LOCAL_ENDPOINTS, the path of endpoints.json."""


def main(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code."""
    parser = _parser()
    before, separator, command = _split(arguments)
    given = parser.parse_args(before)
    if given.verb == "exec" and not command:
        parser.error("exec needs a command: python -m local exec [options] -- CMD…")
    if given.verb == "start" and separator:
        parser.error("start takes no command; use --after CMD, or exec")
    ports = {name: getattr(given, f"{name}_port") for name in SERVICES}
    ports["gateway"] = given.port
    return launcher.launch(
        launcher.Options(
            data=given.data,
            stack=StackOptions(
                project=given.project,
                functions=given.functions,
                indexes=given.indexes,
                ports={name: port for name, port in ports.items() if port is not None},
                faults=given.faults or "",
                profile=given.profile,
                fsync=given.fsync,
            ),
            after=getattr(given, "after", None),
            command=command,
            die_with_parent=given.die_with_parent,
        )
    )


def _split(arguments: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    """Options, whether there is a ``--``, and the command behind it."""
    if "--" not in arguments:
        return list(arguments), False, []
    place = list(arguments).index("--")
    return list(arguments[:place]), True, list(arguments[place + 1 :])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = _shared_options()
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="start | exec")
    start = verbs.add_parser("start", parents=[shared], help="start everything and serve until Ctrl-C or SIGTERM")
    start.add_argument("--after", metavar="CMD", help="run this once everything answers, and go on serving")
    verbs.add_parser(
        "exec",
        parents=[shared],
        help="start everything, run the command after --, and end with its exit code",
        usage="python -m local exec [options] -- CMD…",
    )
    return parser


def _shared_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    add = options.add_argument
    add("--data", type=Path, default=Path(".local"), help="data folder (default: .local); one process at a time")
    add(
        "--functions",
        type=Path,
        metavar="MANIFEST",
        help="manifest of the functions to serve; none: the services alone",
    )
    add("--project", default="weftly-local", help="project id (default: weftly-local)")
    add("--indexes", type=Path, metavar="FILE", help="index file that Firestore holds queries to, as in production")
    add(
        "--port",
        type=_port,
        help=f"of the gateway (default: {DEFAULT_GATEWAY_PORT}, or a free one if that is taken; 0: any free one)",
    )
    for name in SERVICES:
        add(f"--{name}-port", type=_port, metavar="PORT", help=f"of {name} (default: any free one)")
    add("--faults", type=_faults, metavar="SPEC", help="have calls go wrong, by a seed; see below")
    add("--profile", choices=PROFILES, help="add the latencies of the real services")
    add("--fsync", action="store_true", help="answer writes once the disk has them, so that they survive a power cut")
    add("--die-with-parent", action="store_true", help="stop when the process that started this one is gone")
    return options


def _faults(text: str) -> str:
    """As it is, once it could be read. That takes all of gRPC, which is imported only where it is needed."""
    try:
        importlib.import_module("local.faults.spec").parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: expected 0 to 65535")
    return int(text)
