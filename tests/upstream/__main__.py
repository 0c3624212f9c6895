"""Run Google's own system tests: ``python -m tests.upstream firestore`` or ``pubsub``, against a server of ours.

``--against HOST:PORT`` names another, as Google's emulator; what follows ``--`` goes to pytest.
"""

import argparse
import asyncio

from tests.upstream import running
from tests.upstream.suites import SUITES, Suite


async def _run(suite: Suite, address: str | None, more: list[str]) -> running.Outcome:
    if address:
        return await running.run(suite, address, *more)
    async with running.serving(suite) as served:
        return await running.run(suite, served, *more)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.upstream", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--against", metavar="HOST:PORT", help="a server that runs; else one of ours is started")
    parser.add_argument("more", nargs="*", help="arguments of pytest, after --")
    arguments = parser.parse_args()
    suite = SUITES[arguments.suite]
    outcome = asyncio.run(_run(suite, arguments.against, arguments.more))
    print(outcome.output)
    for name in sorted(outcome.failed):
        print(name, suite.failures.get(name, "IS NOT KNOWN TO FAIL"), sep=": ")
    print(f"{outcome.passed} passed; Google's emulator passes {suite.at_least}")
    return int(bool(outcome.failed - suite.failures.keys()) or outcome.passed < suite.at_least)


if __name__ == "__main__":
    raise SystemExit(main())
