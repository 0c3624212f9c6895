"""Would Cloud Build's steps run here? ``python -m deploy.runner``: each step of cloudbuild.yaml, in its order, up to
the first that needs Google.

What a step is here: its entrypoint and arguments, in this folder. Its image is not used, so this machine has to have
what the image has; and what the image has and this machine has not is not found out.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parents[1]
NEEDS_GOOGLE = "plan"
"""The first that does; those after it do as well."""


def steps(path: Path = ROOT / "cloudbuild.yaml") -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], yaml.safe_load(path.read_text(encoding="utf-8"))["steps"])


def here(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those before the first that needs Google; what only fetches a tool into the image is not run either."""
    ids = [step["id"] for step in found]
    return [step for step in found[: ids.index(NEEDS_GOOGLE)] if step["entrypoint"] == "make"]


def execute(found: Sequence[dict[str, Any]], run: Callable[[list[str]], int]) -> str:
    """Run them; the id of the first that failed, or nothing."""
    for step in found:
        sys.stdout.write(f"== {step['id']}\n")
        sys.stdout.flush()
        if run([step["entrypoint"], *step["args"]]) != 0:
            return str(step["id"])
    return ""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.runner", description="Run cloudbuild.yaml here.")
    parser.add_argument("--only", nargs="*", help="ids of steps")
    only = parser.parse_args(arguments).only
    chosen = [step for step in here(steps()) if not only or step["id"] in only]
    failed = execute(chosen, lambda command: subprocess.run(command, cwd=ROOT).returncode)  # noqa: S603
    if failed:
        sys.stderr.write(f"error: step {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
