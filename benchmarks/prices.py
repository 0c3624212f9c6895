"""What does Google ask? List prices in US dollars, of a single region, without any free tier or discount.

Looked up on 2026-11-22 for us-central1 (Iowa). Storage, network (none leaves the region) and logs are left out.
Copies of the pages, read on 2026-11-26, show the same for Cloud Tasks, vCPU-seconds, and Firestore's reads, writes
and deletes (for Oregon); Pub/Sub's, memory's and requests' were not found in one.
"""

from dataclasses import dataclass

REGION = "us-central1"
LOOKED_UP = "2026-11-22"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """``dollars`` for so many ``per`` of ``what``."""

    dollars: float
    per: float
    what: str
    source: str

    def of(self, amount: float) -> float:
        return amount * self.dollars / self.per


_FIRESTORE = "https://cloud.google.com/firestore/pricing"
_RUN = "https://cloud.google.com/run/pricing"

READ = Price(dollars=0.03, per=100_000, what="document reads, Firestore Standard", source=_FIRESTORE)
WRITE = Price(dollars=0.09, per=100_000, what="document writes, Firestore Standard", source=_FIRESTORE)
TTL_DELETE = Price(dollars=0.01, per=100_000, what="TTL deletes, Firestore Standard", source=_FIRESTORE)
TASK_OPERATION = Price(
    dollars=0.40,
    per=1_000_000,
    what="Cloud Tasks operations: a creation or a delivery, each 32 KB",
    source="https://cloud.google.com/tasks/pricing",
)
PUBSUB_BYTE = Price(
    dollars=40.0,
    per=2**40,
    what="bytes published, 1,000 at least a request",
    source="https://cloud.google.com/pubsub/pricing",
)
REQUEST = Price(dollars=0.40, per=1_000_000, what="requests to Cloud Run functions", source=_RUN)
VCPU_SECOND = Price(dollars=0.000024, per=1, what="vCPU-seconds, request-based billing, tier 1", source=_RUN)
GIB_SECOND = Price(dollars=0.0000025, per=1, what="GiB-seconds, request-based billing, tier 1", source=_RUN)

ALL = (READ, WRITE, TTL_DELETE, TASK_OPERATION, PUBSUB_BYTE, REQUEST, VCPU_SECOND, GIB_SECOND)

INSTANCE_VCPUS = 1.0
INSTANCE_GIB = 1.0
"""Of ``run_node``, as functions/manifest.yaml has it."""

BUSY = 0.6
"""The part of an instance's time in which its CPU works: what Cloud Run scales by
(https://cloud.google.com/run/docs/about-instance-autoscaling)."""

TASK_CHUNK = 32 * 1024
PUBSUB_LEAST = 1_000
"""Bytes; what a task operation may have, and what a publish request counts at least."""


def instance(cpu_seconds: float) -> float:
    """What an instance costs for so much CPU of many requests at once."""
    seconds = cpu_seconds / BUSY
    return VCPU_SECOND.of(seconds * INSTANCE_VCPUS) + GIB_SECOND.of(seconds * INSTANCE_GIB)
