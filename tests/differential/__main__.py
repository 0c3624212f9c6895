"""Find what the local Firestore and Google's emulator answer differently: ``python -m tests.differential``.

``--ours`` and ``--googles`` are HOST:PORT of servers that run; ``--seed`` and ``--sequences`` say which sequences.
"""

import argparse
import asyncio
import sys
import uuid

import grpc.aio

from tests.differential import comparison


async def _run(arguments: argparse.Namespace) -> int:
    async with (
        grpc.aio.insecure_channel(arguments.ours) as ours,
        grpc.aio.insecure_channel(arguments.googles) as googles,
    ):
        compared = comparison.Comparison(ours, googles, f"d-{uuid.uuid4().hex[:8]}")
        different = 0
        for seed in range(arguments.seed, arguments.seed + arguments.sequences):
            shortest = await compared.shortest(comparison.sequence(seed))
            if shortest is not None:
                different += 1
                print(f"\nseed {seed}:", *shortest[0], shortest[1], sep="\n")
                if different >= arguments.most:
                    break
        print(f"{compared.sequences} sequences, {compared.operations} operations, {different} different")
        print(dict(compared.methods), dict(compared.passed_over), sep="\n")
    return int(different > 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--ours", default="127.0.0.1:8200")
    parser.add_argument("--googles", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--most", type=int, default=10, help="differences to print before it stops")
    return asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
