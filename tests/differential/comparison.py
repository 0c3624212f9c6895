"""Do two servers answer a sequence alike, and where they do not, which is the shortest sequence that shows it?"""

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

from tests.differential import accepted, generator, server
from tests.differential.operations import Operation
from tests.differential.server import Answer, Server

LENGTH = 24
"""Operations of a sequence."""

_projects = itertools.count()


@dataclass(frozen=True, slots=True)
class Difference:
    """The first operation of a sequence to which the servers answer differently."""

    position: int
    operation: Operation
    ours: Answer
    googles: Answer

    def __str__(self) -> str:
        return f"{self.position}. {self.operation}\n   local  {self.ours}\n   Google {self.googles}"


@dataclass
class Comparison:
    """Runs sequences on two servers, one project for each, and counts."""

    ours: grpc.aio.Channel
    googles: grpc.aio.Channel
    prefix: str
    sequences: int = 0
    operations: int = 0
    methods: Counter[str] = field(default_factory=Counter[str])
    passed_over: Counter[str] = field(default_factory=Counter[str])
    """How often each accepted difference was met."""

    def __post_init__(self) -> None:
        self._clients = server.client(self.ours), server.client(self.googles)

    async def difference(self, sequence: list[Operation]) -> Difference | None:
        """The first difference that is not an accepted one; what comes after an accepted one that may change
        documents is not compared any more."""
        project = f"{self.prefix}-{next(_projects)}"
        async with (
            Server(self.ours, self._clients[0], project) as ours,
            Server(self.googles, self._clients[1], project) as googles,
        ):
            found, expected = await ours.answers(sequence), await googles.answers(sequence)
        self.sequences += 1
        for position, (operation, our, google) in enumerate(zip(sequence, found, expected, strict=True)):
            self.operations += 1
            self.methods[operation.method] += 1
            if our != google:
                reason = accepted.reason(operation, our, google)
                if reason is None:
                    return Difference(position, operation, our, google)
                self.passed_over[reason.name] += 1
                if operation.method in accepted.CHANGING:
                    return None
        return None

    async def shortest(self, sequence: list[Operation]) -> tuple[list[Operation], Difference] | None:
        """A sequence that still differs, from which no operation can be left out."""
        return await shrink(sequence, self.difference)


async def shrink(
    sequence: list[Operation], differs: Callable[[list[Operation]], Awaitable[Any | None]]
) -> tuple[list[Operation], Any] | None:
    """Leave out runs of operations, ever shorter ones, as long as the rest still differs. None: it never did."""
    last = await differs(sequence)
    if last is None:
        return None
    size = len(sequence) // 2
    while size:
        position = 0
        while position < len(sequence):
            shorter = sequence[:position] + sequence[position + size :]
            found = await differs(shorter) if shorter else None
            if found is None:
                position += size
            else:
                sequence, last = shorter, found
        size //= 2
    return sequence, last


def sequence(seed: int) -> list[Operation]:
    """The random sequence of a seed."""
    return generator.Generator(seed).sequence(LENGTH)
