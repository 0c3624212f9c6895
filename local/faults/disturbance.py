"""What happens to this call? Faults and latency, decided from the seed.

The n-th call of a method meets the same trouble in every run with the same seed: its dice are thrown from the seed,
the service, the method and n, and from nothing else. Which call is the n-th is the caller's doing.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import grpc

from local.faults import spec
from local.faults.latency import Latency
from local.faults.spec import Kind

HELD_BACK_SECONDS = 0.5
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """``seconds`` to wait before the call is applied; ``kind`` None: nothing else happens to it. ``share``: how far
    an answer in pieces gets before it is lost, from 0 to 1."""

    seconds: float = 0.0
    kind: Kind | None = None
    status: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    share: float = 0.0

    @property
    def is_refused(self) -> bool:
        """Whether the call is not applied at all."""
        return self.kind in (Kind.DROP, Kind.ABORT)


NONE = Trouble()


class Disturbances:
    """The trouble of all services of one run. ``profile``: service -> its latencies."""

    def __init__(self, faults: spec.Spec, profile: Mapping[str, Latency] | None = None) -> None:
        self._faults = faults
        self._profile = profile or {}
        self.met: Counter[str] = Counter()

    def of(self, service: str) -> "Disturbance":
        """The trouble of one service."""
        return Disturbance(service, self._faults, self._profile.get(service), self.met)


class Disturbance:
    """The trouble of one service. ``met`` counts what happened, as ``service.Method kind``."""

    def __init__(
        self,
        service: str,
        faults: spec.Spec,
        latency: Latency | None,
        met: Counter[str] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.service = service
        self.met = Counter[str]() if met is None else met
        self._faults = faults
        self._latency = latency
        self._sleep = sleep
        self._calls: Counter[str] = Counter()
        self._held: dict[str, list[asyncio.Future[None]]] = {}

    @property
    def is_calm(self) -> bool:
        """Whether nothing can happen, so that nothing needs to stand in the way."""
        return not self._faults.faults and self._latency is None

    def next(self, method: str) -> Trouble:
        """What meets the next call of ``method``."""
        if self.is_calm:
            return NONE
        number = self._calls[method]
        self._calls[method] += 1
        dice = random.Random(f"{self._faults.seed}/{self.service}/{method}/{number}")  # noqa: S311
        waiting = self._latency.draw(method, dice) if self._latency else 0.0
        kind, status = None, grpc.StatusCode.UNAVAILABLE
        for fault in self._faults.of(self.service, method):
            happens, size = dice.random() < fault.probability, dice.random()
            if happens and fault.kind is Kind.DELAY:
                waiting += size * fault.longest
                self.met[f"{self.service}.{method} {fault.kind}"] += 1
            elif happens and kind is None:
                kind = fault.kind
                status = fault.status if kind is Kind.ABORT else status
                self.met[f"{self.service}.{method} {kind}"] += 1
        return Trouble(seconds=waiting, kind=kind, status=status, share=dice.random())

    def told(self, method: str, trouble: Trouble) -> str:
        """What the caller reads."""
        return f"Injected fault: {trouble.kind} of {self.service}.{method}."

    async def before(self, method: str, trouble: Trouble) -> None:
        """Wait as long as the call is to be late, or until another has overtaken it."""
        if trouble.seconds > 0:
            await self._sleep(trouble.seconds)
        if trouble.kind is Kind.REORDER:
            passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._held.setdefault(method, []).append(passed)
            await asyncio.wait([passed], timeout=HELD_BACK_SECONDS)

    def after(self, method: str) -> None:
        """A call was applied: those that it has overtaken go on."""
        for passed in self._held.pop(method, ()):
            if not passed.done():
                passed.set_result(None)


CALM = Disturbance("", spec.Spec(), None)
