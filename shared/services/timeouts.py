"""How long may a node take, how often is it tried, and how long does it wait in between?"""

from datetime import timedelta

from shared.blocks import catalog
from shared.domain import errors
from shared.domain.graph import Node
from shared.services.world import World

MAX_BACKOFF = 60.0

MAX_SCHEDULE = timedelta(days=29)
"""A task may be scheduled 30 days ahead at most (https://cloud.google.com/tasks/docs/quotas)."""


def of(world: World, node: Node) -> float:
    """Seconds that one call of its block may take."""
    return node.timeout or world.settings.node_timeout_seconds


def max_attempts(node: Node) -> int:
    block = catalog.find(node.block_type)
    return node.max_attempts or (block.max_attempts if block else 1)


def backoff(node: Node, attempts: int, failure: errors.BlockError) -> timedelta:
    """How long to wait after so many ``attempts``: the node's backoff (1 s) doubling to 60 s, and no less than the
    service asked for."""
    doubled = min((node.backoff or 1.0) * 2 ** (attempts - 1), MAX_BACKOFF)
    asked = failure.after if isinstance(failure, errors.Retryable) and failure.after else 0.0
    return timedelta(seconds=max(doubled, asked))
