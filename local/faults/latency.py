"""How long do the real services take? The profiles of ``--profile``.

A call waits for a time drawn from a log-normal distribution with the median and the 99th percentile given here, on
top of what the local service takes. Google promises no figures. Two it states as orders of magnitude: Pub/Sub
delivers in about 100 ms (https://cloud.google.com/pubsub/docs/overview), and the first byte of an object comes after
tens of milliseconds (https://cloud.google.com/storage/docs/storage-classes). From a write to another reader Firestore
took about 200 ms, measured from outside the cloud
(https://dev.to/dbanisimov/firestore-dataflow-illustrated-and-measured-4kdg); within a region a read is a fraction of
that, and a commit, which waits for a quorum of zones, several reads. The rest is set in proportion to these. So the
profile shows what production will feel like; it measures nothing.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

_P99_DEVIATIONS = 2.3263
"""How many standard deviations the 99th percentile of a normal distribution is above its middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """``methods``: method -> (median, 99th percentile), in milliseconds; ``other``: of the methods not named."""

    other: tuple[float, float]
    methods: Mapping[str, tuple[float, float]]

    def draw(self, method: str, dice: random.Random) -> float:
        """Seconds that one call waits."""
        median, p99 = self.methods.get(method, self.other)
        deviation = math.log(p99 / median) / _P99_DEVIATIONS
        return dice.lognormvariate(math.log(median), deviation) / 1000.0


_READ, _QUERY, _COMMIT = (12.0, 60.0), (20.0, 120.0), (40.0, 180.0)

PROFILES: Mapping[str, Mapping[str, Latency]] = {
    "gcp": {
        "firestore": Latency(
            other=_READ,
            methods={
                "Commit": _COMMIT,
                "BatchWrite": _COMMIT,
                "CreateDocument": _COMMIT,
                "UpdateDocument": _COMMIT,
                "DeleteDocument": _COMMIT,
                "RunQuery": _QUERY,
                "RunAggregationQuery": _QUERY,
                "Listen": (60.0, 250.0),
            },
        ),
        "tasks": Latency(other=(25.0, 120.0), methods={"CreateTask": (20.0, 100.0), "Dispatch": (60.0, 400.0)}),
        "pubsub": Latency(other=(25.0, 120.0), methods={"Publish": (20.0, 100.0), "Push": (80.0, 400.0)}),
        "auth": Latency(other=(120.0, 500.0), methods={"GET": (60.0, 300.0)}),
        "storage": Latency(other=(70.0, 300.0), methods={"GET": (30.0, 150.0)}),
        "scheduler": Latency(other=(200.0, 2000.0), methods={}),
    }
}
